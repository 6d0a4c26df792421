import { randomBytes } from "node:crypto";
import { type AudioFormat, opusFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";

/** Somebody's microphone at the hub. Whoever opened it writes to it and disposes it. */
export interface Voice extends Disposable {
  /** Not to be guessed: who knows it and is its owner may speak with it. */
  readonly id: string;
  /** The person, or the device, whose voice it is. */
  readonly owner: string;
  /** Each speaker of a turn is a reader of it. Closed when the voice is gone. */
  readonly track: Track;
  /** Packets that were lost on their way to the hub; monotonic. */
  readonly lostPackets: number;
  /** One packet; `lostBefore` were lost between the one before and this. */
  write(frame: Frame, lostBefore?: number): void;
}

/** What speech lost on its way through the hub, in frames; monotonic. */
export interface SpeechLosses {
  /** Lost between the talker and the hub. */
  network: number;
  /** Dropped before or in a conversion that was behind. */
  conversion: number;
  /** Dropped because a speaker was slow to take live sound. */
  speaker: number;
}

/** Options of {@link Voices.open}. */
export interface VoiceOptions {
  readonly owner: string;
  /** A new one by default. */
  readonly id?: string;
  /** What is written to it; Opus as browsers send it by default. */
  readonly format?: AudioFormat;
  /** Called when somebody begins to read the voice, and when the last one ends: a microphone that nobody hears rests. */
  readonly onDemand?: (wanted: boolean) => void;
}

/** All voices: a page's one microphone, a picture's (WHEP), a publisher's, a station's. */
export class Voices {
  readonly #open = new Map<string, Voice>();
  readonly #clock: Clock;
  /** Frames that speech lost, all voices and turns together. */
  readonly lost: SpeechLosses = { network: 0, conversion: 0, speaker: 0 };

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** A voice of this owner; undefined for another's, as for one that does not exist. */
  get(id: string, owner: string): Voice | undefined {
    const voice = this.#open.get(id);
    return voice?.owner === owner ? voice : undefined;
  }

  open(options: VoiceOptions): Voice {
    const { owner, onDemand, format = opusFormat, id = randomBytes(16).toString("base64url") } = options;
    const track = new Track(format, { id: `voice/${id}`, clock: this.#clock, ...(onDemand && { onDemand }) });
    const { lost } = this;
    let lostPackets = 0;
    const voice: Voice = {
      id,
      owner,
      track,
      get lostPackets() {
        return lostPackets;
      },
      write: (frame, lostBefore = 0) => {
        lostPackets += lostBefore;
        lost.network += lostBefore;
        track.write(frame);
      },
      [Symbol.dispose]: () => {
        if (this.#open.get(id) === voice) this.#open.delete(id);
        track.close();
      },
    };
    this.#open.set(id, voice);
    return voice;
  }
}
