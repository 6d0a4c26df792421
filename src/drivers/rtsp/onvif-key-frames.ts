import type { Device } from "../../device/driver.ts";
import { onvifPorts } from "../../protocols/onvif/device-service.ts";
import { type MediaProfile, OnvifMedia } from "../../protocols/onvif/media.ts";
import { DoorwardError, isAbort } from "../../util/errors.ts";
import type { RtspConfig } from "./config.ts";

/** What is needed of the device. */
type Asking = Pick<Device, "clock" | "log" | "signal" | "memory">;

/** A port whose answers, all of them, take longer is left alone. */
const portMs = 4000;
/** So many of its streams are asked for to find the one that is played. */
const maxAsked = 8;
/** That this camera cannot be asked; until the hub restarts. */
const noneKey = "noKeyFrameRequest";

/** The profile that is played, at a service that answered. */
interface Target {
  readonly media: OnvifMedia;
  readonly token: string;
}

/**
 * Asks a camera for a key frame by ONVIF (`SetSynchronizationPoint`), for streams that cannot be asked themselves. Where
 * the camera has no ONVIF, or not this of it, that is found out once.
 */
export class OnvifKeyFrames {
  #asking = false;
  #target: Target | undefined;
  readonly #device: Asking;
  readonly #config: Pick<RtspConfig, "address" | "username" | "password">;
  readonly #urls: readonly URL[];

  /** `urls`: where the camera's device service may be; the usual ports of its host unless given. */
  constructor(device: Asking, config: Pick<RtspConfig, "address" | "username" | "password">, urls?: readonly URL[]) {
    this.#device = device;
    this.#config = config;
    const host = URL.parse(config.address)?.hostname;
    const usual = host === undefined ? [] : onvifPorts.map((port) => `http://${host}:${port}/onvif/device_service`);
    this.#urls = urls ?? usual.map((url) => new URL(url));
  }

  /** Asks once; while it is being asked nothing more is. Resolves when it was asked, or cannot be; throws for faults of ours alone. */
  async ask(): Promise<void> {
    if (this.#asking || this.#device.memory.get(noneKey) === true) return;
    this.#asking = true;
    try {
      await this.#ask();
    } finally {
      this.#asking = false;
    }
  }

  async #ask(): Promise<void> {
    const { log, memory, signal } = this.#device;
    try {
      this.#target ??= await this.#find();
      if (this.#target) return await this.#target.media.synchronize(this.#target.token);
    } catch (err) {
      if (!(err instanceof DoorwardError || isAbort(err))) throw err;
      log.debug({ err }, "asked for a key frame by ONVIF the camera does not answer");
      this.#target = undefined;
    }
    if (!signal.aborted) memory.set(noneKey, true, { lasting: false });
  }

  async #find(): Promise<Target | undefined> {
    for (const url of this.#urls) {
      if (this.#device.signal.aborted) return undefined;
      const found = await this.#findAt(url);
      if (found !== "nobody") return found;
    }
    return undefined;
  }

  async #findAt(url: URL): Promise<Target | undefined | "nobody"> {
    const { clock, signal } = this.#device;
    const { username, password = "" } = this.#config;
    const late = new AbortController();
    using _timer = clock.timer(portMs, () => late.abort());
    const credentials = username === undefined ? undefined : { username, password };
    const options = { url, credentials, clock };
    try {
      const finding = new OnvifMedia({ ...options, signal: AbortSignal.any([signal, late.signal]) });
      const token = await this.#played(finding, await finding.profiles());
      return token === undefined ? undefined : { media: new OnvifMedia({ ...options, signal }), token };
    } catch (error) {
      if (!(error instanceof DoorwardError || isAbort(error))) throw error;
      return error instanceof DoorwardError && error.code === "wrong-password" ? undefined : "nobody";
    }
  }

  /** Of the camera's profiles the one whose address is ours; a camera with a single one means that. */
  async #played(media: OnvifMedia, profiles: readonly MediaProfile[]): Promise<string | undefined> {
    if (profiles.length === 1) return profiles[0]?.token;
    const wanted = placeOf(this.#config.address);
    for (const { token } of profiles.slice(0, maxAsked)) {
      if (placeOf((await media.streamUri(token)) ?? "") === wanted) return token;
    }
    return undefined;
  }
}

function placeOf(address: string): string | undefined {
  const url = URL.parse(address);
  return url ? `${url.pathname}${url.search}` : undefined;
}
