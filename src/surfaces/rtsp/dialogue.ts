import type { Principal } from "../../identity/policy.ts";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import type { RtspAnswer } from "../../protocols/rtsp/server.ts";
import { formatTransport, parseTransports, type RtspTransport } from "../../protocols/rtsp/transport-header.ts";
import type { Caller } from "./access.ts";
import type { Desk } from "./desk.ts";
import { Microphone } from "./microphone.ts";
import type { OpenedOutlet } from "./outlets.ts";
import { type Place, placeOf } from "./place.ts";
import { describePresentation, type Medium, openPresentation, type Presentation } from "./presentation.ts";
import { RtspRefusal } from "./refusal.ts";
import { Session, sessionTimeoutS } from "./session.ts";

/** Options of {@link Dialogue}. */
export interface DialogueOptions {
  readonly desk: Desk;
  readonly caller: Caller;
  /** Opens where media go to; undefined for a transport that cannot be had here. */
  readonly outlet: (wanted: RtspTransport) => Promise<OpenedOutlet | undefined>;
  /** The client is no stranger any more. */
  readonly onKnown: () => void;
  /** What the client was told of is over, whether or not it set anything up: for this reason. */
  readonly onEnded: (reason: string) => void;
  /** The connection is gone. */
  readonly signal: AbortSignal;
}

const methods = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"];
const backchannelTag = "www.onvif.org/ver20/backchannel";

/** What one client asks, one request after the other, and what that makes of its session. */
export class Dialogue implements AsyncDisposable {
  #principal: Principal | undefined;
  #presentation: Presentation | undefined;
  #session: Session | undefined;
  readonly #options: DialogueOptions;

  constructor(options: DialogueOptions) {
    this.#options = options;
  }

  /** The session, once something is set up. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The answer to a request, without its CSeq. Throws RtspRefusal, or what the hub throws. */
  async answer(request: RtspRequest): Promise<RtspAnswer> {
    const { desk } = this.#options;
    if (this.#session) this.#session.lastSignUs = desk.hub.clock.nowUs();
    refuseUnknownTags(request);
    switch (request.method.toUpperCase()) {
      case "OPTIONS":
        return { status: 200, headers: { Public: methods.join(", ") } };
      case "DESCRIBE":
        return await this.#describe(request);
      case "SETUP":
        return await this.#setUp(request);
      case "PLAY":
        return this.#play(request);
      case "PAUSE":
        this.#sessionOf(request).pause();
        return this.#inSession();
      case "GET_PARAMETER":
      case "SET_PARAMETER":
        return this.#parameter(request);
      case "TEARDOWN":
        return await this.#tearDown(request);
      default:
        throw new RtspRefusal(405, "Method Not Allowed", { Allow: methods.join(", ") });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.[Symbol.dispose]();
    this.#session = undefined;
    await this.#leave();
  }

  async #describe(request: RtspRequest): Promise<RtspAnswer> {
    const place = placeOf(request.uri);
    const presentation = await this.#open(request, place);
    const base = request.uri.split(/[?#]/)[0]?.replace(/\/+$/, "") ?? "";
    return {
      status: 200,
      headers: { "Content-Base": `${base}/`, "Content-Type": "application/sdp", "Cache-Control": "no-cache" },
      body: describePresentation(presentation),
    };
  }

  async #setUp(request: RtspRequest): Promise<RtspAnswer> {
    this.#refuseOtherSession(request);
    const place = placeOf(request.uri);
    const presentation = await this.#open(request, place);
    const medium = mediumOf(presentation, place?.control);
    const { outlet, transport } = await this.#outlet(request);
    this.#session ??= this.#begin(presentation);
    const ssrc = this.#session.setUp(medium, outlet);
    const answered = medium.track ? { ...transport, ssrc } : transport;
    return {
      status: 200,
      headers: { Session: `${this.#session.id};timeout=${sessionTimeoutS}`, Transport: formatTransport(answered) },
    };
  }

  /** The first transport of those that the client offers that can be had. */
  async #outlet(request: RtspRequest): Promise<OpenedOutlet> {
    for (const wanted of parseTransports(request.headers.get("Transport") ?? "")) {
      const opened = await this.#options.outlet(wanted);
      if (opened) return opened;
    }
    throw new RtspRefusal(461, "Unsupported Transport");
  }

  #begin(presentation: Presentation): Session {
    const { desk } = this.#options;
    const { principal, device } = presentation;
    const microphone = new Microphone({ hub: desk.hub, principal, deviceId: device.id });
    return new Session({ desk, presentation, microphone });
  }

