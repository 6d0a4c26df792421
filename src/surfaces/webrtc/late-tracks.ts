import type { Device, TrackWriter } from "../../device/driver.ts";
import type { Format } from "../../media/format.ts";
import type { PublishRequest } from "../../media/viewer.ts";

/** Tracks of a publisher whose device is lent to it only after its offer was found good. */
export class LateTracks {
  #device: Device | undefined;
  /** What it announced before it had the device. */
  readonly #early: (() => void)[] = [];
  #ready = false;
  readonly #writers = new Set<TrackWriter>();

  /** Gives it the device: what it announced so far becomes tracks. */
  lend(device: Device): void {
    this.#device = device;
    for (const publish of this.#early.splice(0)) publish();
  }

  /** It sends nothing for a while, on purpose: what it sent is old from now on. */
  pause(): void {
    for (const writer of this.#writers) writer.interrupt();
  }

  /** Frames that come before the device was lent are dropped. */
  readonly onTrack: PublishRequest["onTrack"] = (first) => {
    let format: Format = first;
    let writer: TrackWriter | undefined;
    const publish = () => {
      if (format.kind === "video") this.#device?.phase("waiting-for-key-frame");
      writer = this.#device?.publish(format);
      if (writer) this.#writers.add(writer);
    };
    if (this.#device) publish();
    else this.#early.push(publish);
    return {
      write: (frame) => {
        if (!writer) return;
        // The first frame shows that the connection works.
        if (!this.#ready) this.#device?.ready();
        this.#ready = true;
        writer.write(frame);
      },
      updateFormat: (next) => {
        format = next;
        writer?.updateFormat(next);
      },
    };
  };
}
