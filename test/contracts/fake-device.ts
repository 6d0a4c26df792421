import type {
  Command,
  Device,
  DeviceEvent,
  DeviceMemory,
  DriverPhase,
  Speaker,
  TrackWriter,
} from "../../src/device/driver.ts";
import { type Format, isCompatible } from "../../src/media/format.ts";
import { Track } from "../../src/media/track.ts";
import { type Clock, systemClock } from "../../src/util/clock.ts";
import { Listeners } from "../../src/util/listeners.ts";
import { type Log, silentLog } from "../../src/util/log.ts";
import { within } from "../within.ts";

/** A device without a hub: records what a driver does with it. Tests abort `stop` to end the driver. */
export class FakeDevice implements Device {
  readonly id = "fake";
  readonly stop = new AbortController();
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: DeviceMemory;
  readonly phases: DriverPhase[] = [];
  readonly events: DeviceEvent[] = [];
  /** By `label/kind`, e.g. "main/video". */
  readonly tracks = new Map<string, Track>();
  readyCount = 0;
  speaker: Speaker | undefined;
  readonly #changed = new Listeners<void>((error) => this.log.error({ err: error }, "listener failed"));

  constructor(options: { readonly clock?: Clock; readonly log?: Log; readonly memory?: DeviceMemory } = {}) {
    this.memory = options.memory ?? new Map();
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silentLog;
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  get video(): Track | undefined {
    return this.tracks.get("main/video");
  }

  get audio(): Track | undefined {
    return this.tracks.get("main/audio");
  }

  get commands(): AsyncIterable<Command> {
    return (async function* () {})();
  }

  publish(format: Format, options: Parameters<Device["publish"]>[1] = {}): TrackWriter {
    const key = `${options.label ?? "main"}/${format.kind}`;
    let track = this.tracks.get(key);
    if (track && isCompatible(track.format, format)) {
      track.interrupt();
      track.updateFormat(format);
    } else {
      track?.close();
      track = new Track(format, { id: `${this.id}/${key}`, clock: this.clock });
      this.tracks.set(key, track);
    }
    const written = track;
    written.alone = options.alone ?? false;
    written.onKeyFrameWanted = options.wantKeyFrame;
    this.#changed.emit();
    return {
      write: (frame) => {
        written.write(frame);
        this.#changed.emit();
      },
      updateFormat: (updated) => written.updateFormat(updated),
      interrupt: () => written.interrupt(),
    };
  }

  offerSpeaker(speaker: Speaker | undefined): void {
    this.speaker = speaker;
    this.#changed.emit();
  }

  emit(event: DeviceEvent): void {
    this.events.push(event);
    this.#changed.emit();
  }

  phase(phase: DriverPhase): void {
    this.phases.push(phase);
    this.#changed.emit();
  }

  ready(): void {
    this.readyCount++;
    this.#changed.emit();
  }

  /**
   * Resolves as soon as `condition` holds; looked at after everything that the driver does. Throws after 20 s with what was
   * waited for and what the driver has done so far.
   */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _listening = this.#changed.add(() => {
      if (condition()) resolve();
    });
    await within(() => `${condition}; ${this.#soFar()}`, promise);
  }

  #soFar(): string {
    const tracks = Array.from(this.tracks, ([key, { counters }]) => `${key}: ${counters.frames} frames`);
    const speaker = this.speaker ? "a speaker" : "no speaker";
    return `the driver has [${tracks.join(", ")}], ${speaker}, phases [${this.phases.join(", ")}], ${this.events.length} events`;
  }
}
