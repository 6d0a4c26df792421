import type { Device } from "../../device/driver.ts";
import { onvifPorts } from "../../protocols/onvif/device-service.ts";
import { type MediaProfile, OnvifMedia } from "../../protocols/onvif/media.ts";
import { DoorwardError, FatalError, isAbort } from "../../util/errors.ts";
import type { RtspConfig } from "./config.ts";

/** What is needed of the device. */
type Asking = Pick<Device, "clock" | "log" | "signal" | "memory">;

/** A port whose answers, all of them, take longer is left alone. */
const portMs = 4000;
/** So many of its streams are asked for to find the one that is played. */
const maxAsked = 8;
/** After no answer, which says nothing of what the camera can: it may just start. */
const againMs = 5 * 60_000;
/** `true`: this camera cannot be asked, until the hub restarts; or from when on it may be asked again, by the clock, us. */
const noneKey = "noKeyFrameRequest";

/** The profile that is played, at a service that answered. */
interface Target {
  readonly media: OnvifMedia;
  readonly token: string;
}

/** Why it was not asked: it says that it cannot, or says nothing. */
type Reason = "cannot" | "silent";

/**
 * Asks a camera for a key frame by ONVIF (`SetSynchronizationPoint`), for streams that cannot be asked themselves. Where
 * the camera answers that it cannot, that is found out once; where it does not answer, it is asked again minutes later.
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
    if (this.#asking || !this.#mayAsk()) return;
    this.#asking = true;
    try {
      await this.#ask();
    } finally {
      this.#asking = false;
    }
  }

  #mayAsk(): boolean {
    const none = this.#device.memory.get(noneKey);
    return typeof none === "number" ? this.#device.clock.nowUs() >= none : none !== true;
  }

  async #ask(): Promise<void> {
    const { clock, log, memory, signal } = this.#device;
    const none = await this.#asked().catch((err: unknown) => {
      this.#target = undefined;
      log.debug({ err }, "asked for a key frame by ONVIF the camera does not answer");
      return reasonOf(err);
    });
    if (none === undefined || signal.aborted) return;
    memory.set(noneKey, none === "cannot" ? true : clock.nowUs() + againMs * 1000, { lasting: false });
  }

  async #asked(): Promise<Reason | undefined> {
    const found = this.#target ?? (await this.#find());
    if (typeof found === "string") return found;
    this.#target = found;
    await found.media.synchronize(found.token);
    return undefined;
  }

  async #find(): Promise<Target | Reason> {
    let reason: Reason = "silent";
    for (const url of this.#urls) {
      if (this.#device.signal.aborted) return reason;
      const found = await this.#findAt(url);
      if (found !== "nobody" && found !== "fault") return found;
      if (found === "fault") reason = "cannot";
    }
    return reason;
  }

  async #findAt(url: URL): Promise<Target | "cannot" | "fault" | "nobody"> {
    const { clock, signal } = this.#device;
    const { username, password = "" } = this.#config;
    const late = new AbortController();
    using _timer = clock.timer(portMs, () => late.abort());
    const credentials = username === undefined ? undefined : { username, password };
    const options = { url, credentials, clock };
    try {
      const finding = new OnvifMedia({ ...options, signal: AbortSignal.any([signal, late.signal]) });
      const token = await this.#played(finding, await finding.profiles());
      return token === undefined ? "cannot" : { media: new OnvifMedia({ ...options, signal }), token };
    } catch (error) {
      if (reasonOf(error) === "silent") return "nobody";
      // At another of its ports it may do what it does not at this one.
      return error instanceof FatalError ? "cannot" : "fault";
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

/** What an error of asking says of the camera. Throws it when it is a fault of ours. */
function reasonOf(error: unknown): Reason {
  if (!(error instanceof DoorwardError || isAbort(error))) throw error;
  const isAnswer = error instanceof FatalError || (error instanceof DoorwardError && error.code === "fault");
  return isAnswer ? "cannot" : "silent";
}

function placeOf(address: string): string | undefined {
  const url = URL.parse(address);
  return url ? `${url.pathname}${url.search}` : undefined;
}