  #play(request: RtspRequest): RtspAnswer {
    const session = this.#sessionOf(request);
    const base = request.uri.replace(/\/(trackID=\d+\/?)?$/i, "");
    const info = session.play().map(({ control, sequence }) => `url=${base}/${control};seq=${sequence}`);
    const headers = { Range: "npt=now-", ...(info.length > 0 && { "RTP-Info": info.join(",") }) };
    return { status: 200, headers: { Session: session.id, ...headers } };
  }

  /** Empty ones keep a session alive; `talk` tells how it goes with what the client says. */
  #parameter(request: RtspRequest): RtspAnswer {
    if (request.headers.has("Session")) this.#sessionOf(request);
    const names = Buffer.from(request.body)
      .toString("latin1")
      .split(/\r?\n/)
      .map((name) => name.trim())
      .filter(Boolean);
    if (names.length === 0) return this.#inSession();
    if (request.method.toUpperCase() !== "GET_PARAMETER" || names.some((name) => name !== "talk")) {
      throw new RtspRefusal(451, "Parameter Not Understood");
    }
    const body = `talk: ${this.#session?.microphone.told ?? "nothing is set up"}\r\n`;
    return { status: 200, headers: { Session: this.#session?.id, "Content-Type": "text/parameters" }, body };
  }

  async #tearDown(request: RtspRequest): Promise<RtspAnswer> {
    const session = this.#sessionOf(request);
    session[Symbol.dispose]();
    this.#session = undefined;
    await this.#leave();
    return { status: 200, headers: { Session: session.id } };
  }

  #inSession(): RtspAnswer {
    return { status: 200, headers: { Session: this.#session?.id } };
  }

  /** The session that a request is about. Throws RtspRefusal 454, or 455 when there is none and none is named. */
  #sessionOf(request: RtspRequest): Session {
    this.#refuseOtherSession(request);
    if (!this.#session) throw new RtspRefusal(455, "Method Not Valid in This State");
    return this.#session;
  }

  #refuseOtherSession(request: RtspRequest): void {
    const named = request.headers.get("Session")?.split(";")[0]?.trim();
    if (named !== undefined && named !== this.#session?.id) throw new RtspRefusal(454, "Session Not Found");
  }

  /** The presentation of a place: the one that is open already, or a new one in its stead. */
  async #open(request: RtspRequest, place: Place | undefined): Promise<Presentation> {
    const principal = this.#authenticate(request);
    const open = this.#presentation;
    const asked = requires(request).includes(backchannelTag);
    const same = open && place && open.place.deviceId === place.deviceId && open.place.label === place.label;
    if (open && same && open.principal.credentialId === principal.credentialId) {
      if (open.backchannel || !asked || request.method.toUpperCase() === "SETUP") return open;
    }
    if (this.#session) throw new RtspRefusal(455, "One session at a time on a connection");
    if (!place) throw new RtspRefusal(404, "There is no such stream; its address is rtsp://hub/<device>");
    await this.#leave();
    const { desk, caller, signal, onEnded: onOver } = this.#options;
    const asker = { person: principal.userId, device: place.deviceId, block: caller.block };
    this.#presentation = await openPresentation(desk, { principal, place, backchannel: asked, asker, signal, onOver });
    return this.#presentation;
  }

  /** A request without credentials is the one's who showed theirs on this connection before. */
  #authenticate(request: RtspRequest): Principal {
    const { desk, caller, onKnown } = this.#options;
    if (this.#principal && !request.headers.has("Authorization")) return this.#principal;
    this.#principal = desk.access.check(request, caller);
    onKnown();
    return this.#principal;
  }

  async #leave(): Promise<void> {
    const presentation = this.#presentation;
    this.#presentation = undefined;
    await presentation?.[Symbol.asyncDispose]();
  }
}

function requires(request: RtspRequest): readonly string[] {
  return request.headers.all("Require").flatMap((value) => value.split(",").map((tag) => tag.trim().toLowerCase()));
}

function refuseUnknownTags(request: RtspRequest): void {
  const unknown = requires(request).filter((tag) => tag !== "" && tag !== backchannelTag);
  if (unknown.length > 0) throw new RtspRefusal(551, "Option not supported", { Unsupported: unknown.join(", ") });
}

/** A medium by its control; without one the only one. Throws RtspRefusal 459 for all of several at once. */
function mediumOf({ media }: Presentation, control: string | undefined): Medium {
  const [first] = media;
  if (control === undefined && first && media.length === 1) return first;
  if (control === undefined) throw new RtspRefusal(459, "Aggregate Operation Not Allowed");
  const found = media.find((medium) => medium.control === control);
  if (!found) throw new RtspRefusal(404, "There is no such medium");
  return found;
}
