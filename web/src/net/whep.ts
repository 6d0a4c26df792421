import { ApiError, ownHeaders, problemOf } from "../api.ts";
import { t } from "../language/t.ts";
import { convertedOf, isForDecoder } from "../pure/picture-words.ts";
import { type Numbers, NumbersTaker } from "./numbers.ts";
import type { PictureSession } from "./picture-session.ts";
import { hubFetch } from "./way.ts";

/** Options of {@link WhepSession.open}. */
export interface WhepOptions {
  /** Where to POST the offer, e.g. `/whep/front-door`. */
  readonly url: string;
  /** Bearer token, for pages that are not the hub's own. */
  readonly token?: string;
  /** ICE servers that an earlier session was told of. */
  readonly iceServers?: readonly RTCIceServer[];
  /** False asks for sound and talk only: for a picture that this browser cannot decode. */
  readonly picture: boolean;
  /** False asks for the picture only. */
  readonly sound: boolean;
  readonly onTrack: (track: MediaStreamTrack) => void;
  /** Once, when the connection is over for a reason other than `close`. */
  readonly onLost: (reason: string) => void;
  readonly signal: AbortSignal;
}

/**
 * One viewing by WHEP (draft-ietf-wish-whep) with trickle ICE. It only receives: the page's voice goes over a
 * connection of its own (net/voice.ts).
 */
export class WhepSession implements PictureSession {
  readonly peer: RTCPeerConnection;
  /** The last part of `Location`: what the hub calls this session. */
  id = "";
  /** The ICE servers that the hub names: too late for this session's own gathering, in time for the next. */
  iceServers: readonly RTCIceServer[] = [];
  /** What the hub converts the picture from, and why; undefined where it comes as the camera makes it. */
  converted: PictureSession["converted"];
  readonly #taker = new NumbersTaker();
  #location = "";
  #waiting: RTCIceCandidate[] = [];
  readonly #audio: RTCRtpTransceiver | undefined;
  readonly #video: RTCRtpTransceiver;
  readonly #options: WhepOptions;

