import { gathered } from "./voice.ts";
import { iceServersOf } from "./whep.ts";

/** Options of {@link StationSound}. */
export interface StationSoundOptions {
  readonly onPlayable: (playable: boolean) => void;
  /** An offer for the hub; its answer comes by `answer`. */
  readonly onOffer: (sdp: string) => void;
}

const retryMs = 2000;

/** The speaker of a station: one connection that receives sound, played as soon as the browser allows it. */
export class StationSound {
  playable = false;
  readonly #options: StationSoundOptions;
  readonly #audio = new Audio();
  /** Never played through: its state says whether the browser lets the page make sound. */
  readonly #context = new AudioContext();
  #peer: RTCPeerConnection | undefined;
  #iceServers: readonly RTCIceServer[] = [];
  #retrying: number | undefined;
  #track: MediaStreamTrack | undefined;

  constructor(options: StationSoundOptions) {
    this.#options = options;
    this.#audio.autoplay = true;
    this.#context.onstatechange = () => this.#judge();
    document.addEventListener("visibilitychange", this.#onShown);
    this.#judge();
  }

  /** Within a person's gesture. */
  touch(): void {
    void this.#context.resume();
    this.#play();
  }

  /** Connects; `links` name the servers that help to find a way. */
  connect(links: readonly string[]): void {
    this.#iceServers = iceServersOf(links.join(", "));
    void this.#offer();
  }

  /** The hub's answer to the newest offer. */
  answer(sdp: string): void {
    const peer = this.#peer;
    if (peer?.signalingState !== "have-local-offer") return;
    peer.setRemoteDescription({ type: "answer", sdp }).catch(() => this.retry());
  }

  /** Connects anew in a moment. */
  retry(): void {
    clearTimeout(this.#retrying);
    this.#retrying = window.setTimeout(() => void this.#offer(), retryMs);
  }

  disconnect(): void {
    clearTimeout(this.#retrying);
    if (this.#peer) this.#peer.onconnectionstatechange = null;
    this.#peer?.close();
    this.#peer = undefined;
  }

  close(): void {
    this.disconnect();
    this.#context.onstatechange = null;
    document.removeEventListener("visibilitychange", this.#onShown);
    void this.#context.close();
    this.#audio.srcObject = null;
  }

  async #offer(): Promise<void> {
    this.disconnect();
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: [...this.#iceServers] });
    this.#peer = peer;
    const { receiver } = peer.addTransceiver("audio", { direction: "recvonly" });
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    peer.ontrack = ({ track }) => {
      this.#track = track;
      this.#play();
    };
    peer.onconnectionstatechange = () => {
      if (["failed", "disconnected", "closed"].includes(peer.connectionState)) this.retry();
    };
    await peer.setLocalDescription();
    // The hub's own candidates are reachable at home: ours are waited for only where a server relays.
    if (this.#iceServers.length > 0) await gathered(peer);
    if (this.#peer === peer) this.#options.onOffer(peer.localDescription?.sdp ?? "");
  }

  /** A page that comes back may have been silenced meanwhile; one that was touched before may go on by itself. */
  #onShown = (): void => {
    if (!document.hidden) void this.#context.resume();
  };

  /**
   * Plays what comes from now on. The stream is a new one each time: whatever an element that was stopped or suspended had
   * kept is never heard later.
   */
  #play(): void {
    if (this.#track) {
      this.#audio.srcObject = new MediaStream([this.#track]);
      this.#audio.play().catch(() => {}); // Refused until the page is touched; `playable` says so.
    }
    this.#judge();
  }

  #judge(): void {
    const playable = this.#context.state === "running";
    if (playable === this.playable) return;
    this.playable = playable;
    if (playable) this.#play();
    else this.#audio.srcObject = null;
    this.#options.onPlayable(playable);
  }
}
