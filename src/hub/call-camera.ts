import type { Converter } from "../media/convert.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import type { CallEvent } from "./call-api.ts";
import type { CallInfo } from "./call-info.ts";
import { waitForTracks } from "./wait-for-tracks.ts";

/** Options of {@link CallCameras}. */
export interface CallCamerasOptions {
  readonly device: (id: string) => HubDevice | undefined;
  readonly converter: Pick<Converter, "snapshot">;
  /** Takes the picture (JPEG). */
  readonly keep: (callId: string, jpeg: Uint8Array) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const timeoutMs = 10_000;
const widthPx = 640;

/** Keeps the camera of a call warm while it lasts, and takes one picture of who rings. */
export class CallCameras implements Disposable {
  readonly #options: CallCamerasOptions;
  readonly #running = new Map<string, Disposable>();

  constructor(options: CallCamerasOptions) {
    this.#options = options;
  }

  /** Something happened to a call. */
  follow({ call, change }: Pick<CallEvent, "call" | "change">): void {
    if (change === "ringing") this.#begin(call);
    if (call.state !== "ended") return;
    this.#running.get(call.id)?.[Symbol.dispose]();
    this.#running.delete(call.id);
  }

  [Symbol.dispose](): void {
    for (const running of this.#running.values()) running[Symbol.dispose]();
    this.#running.clear();
  }

  #begin(call: CallInfo): void {
    const device = call.cameraId === undefined ? undefined : this.#options.device(call.cameraId);
    if (!device?.settings.enabled || device.settings.preview) return;
    const over = new AbortController();
    const demand = device.demand();
    this.#running.set(call.id, {
      [Symbol.dispose]: () => {
        demand[Symbol.dispose]();
        over.abort();
      },
    });
    background(this.#picture(call, { device, signal: over.signal }), (error) =>
      this.#options.log.debug({ device: device.id }, `no picture of who rings: ${messageOf(error)}`),
    );
  }

  async #picture(
    { id }: CallInfo,
    { device, signal }: { readonly device: HubDevice; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, converter, keep } = this.#options;
    const late = new AbortController();
    using _limit = clock.timer(timeoutMs, () => late.abort());
    const until = AbortSignal.any([signal, late.signal]);
    const { video } = await waitForTracks(device, { timeoutMs, signal: until });
    if (!video) return;
    if (!video.lastKeyFrame) {
      using reader = video.read({ maxFrames: 4 });
      await reader.next(until);
    }
    keep(id, await converter.snapshot(video, { widthPx, signal: until }));
  }
}