  private constructor(options: WhepOptions) {
    this.#options = options;
    this.peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: [...(options.iceServers ?? [])] });
    this.#video = this.peer.addTransceiver("video", { direction: options.picture ? "recvonly" : "inactive" });
    this.#audio = options.sound ? this.peer.addTransceiver("audio", { direction: "recvonly" }) : undefined;
    for (const transceiver of [this.#video, this.#audio]) {
      if (transceiver && "jitterBufferTarget" in transceiver.receiver) transceiver.receiver.jitterBufferTarget = 0;
    }
    this.peer.ontrack = (event) => options.onTrack(event.track);
    this.peer.onicecandidate = (event) => {
      if (event.candidate) this.#trickle(event.candidate);
    };
    this.peer.onconnectionstatechange = () => {
      const state = this.peer.connectionState;
      if (state === "failed" || state === "closed" || state === "disconnected")
        this.#lost(t("The connection to the hub was lost."));
    };
  }

  /** Offers and waits for the answer. Throws {@link ApiError} when the hub refuses. */
  static async open(options: WhepOptions): Promise<WhepSession> {
    const session = new WhepSession(options);
    try {
      await session.#offer();
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** There is a way to the hub. */
  get hasWay(): boolean {
    return this.peer.connectionState === "connected";
  }

  numbers(): Promise<Numbers> {
    return this.#taker.take(this.peer);
  }

  /** Whether the answer has a picture in it. */
  get hasVideo(): boolean {
    return this.#video.currentDirection === "recvonly";
  }

  /** Whether the answer has sound in it. */
  get hasAudio(): boolean {
    return this.#audio?.currentDirection === "recvonly";
  }

  /** Asks the hub whether it still knows this session; unreachable counts as alive (the connection itself will tell). */
  async alive(): Promise<boolean> {
    if (!this.#location) return true;
    try {
      const response = await this.#patch([]);
      return response.status !== 404 && response.status !== 410;
    } catch {
      return true;
    }
  }

  /**
   * Asks for the small picture or the large one in this session: the hub turns to it at its next key frame. "differs" when that
   * takes a new session, "late" when the other one is shown still, "lost" when the hub does not answer so.
   */
  async turn(rendition: "main" | "sub"): Promise<"shown" | "late" | "differs" | "lost"> {
    if (!this.#location) return "lost";
    try {
      const response = await hubFetch(`${this.#location}/rendition`, {
        method: "PATCH",
        headers: { ...this.#headers(), "content-type": "application/json" },
        body: JSON.stringify({ rendition }),
        signal: this.#options.signal,
      });
      if (response.status === 409) return "differs";
      // A picture that this browser may decode comes by a session of its own.
      if (response.status === 300) return isForDecoder(await problemOf(response)) ? "differs" : "lost";
      if (!response.ok) return "lost";
      const { shown } = (await response.json()) as { readonly shown?: string };
      return shown === rendition ? "shown" : "late";
    } catch {
      return "lost";
    }
  }

  /** Ends it here and at the hub. */
  close(): void {
    this.peer.onconnectionstatechange = null;
    this.peer.ontrack = null;
    this.peer.onicecandidate = null;
    if (!this.#location) {
      this.peer.close();
      return;
    }
    // The hub first: closing the connection ends the session there by itself, and this would find it gone.
    hubFetch(this.#location, { method: "DELETE", headers: this.#headers(), keepalive: true })
      .catch(() => {}) // The hub ends it by itself when it hears nothing more.
      .finally(() => this.peer.close());
    this.#location = "";
  }

  async #offer(): Promise<void> {
    await this.peer.setLocalDescription();
    const response = await hubFetch(this.#options.url, {
      method: "POST",
      headers: { ...this.#headers(), "content-type": "application/sdp" },
      body: this.peer.localDescription?.sdp ?? "",
      signal: this.#options.signal,
    }).catch((cause: unknown) => {
      if (this.#options.signal.aborted) throw cause;
      throw new ApiError(t("The hub does not answer."), { status: 0, cause });
    });
    if (!response.ok) throw await problemOf(response);
    const location = response.headers.get("location") ?? "";
    this.#location = new URL(location, response.url).href;
    this.id = location.split("/").pop() ?? "";
    this.iceServers = iceServersOf(response.headers.get("link") ?? "");
    this.converted = convertedOf(response.headers.get("doorward-converted"));
    const answer = await response.text();
    if (this.#options.signal.aborted) throw this.#options.signal.reason;
    await this.peer.setRemoteDescription({ type: "answer", sdp: answer });
    if (this.#waiting.length) this.#send();
  }

  #trickle(candidate: RTCIceCandidate): void {
    this.#waiting.push(candidate);
    if (this.#location && this.#waiting.length === 1) queueMicrotask(() => this.#send());
  }

  #send(): void {
    const candidates = this.#waiting;
    this.#waiting = [];
    this.#patch(candidates).catch(() => {}); // A lost candidate is no loss: the hub's own are reachable.
  }

  /** Candidates as an SDP fragment (RFC 8840). */
  #patch(candidates: readonly RTCIceCandidate[]): Promise<Response> {
    const sdp = this.peer.localDescription?.sdp ?? "";
    const line = (name: string) => new RegExp(`^a=${name}:.*$`, "m").exec(sdp)?.[0]?.trim() ?? "";
    const mid = candidates[0]?.sdpMid ?? "0";
    const body = [
      line("ice-ufrag"),
      line("ice-pwd"),
      "m=video 9 UDP/TLS/RTP/SAVPF 0",
      `a=mid:${mid}`,
      ...candidates.map((candidate) => `a=${candidate.candidate}`),
      "",
    ].join("\r\n");
    return hubFetch(this.#location, {
      method: "PATCH",
      headers: { ...this.#headers(), "content-type": "application/trickle-ice-sdpfrag" },
      body,
    });
  }

  #headers(): Record<string, string> {
    const { token } = this.#options;
    return { ...ownHeaders(), ...(token ? { authorization: `Bearer ${token}` } : {}) };
  }

  #lost(reason: string): void {
    this.peer.onconnectionstatechange = null;
    this.#options.onLost(reason);
  }
}

/** ICE servers from `Link` headers (`<turn:host>; rel="ice-server"; username="…"; credential="…"`). */
export function iceServersOf(link: string): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const [, urls = "", rest = ""] of link.matchAll(/<([^>]+)>([^<]*)/g)) {
    if (!/rel="?ice-server"?/.test(rest)) continue;
    const value = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(rest)?.[1];
    const username = value("username");
    servers.push(username === undefined ? { urls } : { urls, username, credential: value("credential") ?? "" });
  }
  return servers;
}
