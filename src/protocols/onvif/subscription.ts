import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Credentials } from "../rtsp/auth.ts";
import {
  cameraTimeOf,
  eventAddressOf,
  eventRequests,
  notificationsOf,
  type OnvifNotification,
  type PullPoint,
  pullPointOf,
} from "./events.ts";
import { SoapHttp } from "./http.ts";
import { readEnvelope, type SoapRequest, writeEnvelope } from "./soap.ts";
import type { XmlNode } from "./xml.ts";

/** Options of {@link followEvents}. */
export interface FollowOptions {
  /** The camera's device service: http://192.168.1.20/onvif/device_service. */
  readonly url: URL;
  readonly credentials: Credentials | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The camera has accepted the subscription, and answered when it was first asked for events. */
  readonly onSubscribed: () => void;
  readonly onNotification: (notification: OnvifNotification) => void;
}

/** So long a subscription lives unless it is renewed, and so long an answer may take in coming. */
const livesS = 120;
const pullS = 20;
const answerMs = 10_000;
/** A camera that answers at once with nothing is asked so often. */
const restMs = 500;

/**
 * Follows a camera's events by a pull point until the signal aborts, which resolves. Throws when the subscription is lost:
 * RecoverableError, WireError, or FatalError `wrong-password`. Whatever address the camera names, its own host is asked.
 */
export async function followEvents(options: FollowOptions): Promise<void> {
  const { signal, clock, onSubscribed, onNotification } = options;
  const camera = new Camera(options);
  try {
    await camera.subscribe();
    let isTold = false;
    let renewUs = clock.nowUs() + livesS * 500_000;
    while (!signal.aborted) {
      const begunUs = clock.nowUs();
      const told = await camera.pull();
      if (!isTold) onSubscribed();
      isTold = true;
      for (const notification of told) onNotification(notification);
      if (clock.nowUs() >= renewUs) {
        await camera.renew();
        renewUs = clock.nowUs() + livesS * 500_000;
      }
      if (told.length === 0 && clock.nowUs() - begunUs < restMs * 1000) await clock.sleep(restMs, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    camera.leave();
  }
}

interface Asking {
  readonly url: URL;
  readonly withinMs?: number;
  readonly unsigned?: boolean;
  readonly signal?: AbortSignal;
}

class Camera {
  readonly #options: FollowOptions;
  readonly #http: SoapHttp;
  #point: (PullPoint & { readonly url: URL }) | undefined;
  /** How far its clock is ahead of ours, ms. */
  #aheadMs = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#http = new SoapHttp(options.credentials);
  }

  async subscribe(): Promise<void> {
    const { url, clock } = this.#options;
    // Cameras that say neither what time it is nor where their events are may still have some.
    const time = await this.#ask(eventRequests.time(), { url, unsigned: true }).catch(unlessFinal);
    const shownMs = time && cameraTimeOf(time);
    this.#aheadMs = shownMs === undefined ? 0 : shownMs - clock.wallMs();
    const capabilities = await this.#ask(eventRequests.capabilities(), { url }).catch(unlessFinal);
    const events = this.#own((capabilities && eventAddressOf(capabilities)) ?? url.href);
    const point = pullPointOf(await this.#asked(eventRequests.create(livesS), { url: events }));
    this.#point = { ...point, url: this.#own(point.address) };
  }

  async pull(): Promise<OnvifNotification[]> {
    return notificationsOf(await this.#askPoint(eventRequests.pull(pullS), pullS * 1000 + answerMs));
  }

  /** Makes it live on; a camera that does not know that is asked for another one at once, so that nothing is missed. */
  async renew(): Promise<void> {
    const isRenewed = await this.#askPoint(eventRequests.renew(livesS)).catch(unlessFinal);
    if (!isRenewed) await this.subscribe();
  }

  /** Tells the camera that nobody listens any more; nobody waits for its answer. */
  leave(): void {
    if (!this.#point) return;
    const signal = AbortSignal.timeout(2000);
    background(this.#askPoint(eventRequests.unsubscribe(), 2000, signal), () => {});
  }

  async #askPoint(request: SoapRequest, withinMs = answerMs, signal = this.#options.signal): Promise<XmlNode> {
    if (!this.#point) throw new RecoverableError("there is no subscription", { code: "lost" });
    const { url, address, reference } = this.#point;
    return await this.#ask({ ...request, to: address, reference }, { url, withinMs, signal });
  }

  async #ask(request: SoapRequest, how: Asking): Promise<XmlNode> {
    return readEnvelope(await this.#asked(request, how));
  }

  /** The answer's text. */
  async #asked(request: SoapRequest, how: Asking): Promise<string> {
    const { clock, credentials } = this.#options;
    const { url, withinMs = answerMs, unsigned = false, signal = this.#options.signal } = how;
    const author = credentials && { credentials, atMs: clock.wallMs() + this.#aheadMs };
    const envelope = writeEnvelope(request, unsigned ? undefined : author);
    const late = new AbortController();
    using _timer = clock.timer(withinMs, () =>
      late.abort(new RecoverableError("the camera's events do not answer", { code: "timeout" })),
    );
    const either = AbortSignal.any([signal, late.signal]);
    return await this.#http.post({ url, action: request.action, envelope, signal: either });
  }

  /** The same path at the camera's own host: behind a router, cameras name addresses that lead elsewhere. */
  #own(address: string): URL {
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

function unlessFinal(error: unknown): undefined {
  if (error instanceof RecoverableError && error.code === "fault") return undefined;
  throw error;
}
