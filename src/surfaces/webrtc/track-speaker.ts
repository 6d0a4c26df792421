import type { Speaker } from "../../device/driver.ts";
import { opusFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { pace } from "../../media/pace.ts";
import { RecordingPacer } from "../../media/recording-pacer.ts";
import type { Speech } from "../../media/speech.ts";
import { Track } from "../../media/track.ts";
import type { Clock } from "../../util/clock.ts";
import { until } from "../../util/until.ts";

/** Options of {@link TrackSpeaker}. */
export interface TrackSpeakerOptions {
  /** Of its track. */
  readonly id: string;
  /** True where the other end keeps its own sound out of its microphone. */
  readonly echoCancelling: boolean;
  /** Resolves when it can be heard; rejects, with a sentence, when it cannot. Nothing is played before. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** Throws, with a sentence, once it can be heard no more. */
  readonly check: () => void;
  readonly clock: Clock;
}

const frameUs = 20_000;
/** What a peer keeps of sound before it plays it, about. */
const heldMs = 80;
/** A peer's buffer grows with what is sent ahead: a recording is hardly. */
const recording = { burstMs: 40, speed: 1, maxLeadMs: 60 } as const;

/** A WebRTC peer as a speaker: Opus goes into `track`, which its connection reads. */
export class TrackSpeaker implements Speaker, Disposable {
  readonly formats = [opusFormat];
  readonly echoCancelling: boolean;
  readonly track: Track;
  readonly #options: TrackSpeakerOptions;
  #lastUs = 0;

  constructor(options: TrackSpeakerOptions) {
    this.#options = options;
    this.echoCancelling = options.echoCancelling;
    this.track = new Track(opusFormat, { id: options.id, clock: options.clock });
  }

  async play(speech: Speech): Promise<void> {
    await this.#options.ready(speech.signal);
    await (speech.live ? this.#live(speech) : this.#recorded(speech));
    await this.#options.clock.sleep(heldMs, speech.signal);
  }

  [Symbol.dispose](): void {
    this.track.close();
  }

  /** Live sound has its own pace and its own time stamps: what was lost on its way stays a gap that Opus conceals. */
  async #live({ frames, signal }: Speech): Promise<void> {
    const source = frames[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await until(source.next(), { signal });
        if (step.done) return;
        this.#options.check();
        this.#write(step.value, step.value.timestampUs);
      }
    } finally {
      await source.return?.();
    }
  }

  async #recorded({ frames, signal }: Speech): Promise<void> {
    const { clock } = this.#options;
    const write = (data: Uint8Array) => {
      this.#options.check();
      this.#write({ data, timestampUs: 0, key: true, durationUs: frameUs }, clock.nowUs());
      return undefined;
    };
    await pace(frames, { clock, pacer: new RecordingPacer(recording), sink: { write }, signal });
  }

  /** Time goes on by whole frames, or jumps ahead after a pause; two talkers in a row never share a moment. */
  #write(frame: Frame, atUs: number): void {
    const nextUs = this.#lastUs + (frame.durationUs ?? frameUs);
    const near = Math.abs(atUs - nextUs) < frameUs;
    this.#lastUs = near ? nextUs : Math.max(nextUs, atUs);
    this.track.write({ ...frame, timestampUs: this.#lastUs, key: true });
  }
}
