import { deviceRequests, serviceAddressOf } from "./device-service.ts";
import { OnvifPeer, type OnvifPeerOptions, unlessFinal } from "./peer.ts";
import type { SoapRequest } from "./soap.ts";
import { child, children, escapeXml, textAt, type XmlNode } from "./xml.ts";

const service = "http://www.onvif.org/ver10/media/wsdl";
const schema = "http://www.onvif.org/ver10/schema";

/** The requests about a camera's pictures (ONVIF Media, 5.2, 5.15 and 5.18). */
export const mediaRequests = {
  profiles: (): SoapRequest => ({
    action: `${service}/GetProfiles`,
    body: `<m:GetProfiles xmlns:m="${service}"/>`,
  }),
  streamUri: (profile: string): SoapRequest => ({
    action: `${service}/GetStreamUri`,
    body: `<m:GetStreamUri xmlns:m="${service}" xmlns:t="${schema}"><m:StreamSetup><t:Stream>RTP-Unicast</t:Stream><t:Transport><t:Protocol>RTSP</t:Protocol></t:Transport></m:StreamSetup><m:ProfileToken>${escapeXml(profile)}</m:ProfileToken></m:GetStreamUri>`,
  }),
  synchronize: (profile: string): SoapRequest => ({
    action: `${service}/SetSynchronizationPoint`,
    body: `<m:SetSynchronizationPoint xmlns:m="${service}"><m:ProfileToken>${escapeXml(profile)}</m:ProfileToken></m:SetSynchronizationPoint>`,
  }),
} as const;

/** One of a camera's streams, as it lists them. */
export interface MediaProfile {
  readonly token: string;
  readonly name: string;
  /** `H264`, `H265`, `JPEG`, `MPEG4`. */
  readonly encoding: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

const maxProfiles = 32;

/** The profiles that have a picture, in the camera's order; what makes no sense is passed over. */
export function profilesOf(body: XmlNode): MediaProfile[] {
  const list = children(child(body, "GetProfilesResponse"), "Profiles").slice(0, maxProfiles);
  return list.flatMap((one) => {
    const token = child(one)?.["@token"];
    const encoder = child(one, "VideoEncoderConfiguration");
    const widthPx = Number(textAt(encoder, "Resolution", "Width"));
    const heightPx = Number(textAt(encoder, "Resolution", "Height"));
    if (typeof token !== "string" || !encoder || !(widthPx > 0) || !(heightPx > 0)) return [];
    const encoding = textAt(encoder, "Encoding") ?? "";
    return [{ token, name: textAt(one, "Name") ?? token, encoding, widthPx, heightPx }];
  });
}

/** The RTSP address that a camera names for a profile; undefined when it names none. */
export function streamUriOf(body: XmlNode): string | undefined {
  const uri = textAt(child(body, "GetStreamUriResponse"), "MediaUri", "Uri");
  return uri !== undefined && /^rtsps?:\/\//i.test(uri) && uri.length <= 2048 ? uri : undefined;
}

/** An RTSP address at this host and without a log-in, whatever host it names; undefined where it cannot be made so. */
export function atHost(uri: string, host: string): string | undefined {
  const address = URL.parse(uri);
  if (!address) return undefined;
  address.hostname = host;
  address.username = "";
  address.password = "";
  return address.hostname === host ? address.href : undefined;
}

/** A camera's streams, asked for by ONVIF. */
export class OnvifMedia {
  readonly #peer: OnvifPeer;
  readonly #options: OnvifPeerOptions;
  #service: URL | undefined;

  constructor(options: OnvifPeerOptions) {
    this.#options = options;
    this.#peer = new OnvifPeer(options);
  }

  /** Its profiles. Throws as {@link OnvifPeer.ask}. */
  async profiles(): Promise<readonly MediaProfile[]> {
    return profilesOf(await this.#peer.ask(mediaRequests.profiles(), { url: await this.#at() }));
  }

  /** Asks for a key frame at once in the streams of a profile. Throws as {@link OnvifPeer.ask}. */
  async synchronize(token: string): Promise<void> {
    await this.#peer.ask(mediaRequests.synchronize(token), { url: await this.#at() });
  }

  /** Where its media service is, found out once. */
  async #at(): Promise<URL> {
    if (this.#service) return this.#service;
    const { url } = this.#options;
    await this.#peer.learnTime();
    const capabilities = await this.#peer.ask(deviceRequests.capabilities("Media"), { url }).catch(unlessFinal);
    this.#service = this.#peer.own(serviceAddressOf(capabilities, "Media") ?? url.href);
    return this.#service;
  }

  /** The RTSP address of a profile, at the camera's own host. */
  async streamUri(token: string): Promise<string | undefined> {
    const url = this.#service ?? this.#options.url;
    const uri = streamUriOf(await this.#peer.ask(mediaRequests.streamUri(token), { url }));
    return uri === undefined ? undefined : atHost(uri, this.#options.url.hostname);
  }
}
