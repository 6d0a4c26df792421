import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { authorize, parseChallenges } from "../../src/protocols/rtsp/auth.ts";
import { ScriptedPtz } from "./onvif-ptz.ts";

/** What a scripted camera does otherwise than others. */
export interface OnvifCameraOptions {
  readonly username?: string;
  readonly password?: string;
  /** Its clock, against ours. */
  readonly aheadMs?: number;
  /** Asks for Digest of HTTP besides. */
  readonly httpDigest?: boolean;
  /** Names an address of the subscription that leads nowhere from here. */
  readonly wrongHost?: boolean;
  /** Tells its subscriptions apart by their address alone, not by parameters that come with it. */
  readonly byAddress?: boolean;
  /** Does not know Renew. */
  readonly noRenew?: boolean;
  /** Its streams; it knows no media service unless given. */
  readonly profiles?: readonly {
    readonly token: string;
    readonly encoding: string;
    readonly widthPx: number;
    readonly heightPx: number;
    readonly uri: string;
  }[];
  /** It is asked for a key frame of a profile. */
  readonly onKeyFrame?: (token: string) => void;
  /** Where its service listens; loopback and any port unless given. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Accepts subscriptions, and gives nothing by them. */
  readonly noPull?: boolean;
  /** It can be turned. */
  readonly turns?: boolean;
}

const spaces =
  'xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa5="http://www.w3.org/2005/08/addressing" xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:ter="http://www.onvif.org/ver10/error" xmlns:dom0="http://www.axis.com/2009/event" xmlns:wsrf="http://docs.oasis-open.org/wsrf/r-2" xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl"';
const digestField = 'Digest realm="camera", nonce="abc", qop="auth", algorithm=MD5';

/** A message as cameras write it. */
export function onvifMessage(
  topic: string,
  of: {
    readonly operation?: string;
    readonly source?: string;
    readonly state?: boolean | string;
    readonly name?: string;
  },
): string {
  const { operation = "Changed", source = "000", state = true, name = "State" } = of;
  return `<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="2026-11-01T11:59:43Z" PropertyOperation="${operation}"><tt:Source><tt:SimpleItem Name="Source" Value="${source}"/></tt:Source><tt:Data><tt:SimpleItem Name="${name}" Value="${state}"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>`;
}

