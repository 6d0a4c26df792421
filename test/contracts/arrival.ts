import type { Device, Speaker, TrackWriter } from "../../src/device/driver.ts";
import type { VideoFormat } from "../../src/media/format.ts";
import type { Clock } from "../../src/util/clock.ts";

const format: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

/** One connection of a scripted device that calls the hub: what a surface does with the device that it is lent. */
export class FakeArrival {
  readonly speaker: Speaker = { formats: [], echoCancelling: false, play: async () => {} };
  readonly device: Device;
  readonly #hungUp: AbortController;
  readonly #writer: TrackWriter;
  readonly #clock: Clock;

  private constructor(device: Device, deps: { readonly clock: Clock; readonly hungUp: AbortController }) {
    this.device = device;
    this.#clock = deps.clock;
    this.#hungUp = deps.hungUp;
    this.#writer = device.publish(format);
    device.offerSpeaker(this.speaker);
    device.ready();
  }

  /** Calls; `admit` is the reception's, or a source's. */
  static async call(admit: (signal: AbortSignal) => Device | Promise<Device>, clock: Clock): Promise<FakeArrival> {
    const hungUp = new AbortController();
    return new FakeArrival(await admit(hungUp.signal), { clock, hungUp });
  }

  /** False once the hub ended it. */
  get open(): boolean {
    return !this.device.signal.aborted;
  }

  send(key = true): void {
    this.#writer.write({ data: new Uint8Array(8), timestampUs: this.#clock.nowUs(), key });
  }

  /** The device hangs up, or its network is gone. */
  hangUp(): void {
    this.#hungUp.abort();
  }
}
