import { randomBytes } from "node:crypto";
import type { Device } from "../../device/driver.ts";
import type { Reception } from "../../hub/reception.ts";
import type { Publisher, PublishRequest, PublishWorker } from "../../media/viewer.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** Options of {@link Publishings}. */
export interface PublishingsOptions {
  readonly reception: Reception;
  readonly publishers: Pick<PublishWorker, "publish">;
  readonly log: Log;
  /** Most at once. */
  readonly max: number;
}

/** One device that publishes. Ends by itself when its connection, its loan or its token ends. */
export interface Publishing extends AsyncDisposable {
  /** 128 random bits: the last part of WHIP's `Location`. */
  readonly id: string;
  readonly deviceId: string;
  readonly answerSdp: string;
  readonly publisher: Pick<Publisher, "addCandidate">;
}

/** Who wants to publish what. */
export interface PublishingRequest {
  readonly deviceId: string;
  readonly token: string | undefined;
  readonly address: string;
  readonly offerSdp: string;
}

/** All that is being published by WHIP. */
export class Publishings implements AsyncDisposable {
  readonly #open = new Map<string, Publishing>();
  readonly #options: PublishingsOptions;
  #opening = 0;

  constructor(options: PublishingsOptions) {
    this.#options = options;
  }

  get(id: string): Publishing | undefined {
    return this.#open.get(id);
  }

  /**
   * Lets a device in and answers its offer. Throws what {@link Reception.admit} and the worker throw, and RecoverableError
   * `busy` when too many publish.
   */
  async open(request: PublishingRequest): Promise<Publishing> {
    if (this.#open.size + this.#opening >= this.#options.max) {
      throw new RecoverableError("too many devices publish already", { code: "busy" });
    }
    this.#opening++;
    try {
      return await this.#begin(request);
    } finally {
      this.#opening--;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((publishing) => publishing[Symbol.asyncDispose]()));
  }

  async #begin({ deviceId, token, address, offerSdp }: PublishingRequest): Promise<Publishing> {
    const { reception, publishers } = this.#options;
    const over = new AbortController();
    const arrival = { kind: "whip", id: deviceId, address, ...(token !== undefined && { token }) } as const;
    const device = await reception.admit(arrival, over.signal);
    try {
      const publisher = await publishers.publish({ offerSdp, onTrack: trackOf(device) });
      if (device.signal.aborted) {
        await publisher[Symbol.asyncDispose]();
        throw new RecoverableError("another connection took over meanwhile", { code: "taken" });
      }
      return this.#keep(publisher, { device, over });
    } catch (error) {
      over.abort();
      throw error;
    }
  }

  #keep(publisher: Publisher, life: { readonly device: Device; readonly over: AbortController }): Publishing {
    const { device, over } = life;
    const id = randomBytes(16).toString("base64url");
    const end = async () => {
      this.#open.delete(id);
      over.abort();
      await publisher[Symbol.asyncDispose]();
    };
    const told = (error: unknown) => this.#options.log.error({ err: error, device: device.id }, "publisher not closed");
    device.signal.addEventListener("abort", () => end().catch(told), { once: true });
    publisher.closed.then(end).catch(told);
    const publishing: Publishing = {
      id,
      deviceId: device.id,
      answerSdp: publisher.answerSdp,
      publisher,
      [Symbol.asyncDispose]: end,
    };
    this.#open.set(id, publishing);
    return publishing;
  }
}

/** Tracks of the device for what is published; the first frame shows that the connection works. */
function trackOf(device: Device): PublishRequest["onTrack"] {
  let ready = false;
  return (format) => {
    if (format.kind === "video") device.phase("waiting-for-key-frame");
    const writer = device.publish(format);
    return {
      write: (frame) => {
        if (!ready) device.ready();
        ready = true;
        writer.write(frame);
      },
      updateFormat: (next) => writer.updateFormat(next),
    };
  };
}