/** A camera that tells events by pull points, with the faults of real ones. */
export class OnvifCamera implements AsyncDisposable {
  /** Each request's action, in order. */
  readonly asked: string[] = [];
  subscriptions = 0;
  /** How it was turned. */
  readonly ptz = new ScriptedPtz();
  /** What a new subscription is told first. */
  initial: readonly string[] = [];
  #queue: string[] = [];
  #known = "";
  #waiting: (() => void) | undefined;
  readonly #options: OnvifCameraOptions;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(options: OnvifCameraOptions) {
    this.#options = options;
  }

  static async start(options: OnvifCameraOptions = {}): Promise<OnvifCamera> {
    const camera = new OnvifCamera(options);
    const { host, port } = options.listen ?? { host: "127.0.0.1", port: 0 };
    await new Promise<void>((resolve) => camera.#server.listen(port, host, resolve));
    return camera;
  }

  get url(): string {
    return `http://${this.#options.listen?.host ?? "127.0.0.1"}:${(this.#server.address() as AddressInfo).port}/onvif/device_service`;
  }

  /** Something happens. */
  tell(...messages: readonly string[]): void {
    this.#queue.push(...messages);
    this.#waiting?.();
  }

  /** Something moves before it, or nothing does any more: what its two detectors say then, as most cameras have both. */
  moves(state: boolean): void {
    this.tell(
      onvifMessage("tns1:RuleEngine/CellMotionDetector/Motion", { name: "IsMotion", source: "VideoSource_1", state }),
      onvifMessage("tns1:VideoSource/MotionAlarm", { source: "VideoSource_1", state }),
    );
  }

  /** It restarts, and knows no subscription any more. */
  forget(): void {
    this.#known = "";
    this.#waiting?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting?.();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const piece of request) text += String(piece);
    const action = /action="[^"]*\/(\w+?)(?:Request)?"/.exec(request.headers["content-type"] ?? "")?.[1] ?? "";
    this.asked.push(action);
    const refused = action !== "GetSystemDateAndTime" && !this.#isKnown(request, text);
    if (refused && this.#options.httpDigest) {
      response.writeHead(401, { "www-authenticate": digestField }).end();
      return;
    }
    const answer = refused ? fault("ter:NotAuthorized", "Sender not Authorized") : await this.#answer(action, text);
    if (response.destroyed) return;
    response.writeHead(answer.includes("Fault>") ? 400 : 200, { "content-type": "application/soap+xml" });
    response.end(
      `<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope ${spaces}><SOAP-ENV:Header/><SOAP-ENV:Body>${answer}</SOAP-ENV:Body></SOAP-ENV:Envelope>`,
    );
  }

  async #answer(action: string, text: string): Promise<string> {
    const { aheadMs = 0, wrongHost = false, noRenew = false, noPull = false, byAddress = false } = this.#options;
    if (action === "GetSystemDateAndTime") return timeOf(new Date(Date.now() + aheadMs));
    const base = wrongHost ? "http://192.0.2.1:8000" : new URL(this.url).origin;
    if (action === "GetCapabilities")
      return `<tds:GetCapabilitiesResponse><tds:Capabilities>${this.#options.turns ? this.ptz.capabilities(base) : ""}<tt:Events><tt:XAddr>${base}/onvif/event_service</tt:XAddr></tt:Events></tds:Capabilities></tds:GetCapabilitiesResponse>`;
    const turned = this.#options.turns ? await this.ptz.answer(action, text) : undefined;
    if (turned !== undefined) return turned === "" ? fault("ter:InvalidArgVal", action) : turned;
    const media = this.#media(action, text);
    if (media !== undefined) return media;
    if (action === "CreatePullPointSubscription") {
      this.#known = String(++this.subscriptions);
      this.#queue = [...this.initial];
      this.#waiting?.();
      const parameters = byAddress
        ? ""
        : `<wsa5:ReferenceParameters><dom0:SubscriptionId>${this.#known}</dom0:SubscriptionId></wsa5:ReferenceParameters>`;
      const reference = `<wsa5:Address>${base}/onvif/pull?a=1&amp;b=2</wsa5:Address>${parameters}`;
      return `<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>${reference}</tev:SubscriptionReference>${times("wsnt")}</tev:CreatePullPointSubscriptionResponse>`;
    }
    if (!["PullMessages", "Renew", "Unsubscribe"].includes(action)) return fault("ter:ActionNotSupported", action);
    const isOurs =
      byAddress ||
      text.includes(
        `<dom0:SubscriptionId xmlns:dom0="http://www.axis.com/2009/event" a:IsReferenceParameter="true">${this.#known}<`,
      );
    if (this.#known === "" || !isOurs) return fault("wsrf:ResourceUnknownFault", "there is no such subscription");
    if (action === "Renew")
      return noRenew
        ? fault("ter:ActionNotSupported", "not implemented")
        : `<wsnt:RenewResponse>${times("wsnt")}</wsnt:RenewResponse>`;
    if (action === "Unsubscribe") return "<wsnt:UnsubscribeResponse/>";
    if (noPull) return fault("ter:ActionNotSupported", "not implemented");
    if (this.#queue.length === 0) {
      const known = this.#known;
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
      // Whoever asked for an earlier subscription takes nothing from the next one.
      if (this.#known !== known) return fault("wsrf:ResourceUnknownFault", "there is no such subscription");
    }
    return `<tev:PullMessagesResponse>${times("tev")}${this.#queue.splice(0).join("")}</tev:PullMessagesResponse>`;
  }

  #media(action: string, text: string): string | undefined {
    const { profiles = [] } = this.#options;
    if (profiles.length === 0) return undefined;
    const encoder = ({ encoding, widthPx, heightPx }: (typeof profiles)[number]) =>
      `<tt:VideoEncoderConfiguration token="V"><tt:Encoding>${encoding}</tt:Encoding><tt:Resolution><tt:Width>${widthPx}</tt:Width><tt:Height>${heightPx}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration>`;
    if (action === "GetProfiles")
      return `<trt:GetProfilesResponse xmlns:trt="http://www.onvif.org/ver10/media/wsdl">${profiles.map((one) => `<trt:Profiles token="${one.token}" fixed="true"><tt:Name>${one.token}</tt:Name>${encoder(one)}</trt:Profiles>`).join("")}</trt:GetProfilesResponse>`;
    if (action === "SetSynchronizationPoint" && this.#options.onKeyFrame) {
      this.#options.onKeyFrame(/ProfileToken>([^<]*)</.exec(text)?.[1] ?? "");
      return '<trt:SetSynchronizationPointResponse xmlns:trt="http://www.onvif.org/ver10/media/wsdl"/>';
    }
    if (action !== "GetStreamUri") return undefined;
    const asked = /ProfileToken>([^<]*)</.exec(text)?.[1];
    const found = profiles.find(({ token }) => token === asked);
    if (!found) return fault("ter:NoProfile", "there is no such profile");
    return `<trt:GetStreamUriResponse xmlns:trt="http://www.onvif.org/ver10/media/wsdl"><trt:MediaUri><tt:Uri>${found.uri.replaceAll("&", "&amp;")}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect></trt:MediaUri></trt:GetStreamUriResponse>`;
  }

  #isKnown({ headers, url = "" }: IncomingMessage, text: string): boolean {
    const { username, password, httpDigest, aheadMs = 0 } = this.#options;
    if (username === undefined || password === undefined) return true;
    if (httpDigest) {
      const [challenge] = parseChallenges([digestField]);
      const { authorization = "" } = headers;
      const part = (name: string) => new RegExp(`${name}="?([^",]+)`).exec(authorization)?.[1] ?? "";
      if (!challenge || authorization === "") return false;
      const nonceCount = Number.parseInt(part("nc"), 16);
      return (
        authorization ===
        authorize(challenge, { username, password, method: "POST", uri: url, nonceCount, cnonce: part("cnonce") })
      );
    }
    const field = (name: string) => new RegExp(`<\\w+:${name}(?: [^>]*)?>([^<]*)<`).exec(text)?.[1] ?? "";
    const created = field("Created");
    const isNow = Math.abs(Date.parse(created) - (Date.now() + aheadMs)) < 5000;
    const hash = createHash("sha1")
      .update(Buffer.from(field("Nonce"), "base64"))
      .update(created)
      .update(password);
    return isNow && field("Username") === username && field("Password") === hash.digest("base64");
  }
}

function fault(code: string, reason: string): string {
  return `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>${code}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${reason}</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`;
}

function times(prefix: "tev" | "wsnt"): string {
  const [now, then] = [Date.now(), Date.now() + 120_000].map((ms) => new Date(ms).toISOString());
  return `<${prefix}:CurrentTime>${now}</${prefix}:CurrentTime><${prefix}:TerminationTime>${then}</${prefix}:TerminationTime>`;
}

function timeOf(at: Date): string {
  const [y, mo, d] = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
  const [h, mi, s] = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>${h}</tt:Hour><tt:Minute>${mi}</tt:Minute><tt:Second>${s}</tt:Second></tt:Time><tt:Date><tt:Year>${y}</tt:Year><tt:Month>${mo}</tt:Month><tt:Day>${d}</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
}
