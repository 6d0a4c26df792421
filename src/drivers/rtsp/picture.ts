import type { Device, TrackWriter } from "../../device/driver.ts";
import { type PlayRtspOptions, playRtsp } from "../../protocols/rtsp/play.ts";
import { messageOf } from "../../util/errors.ts";
import type { PictureBeside } from "./speaker.ts";

/** What {@link Picture} asks about the speaker of the same device. */
export interface SpeakerBeside {
  readonly talking: boolean;
  /** Resolves when nobody speaks any more. */
  idle(): Promise<void>;
  /** Whether somebody speaks and the device answers them. */
  isAlive(): Promise<boolean>;
}

/** A picture that stands still for this time while somebody speaks is reported as paused. */
const pausedMs = 1500;

/**
 * The picture and the sound of one camera. While somebody speaks through the camera they may be given up, end or stand
 * still; they come back when nobody speaks any more.
 */
export class Picture implements PictureBeside {
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #lastFrameUs = 0;
  #checks: Disposable | undefined;
  #paused = false;
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
  }

  get playing(): boolean {
    return this.#run !== undefined;
  }

  async giveUp(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#device.log.info({}, "the picture makes room for the speaker");
    run.stop.abort();
    await run.ended;
  }

  /** Plays until the device's signal aborts. Throws what {@link playRtsp} throws, unless somebody speaks just then. */
  async play(
    options: Omit<PlayRtspOptions, "clock" | "log" | "signal" | "onTrack" | "onPhase" | "onSilence">,
    speaker: () => SpeakerBeside | undefined,
  ): Promise<void> {
    const { signal, log } = this.#device;
    for (;;) {
      try {
        await this.#playOnce({ ...options, onSilence: async () => (await speaker()?.isAlive()) ?? false });
      } catch (error) {
        if (!speaker()?.talking) throw error;
        log.info({ err: error }, `the picture ended while somebody speaks: ${messageOf(error)}`);
      }
      if (signal.aborted) return;
      this.#device.phase("paused-by-talk");
      await speaker()?.idle();
      if (signal.aborted) return;
    }
  }

  /** Somebody begins to speak, or nobody speaks any more: in between, a picture that stands still is reported. */
  onTalking(talking: boolean): void {
    this.#checks?.[Symbol.dispose]();
    this.#checks = undefined;
    if (talking) this.#checks = this.#device.clock.timer(pausedMs, () => this.#check());
    else if (this.#paused && this.playing) this.#device.phase("waiting-for-key-frame");
    this.#paused = false;
  }

  #check(): void {
    const { clock } = this.#device;
    const still = clock.nowUs() - this.#lastFrameUs > pausedMs * 1000;
    if (still && this.playing && !this.#paused) this.#device.phase("paused-by-talk");
    this.#paused = still;
    this.#checks = clock.timer(pausedMs, () => this.#check());
  }

  async #playOnce(options: Omit<PlayRtspOptions, "clock" | "log" | "signal" | "onTrack" | "onPhase">): Promise<void> {
    const { clock, log, signal } = this.#device;
    const stop = new AbortController();
    const playing = playRtsp({
      ...options,
      clock,
      log,
      signal: AbortSignal.any([signal, stop.signal]),
      onTrack: (format, how) => this.#noticing(this.#device.publish(format, how)),
      onPhase: (phase) => this.#device.phase(phase),
    });
    this.#run = {
      stop,
      ended: playing.then(
        () => {},
        () => {},
      ),
    };
    try {
      await playing;
    } finally {
      this.#run = undefined;
    }
  }

  #noticing(writer: TrackWriter): TrackWriter {
    return {
      write: (frame) => {
        this.#lastFrameUs = this.#device.clock.nowUs();
        writer.write(frame);
      },
      updateFormat: (format) => writer.updateFormat(format),
      interrupt: () => writer.interrupt(),
    };
  }
}
