import { WireError } from "../../util/errors.ts";
import { deviceRequests, serviceAddressOf } from "./device-service.ts";
import { mediaRequests } from "./media.ts";
import { OnvifPeer, type OnvifPeerOptions, unlessFinal } from "./peer.ts";
import { type PtzPreset, type PtzVector, presetsOf, ptzRequests, turningProfileOf } from "./ptz-wire.ts";
import type { SoapRequest } from "./soap.ts";
import type { XmlNode } from "./xml.ts";

export type { PtzPreset, PtzVector };

/** Turning is of the moment: a camera that does not answer within this time is given up on. */
const answerMs = 2000;
/** A camera that hears nothing more stops by itself after this time. */
export const cameraStopsS = 5;

interface Place {
  readonly url: URL;
  readonly profile: string;
}

/**
 * A camera that can be turned, by ONVIF. What it is turned by is asked for once, at the first request. Everything throws
 * RecoverableError (`fault`, `timeout`, `unreachable`), FatalError `wrong-password`, or WireError.
 */
export class OnvifPtz {
  readonly #options: OnvifPeerOptions;
  readonly #peer: OnvifPeer;
  #place: Promise<Place> | undefined;

  constructor(options: OnvifPeerOptions) {
    this.#options = options;
    this.#peer = new OnvifPeer(options);
  }

  /** Turns it until it is told to stop, or until some seconds have gone by. */
  async move(vector: PtzVector): Promise<void> {
    await this.#ask(({ profile }) => ptzRequests.move(profile, { ...vector, seconds: cameraStopsS }));
  }

  async stop(): Promise<void> {
    await this.#ask(({ profile }) => ptzRequests.stop(profile));
  }

  async presets(): Promise<readonly PtzPreset[]> {
    return presetsOf(await this.#ask(({ profile }) => ptzRequests.presets(profile)));
  }

  async goTo(preset: string): Promise<void> {
    await this.#ask(({ profile }) => ptzRequests.goTo(profile, preset));
  }

  async #ask(request: (place: Place) => SoapRequest): Promise<XmlNode> {
    const place = await this.#find();
    return await this.#peer.ask(request(place), { url: place.url, withinMs: answerMs });
  }

  #find(): Promise<Place> {
    const place = this.#place ?? this.#look();
    this.#place = place;
    place.catch(() => {
      if (this.#place === place) this.#place = undefined;
    });
    return place;
  }

  async #look(): Promise<Place> {
    const { url } = this.#options;
    await this.#peer.learnTime(answerMs);
    const all = await this.#peer
      .ask(deviceRequests.capabilities("All"), { url, withinMs: answerMs })
      .catch(unlessFinal);
    const turning = serviceAddressOf(all, "PTZ");
    if (all && turning === undefined) throw new WireError("ONVIF: the camera has nothing that turns it");
    const media = serviceAddressOf(all, "Media");
    const own = (address: string | undefined) => this.#peer.own(address ?? url.href);
    const profiles = await this.#peer.ask(mediaRequests.profiles(), { url: own(media), withinMs: answerMs });
    return { url: own(turning), profile: turningProfileOf(profiles) };
  }
}
