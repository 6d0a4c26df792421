import { ApiError, ownHeaders, problemOf } from "../api.ts";
import { t } from "../language/t.ts";
import { hubFetch } from "./way.ts";
import { iceServersOf } from "./whep.ts";

/** Options of {@link VoiceLine}. */
export interface VoiceOptions {
  /** Where to POST the offer; `/voice` of this page's hub by default. */
  readonly url?: string;
  /** Bearer token, for pages that are not the hub's own. */
  readonly token?: string;
  /** The connection was lost while somebody spoke; not for `close`. */
  readonly onLost: () => void;
}

interface Connection {
  readonly peer: RTCPeerConnection;
  readonly sender: RTCRtpSender;
  readonly id: string;
  readonly location: string;
}

const keptForMs = 30_000;
const connectMs = 8000;
/** A connection that finds no way within this time is made again with the servers that the hub named. */
const pathlessAfterMs = 3000;

/**
 * The page's one sending connection, whatever is spoken to: opened at the first press or before it ({@link keep}), kept for 30 s
 * after the last, so that the next press is heard at once. To speak only changes the sender's track: no new offer.
 */
export class VoiceLine {
  #opening: Promise<Connection> | undefined;
  #leaving: number | undefined;
  #kept = false;
  #iceServers: readonly RTCIceServer[] = [];
  readonly #options: VoiceOptions;

  constructor(options: VoiceOptions) {
    this.#options = options;
  }

  /** What the hub calls this microphone. Throws {@link ApiError} when the hub refuses or cannot be reached. */
  async open(): Promise<string> {
    clearTimeout(this.#leaving);
    this.#opening ??= this.#connect();
    const opening = this.#opening;
    try {
      return (await opening).id;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  /** Puts a microphone into the connection, or takes it out with null. */
  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    const connection = await this.#opening?.catch(() => undefined);
    await connection?.sender.replaceTrack(track);
  }

  /** Opens it before anybody speaks, and keeps it until {@link letGo}; what goes wrong is told at the next press. */
  keep(): void {
    this.#kept = true;
    this.open().catch(() => {});
  }

  /** Whoever might have spoken looks elsewhere. */
  letGo(): void {
    this.#kept = false;
    this.rest();
  }

  /** Nobody talks any more: gives the connection back after a while. */
  rest(): void {
    clearTimeout(this.#leaving);
    if (this.#kept) return;
    this.#leaving = window.setTimeout(() => this.close(), keptForMs);
  }

  /** Ends it here and at the hub. */
  close(): void {
    clearTimeout(this.#leaving);
    this.#kept = false;
    const opening = this.#opening;
    this.#opening = undefined;
    opening?.then(
      (connection) => this.#end(connection),
      () => {}, // It never was open.
    );
  }

  async #connect(): Promise<Connection> {
    const before = this.#iceServers.length;
    const first = await this.#offer();
    try {
      await connected(first.peer, before < this.#iceServers.length ? pathlessAfterMs : connectMs);
      this.#watch(first);
      return first;
    } catch (error) {
      this.#end(first);
      if (before === this.#iceServers.length) throw error;
    }
    const second = await this.#offer();
    try {
      await connected(second.peer, connectMs);
      this.#watch(second);
      return second;
    } catch (error) {
      this.#end(second);
      throw error;
    }
  }

  async #offer(): Promise<Connection> {
    const iceServers = [...this.#iceServers];
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers });
    try {
      const { sender } = peer.addTransceiver("audio", { direction: "sendonly" });
      await peer.setLocalDescription();
      // The hub's own candidates are reachable at home: ours are waited for only where a server relays.
      if (iceServers.length > 0) await gathered(peer);
      const response = await hubFetch(this.#options.url ?? "/voice", {
        method: "POST",
        headers: { ...this.#headers(), "content-type": "application/sdp" },
        body: peer.localDescription?.sdp ?? "",
      }).catch((cause: unknown) => {
        throw new ApiError(t("The hub does not answer."), { status: 0, cause });
      });
      if (!response.ok) throw await problemOf(response);
      const location = new URL(response.headers.get("location") ?? "", response.url).href;
      this.#iceServers = iceServersOf(response.headers.get("link") ?? "");
      await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
      return { peer, sender, location, id: location.split("/").pop() ?? "" };
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  #watch(connection: Connection): void {
    const { peer } = connection;
    peer.onconnectionstatechange = () => {
      if (!["failed", "closed", "disconnected"].includes(peer.connectionState)) return;
      this.#end(connection);
      this.#opening = undefined;
      this.#options.onLost();
    };
  }

  #end({ peer, location }: Connection): void {
    peer.onconnectionstatechange = null;
    // The hub first: closing the connection ends it there by itself, and this would find it gone.
    hubFetch(location, { method: "DELETE", headers: this.#headers(), keepalive: true })
      .catch(() => {}) // The hub ends it by itself when it hears nothing more.
      .finally(() => peer.close());
  }

  #headers(): Record<string, string> {
    const { token } = this.#options;
    return { ...ownHeaders(), ...(token ? { authorization: `Bearer ${token}` } : {}) };
  }
}

function connected(peer: RTCPeerConnection, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new ApiError(t("The hub cannot be reached for sound."), { status: 0 }));
    const timer = window.setTimeout(fail, withinMs);
    const look = () => {
      if (peer.connectionState === "connected") resolve();
      else if (["failed", "closed"].includes(peer.connectionState)) fail();
      else return;
      clearTimeout(timer);
      peer.removeEventListener("connectionstatechange", look);
    };
    peer.addEventListener("connectionstatechange", look);
    look();
  });
}

/** Resolves when a connection knows all its ways, or after 1.5 s. */
export function gathered(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, 1500);
    peer.addEventListener("icegatheringstatechange", () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}
