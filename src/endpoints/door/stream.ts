import { bytesOf, samplesOf } from "../../codecs/pcm/index.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import { SoundOrder } from "../../protocols/door/order.ts";
import { toStationSound } from "../../protocols/door/sound.ts";
import { BlockPlayout } from "../machine/playout.ts";
import type { SoundForm } from "../machine/sound-form.ts";

/** How a program sends and plays the sound of a stream. */
export interface DoorSoundForm extends SoundForm {
  /** Length of the frames that are sent, ms: 10 to 400. */
  readonly frameMs: number;
}

/** Options of {@link DoorStream}. */
export interface DoorStreamOptions {
  readonly streamId: string;
  /** Of this end: microphone and loudspeaker. */
  readonly form: DoorSoundForm;
  /** Of a client: its sound goes to the station. */
  readonly toClient: boolean;
  /** The most samples (bytes) that a frame may hold. */
  readonly maxPcmBytes: number;
  readonly send: (sound: DoorSound) => void;
}

/** What a stream counted. */
export interface DoorStreamCounters {
  /** Frames sent and received. */
  readonly sent: number;
  readonly received: number;
  /** Frames that never came, and that came twice. */
  readonly lost: number;
  readonly duplicate: number;
  /** Of what was played: frames of 20 ms left out, and times at which nothing was there. */
  readonly shed: number;
  readonly underruns: number;
}

/** A stream began or ended at a station. */
export interface DoorStreamEvent {
  readonly type: "began" | "ended";
  readonly streamId: string;
  /** Who listens: a client's id, or `hub`. */
  readonly origin: string;
  readonly counters: DoorStreamCounters;
}

/** The sound of one stream, both ways: the microphone's frames are gathered and sent, what comes is put in order and played. */
export class DoorStream {
  readonly streamId: string;
  readonly #options: DoorStreamOptions;
  readonly #order = new SoundOrder();
  readonly #playout: BlockPlayout;
  readonly #block: Int16Array;
  #gathered = 0;
  #sequence = 0;
  #received = 0;

  constructor(options: DoorStreamOptions) {
    const { form, maxPcmBytes, streamId } = options;
    const wanted = Math.round((form.sampleRateHz * form.frameMs) / 1000);
    const most = Math.floor(maxPcmBytes / (2 * form.channels));
    this.streamId = streamId;
    this.#options = options;
    this.#playout = new BlockPlayout(form);
    this.#block = new Int16Array(Math.min(wanted, most) * form.channels);
  }

  get counters(): DoorStreamCounters {
    return { sent: this.#sequence, received: this.#received, ...this.#order.counters, ...this.#playout.counters };
  }

  /** The microphone gave samples. */
  speak(samples: Int16Array): void {
    const { length } = this.#block;
    for (let at = 0; at < samples.length; ) {
      const piece = samples.subarray(at, at + length - this.#gathered);
      this.#block.set(piece, this.#gathered);
      this.#gathered += piece.length;
      at += piece.length;
      if (this.#gathered === length) this.#sendBlock();
    }
  }

  /** Sound came. What goes the wrong way is passed over. */
  take(sound: DoorSound): void {
    if (sound.toClient === this.#options.toClient) return;
    this.#received++;
    for (const { sound: next, lostBefore } of this.#order.push(sound)) {
      const samples = fitted(next, this.#options.form);
      if (lostBefore > 0) this.#playout.pushSilence(lostBefore * samples.length);
      this.#playout.push(samples);
    }
  }

  /** The next 20 ms for the loudspeaker; undefined for silence. */
  next(): Int16Array | undefined {
    return this.#playout.pop();
  }

  #sendBlock(): void {
    const { streamId, form, toClient, send } = this.#options;
    const { sampleRateHz, channels } = form;
    const pcm = bytesOf(this.#block.slice());
    send({ streamId, sequence: this.#sequence++, sampleRateHz, channels, toClient, pcm });
    this.#gathered = 0;
  }
}

/** The samples of a frame in the form of this end; another rate is converted linearly. */
function fitted(sound: DoorSound, form: SoundForm): Int16Array {
  if (sound.sampleRateHz === form.sampleRateHz && sound.channels === form.channels) return samplesOf(sound.pcm);
  const mono = sound.channels === 1 ? sound.pcm : bytesOf(mixedDown(samplesOf(sound.pcm)));
  return samplesOf(toStationSound(mono, { fromRateHz: sound.sampleRateHz, to: form }));
}

function mixedDown(stereo: Int16Array): Int16Array {
  return Int16Array.from(
    { length: stereo.length >> 1 },
    (_, i) => ((stereo[2 * i] ?? 0) + (stereo[2 * i + 1] ?? 0)) >> 1,
  );
}
