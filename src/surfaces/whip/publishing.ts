import { randomBytes } from "node:crypto";
import type { Reception } from "../../hub/reception.ts";
import type { Publisher, PublishWorker } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Admission } from "../admission.ts";
import { LateTracks } from "../webrtc/late-tracks.ts";

/** Options of {@link Publishings}. */
export interface PublishingsOptions {
  readonly reception: Reception;
  readonly publishers: Pick<PublishWorker, "publish">;
  readonly log: Log;
  /** Places for them, from their offer to their end. */
  readonly admission: Admission;
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
  /** The block of addresses that it calls from (`addressBlock`). */
  readonly block: string;
  readonly offerSdp: string;
  /** Aborts when the caller hangs up before it has its answer. */
  readonly signal: AbortSignal;
}

/** All that is being published by WHIP. */
export class Publishings implements AsyncDisposable {
  readonly #open = new Map<string, Publishing>();
  readonly #options: PublishingsOptions;

  constructor(options: PublishingsOptions) {
    this.#options = options;
  }

  /** How many publish. */
  get size(): number {
    return this.#open.size;
  }

  get(id: string): Publishing | undefined {
    return this.#open.get(id);
  }

  /**
   * Answers a device's offer and lets it in. Whoever publishes as that device goes on until the new offer was found good.
   * Throws what {@link Reception.admit} and the worker throw, and RecoverableError `too-many-publishers`.
   */
  async open(request: PublishingRequest): Promise<Publishing> {
    const { deviceId, token, address, block, offerSdp, signal } = request;
    const { reception, publishers, admission } = this.#options;
    const arrival = { kind: "whip", id: deviceId, address, ...(token !== undefined && { token }) } as const;
    const how = reception.check(arrival);
    await using held = new AsyncDisposableStack();
    // A device that showed its token is no stranger to the shares.
    const person = how === "open" ? undefined : `device ${deviceId}`;
    held.use(admission.enter({ person, device: deviceId, block }));
    const tracks = new LateTracks();
    const publisher = held.use(await publishers.publish({ offerSdp, onTrack: tracks.onTrack }));
    signal.throwIfAborted();
    const over = new AbortController();
    held.defer(() => over.abort());
    const device = await reception.admit(arrival, over.signal);
    if (device.signal.aborted) {
      throw new RecoverableError("another connection took over meanwhile", { code: "taken" });
    }
    tracks.lend(device);
    return this.#keep(publisher, { deviceId, ended: device.signal, held: held.move() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((publishing) => publishing[Symbol.asyncDispose]()));
  }

  #keep(
    publisher: Publisher,
    life: { readonly deviceId: string; readonly ended: AbortSignal; readonly held: AsyncDisposableStack },
  ): Publishing {
    const { deviceId, ended, held } = life;
    const id = randomBytes(16).toString("base64url");
    const end = async () => {
      this.#open.delete(id);
      await held.disposeAsync();
    };
    const told = (err: unknown) => this.#options.log.error({ err, device: deviceId }, "publisher not closed");
    ended.addEventListener("abort", () => background(end(), told), { once: true });
    background(publisher.closed.then(end), told);
    const { answerSdp } = publisher;
    const publishing: Publishing = { id, deviceId, answerSdp, publisher, [Symbol.asyncDispose]: end };
    this.#open.set(id, publishing);
    return publishing;
  }
}
