import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Credentials } from "../rtsp/auth.ts";
import { cameraTimeOf, deviceRequests } from "./device-service.ts";
import { SoapHttp } from "./http.ts";
import { readEnvelope, type SoapRequest, writeEnvelope } from "./soap.ts";
import type { XmlNode } from "./xml.ts";

/** Options of {@link OnvifPeer}. */
export interface OnvifPeerOptions {
  /** The camera's device service: http://192.168.1.20/onvif/device_service. */
  readonly url: URL;
  readonly credentials: Credentials | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How one request is made. */
export interface Asking {
  readonly url: URL;
  readonly withinMs?: number;
  readonly unsigned?: boolean;
  readonly signal?: AbortSignal;
}

/** So long an answer may take in coming. */
export const answerMs = 10_000;

/** Asks the services of one camera, signed by its own clock. Whatever address it names, its own host is asked. */
export class OnvifPeer {
  readonly #options: OnvifPeerOptions;
  readonly #http: SoapHttp;
  /** How far its clock is ahead of ours, ms. */
  #aheadMs = 0;

  constructor(options: OnvifPeerOptions) {
    this.#options = options;
    this.#http = new SoapHttp(options.credentials);
  }

  /** Learns what the camera's clock shows, by which it checks signatures; one that does not say keeps ours. */
  async learnTime(withinMs = answerMs): Promise<void> {
    const { url, clock } = this.#options;
    const time = await this.ask(deviceRequests.time(), { url, unsigned: true, withinMs }).catch(unlessFinal);
    const shownMs = time && cameraTimeOf(time);
    this.#aheadMs = shownMs === undefined ? 0 : shownMs - clock.wallMs();
  }

  /** The answer's body. Throws RecoverableError, WireError, FatalError `wrong-password`. */
  async ask(request: SoapRequest, how: Asking): Promise<XmlNode> {
    return readEnvelope(await this.asked(request, how));
  }

  /** The answer's text. */
  async asked(request: SoapRequest, how: Asking): Promise<string> {
    const { clock, credentials } = this.#options;
    const { url, withinMs = answerMs, unsigned = false, signal = this.#options.signal } = how;
    const author = credentials && { credentials, atMs: clock.wallMs() + this.#aheadMs };
    const envelope = writeEnvelope(request, unsigned ? undefined : author);
    const late = new AbortController();
    using _timer = clock.timer(withinMs, () =>
      late.abort(new RecoverableError("the camera does not answer (ONVIF)", { code: "timeout" })),
    );
    const either = AbortSignal.any([signal, late.signal]);
    return await this.#http.post({ url, action: request.action, envelope, signal: either });
  }

  /** The same path at the camera's own host: behind a router, cameras name addresses that lead elsewhere. */
  own(address: string): URL {
    const { url } = this.#options;
    const named = URL.parse(address, url);
    if (!named || !/^https?:$/.test(named.protocol)) return url;
    const own = new URL(url);
    if (named.hostname === url.hostname && named.protocol === url.protocol) own.port = named.port;
    own.pathname = named.pathname;
    own.search = named.search;
    return own;
  }
}

/** Passes over what a camera cannot do; throws everything else. */
export function unlessFinal(error: unknown): undefined {
  if (error instanceof RecoverableError && error.code === "fault") return undefined;
  throw error;
}
