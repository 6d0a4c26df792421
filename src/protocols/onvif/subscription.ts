import { background } from "../../util/background.ts";
import { RecoverableError } from "../../util/errors.ts";
import { deviceRequests, serviceAddressOf } from "./device-service.ts";
import { eventRequests, notificationsOf, type OnvifNotification, type PullPoint, pullPointOf } from "./events.ts";
import { answerMs, OnvifPeer, type OnvifPeerOptions, unlessFinal } from "./peer.ts";
import type { SoapRequest } from "./soap.ts";
import type { XmlNode } from "./xml.ts";

/** Options of {@link followEvents}. */
export interface FollowOptions extends OnvifPeerOptions {
  /** The camera has accepted the subscription, and answered when it was first asked for events. */
  readonly onSubscribed: () => void;
  readonly onNotification: (notification: OnvifNotification) => void;
}

/** So long a subscription lives unless it is renewed, and so long an answer waits for events. */
const livesS = 120;
const pullS = 20;
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

class Camera {
  readonly #options: FollowOptions;
  readonly #peer: OnvifPeer;
  #point: (PullPoint & { readonly url: URL }) | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#peer = new OnvifPeer(options);
  }

  async subscribe(): Promise<void> {
    const { url } = this.#options;
    const peer = this.#peer;
    // Cameras that say neither what time it is nor where their events are may still have some.
    await peer.learnTime();
    const capabilities = await peer.ask(deviceRequests.capabilities("Events"), { url }).catch(unlessFinal);
    const events = peer.own(serviceAddressOf(capabilities, "Events") ?? url.href);
    const point = pullPointOf(await peer.asked(eventRequests.create(livesS), { url: events }));
    this.#point = { ...point, url: peer.own(point.address) };
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
    return await this.#peer.ask({ ...request, to: address, reference }, { url, withinMs, signal });
  }
}
