import type { Speaker } from "../../device/driver.ts";
import { opusFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { pace } from "../../media/pace.ts";
import { RecordingPacer } from "../../media/recording-pacer.ts";
import type { Speech } from "../../media/speech.ts";
import { Track } from "../../media/track.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { until } from "../../util/until.ts";

/** Whether a station can be heard: its browser may need a touch first, and its connection may not be there yet. */
export type Audible = "yes" | "untouched" | "unconnected";

/** Options of {@link StationSpeaker}. */
export interface StationSpeakerOptions {
  readonly id: string;
  readonly clock: Clock;
}

const frameUs = 20_000;
/** What a browser keeps of sound before it plays it, about. */
const heldMs = 80;
/** A browser's buffer grows with what is sent ahead: a recording is hardly. */
const recording = { burstMs: 40, speed: 1, maxLeadMs: 60 } as const;

/** A browser as a speaker: Opus goes into `track`, which its connection reads. */
export class StationSpeaker implements Speaker, Disposable {
  readonly formats = [opusFormat];
  /** Browsers keep their own sound out of their microphone. */
  readonly echoCancelling = true;
  readonly track: Track;
  audible: Audible = "untouched";
  readonly #clock: Clock;
  #lastUs = 0;

  constructor({ id, clock }: StationSpeakerOptions) {
    this.#clock = clock;
    this.track = new Track(opusFormat, { id: `station/${id}`, clock });
  }

  async play(speech: Speech): Promise<void> {
    this.#refuseInaudible();
    await (speech.live ? this.#live(speech) : this.#recorded(speech));
    await this.#clock.sleep(heldMs, speech.signal);
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
        this.#refuseInaudible();
        this.#write(step.value, step.value.timestampUs);
      }
    } finally {
      await source.return?.();
    }
  }

  async #recorded({ frames, signal }: Speech): Promise<void> {
    const write = (data: Uint8Array) => {
      this.#refuseInaudible();
      this.#write({ data, timestampUs: 0, key: true, durationUs: frameUs }, this.#clock.nowUs());
      return undefined;
    };
    await pace(frames, { clock: this.#clock, pacer: new RecordingPacer(recording), sink: { write }, signal });
  }

  /** Time goes on by whole frames, or jumps ahead after a pause; two talkers in a row never share a moment. */
  #write(frame: Frame, atUs: number): void {
    const nextUs = this.#lastUs + (frame.durationUs ?? frameUs);
    const near = Math.abs(atUs - nextUs) < frameUs;
    this.#lastUs = near ? nextUs : Math.max(nextUs, atUs);
    this.track.write({ ...frame, timestampUs: this.#lastUs, key: true });
  }

  #refuseInaudible(): void {
    if (this.audible === "untouched") {
      throw new RecoverableError("cannot play yet: its screen has to be touched once", { code: "untouched" });
    }
    if (this.audible === "unconnected") {
      throw new RecoverableError("cannot play yet: its browser is connecting", { code: "connecting" });
    }
  }
}
