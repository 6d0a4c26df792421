import { FairSending } from "../../../protocols/rtp/fair-sending.ts";
import { PacketTrack } from "../../../protocols/rtp/packet-track.ts";
import { background } from "../../../util/background.ts";
import { type Clock, systemClock } from "../../../util/clock.ts";
import { messageOf } from "../../../util/errors.ts";
import { candidateAddress, leftOutAddresses, withoutAddresses } from "../left-out.ts";
import type { FromPublishChild } from "../messages.ts";
import { hostPort, withCandidates } from "./answer.ts";
import { type ConnectionOptions, hasRelay } from "./connection.ts";
import type { FromHub } from "./hub-pipe.ts";
import { openSharedPort, type SharedPort } from "./port.ts";
import { Publisher } from "./publisher.ts";
import { hubClock } from "./time.ts";
import { Viewer } from "./viewer.ts";

type Message<Type extends FromHub["type"]> = Extract<FromHub, { type: Type }>;
type ToPeer = Message<"candidate" | "microphone" | "stats" | "close" | "asked" | "takes" | "turn">;

interface Settings {
  readonly clock: Clock;
  readonly udpPort: number;
  readonly iceServers: readonly string[];
  readonly announceAddresses: readonly string[];
  readonly leaveOutInterfaces: readonly string[];
}

const silenceCheckMs = 2000;

/** What the worker does: tracks come in from the hub, viewers are served from them, their sound goes back. */
export class WebRtcService implements AsyncDisposable {
  readonly #tracks = new Map<number, PacketTrack>();
  readonly #peers = new Map<number, Viewer | Publisher>();
  /** What came for viewers whose answer waits for the port; it is heeded as soon as they are there. */
  readonly #early = new Map<number, ToPeer[]>();
  readonly #queue = new FairSending();
  #settings: Settings | undefined;
  #port: Promise<SharedPort> | undefined;
  readonly #post: (message: FromPublishChild) => void;

  constructor(post: (message: FromPublishChild) => void) {
    this.#post = post;
    setInterval(() => {
      for (const peer of [...this.#peers.values()]) peer.checkSilence();
    }, silenceCheckMs).unref();
  }

  /** Closes the port; nothing is served afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    const port = await this.#port?.catch(() => undefined);
    port?.listener.stop();
  }

  /** Viewers that are being served. */
  get viewers(): number {
    return this.#peers.size;
  }

  receive(message: FromHub): void {
    switch (message.type) {
      case "frame":
        this.#tracks.get(message.track)?.write(message);
        return;
      case "configure":
        this.#configure(message);
        return;
      case "track":
        this.#openTrack(message);
        return;
      case "track-end":
        this.#tracks.delete(message.track);
        return;
      case "publish":
      case "ask":
      case "send":
      case "view":
        background(this.#view(message), (error) => this.#post({ type: "trouble", message: messageOf(error) }));
        return;
      default:
        this.#toPeer(message);
    }
  }

  #configure(message: Message<"configure">): void {
    const { clockOffsetUs, udpPort, ...addresses } = message;
    this.#settings = { ...addresses, clock: hubClock(clockOffsetUs), udpPort };
    this.#openPort(udpPort).catch(() => {});
  }

  /** The one port; when it is taken, the next viewer tries again. */
  #openPort(udpPort: number): Promise<SharedPort> {
    this.#port ??= openSharedPort(udpPort).catch((error) => {
      this.#port = undefined;
      throw error;
    });
    return this.#port;
  }

  #openTrack({ track, kind, latencyUs }: Message<"track">): void {
    const clock = this.#settings?.clock ?? systemClock;
    this.#tracks.set(track, new PacketTrack({ kind, clock, latencyUs }));
  }

  async #view(message: Message<"view" | "send" | "publish" | "ask">): Promise<void> {
    const { viewer } = message;
    const early: ToPeer[] = [];
    this.#early.set(viewer, early);
    try {
      const settings = this.#settings;
      if (!settings) throw new Error("not configured");
      const { port } = await this.#openPort(settings.udpPort);
      if (early.some(({ type }) => type === "close")) this.#post({ type: "closed", viewer, reason: "closed" });
      else if (message.type === "view" || message.type === "send")
        this.#peers.set(viewer, this.#show(message, { ...settings, port }));
      else this.#peers.set(viewer, this.#take(message, { ...settings, port }));
    } catch (error) {
      this.#post({ type: "refused", viewer, message: messageOf(error) });
    } finally {
      this.#early.delete(viewer);
    }
    for (const heard of early) this.#toPeer(heard);
  }

  #show(message: Message<"view" | "send">, settings: Settings & { readonly port: number }): Viewer {
    const { viewer, plan, videoTrack, audioTrack } = message;
    const video = videoTrack === undefined ? undefined : this.#tracks.get(videoTrack);
    const audio = audioTrack === undefined ? undefined : this.#tracks.get(audioTrack);
    return new Viewer({
      ...this.#connecting(message, settings),
      offerSdp: message.type === "view" ? message.offerSdp : undefined,
      plan,
      ...(video ? { video } : {}),
      ...(audio ? { audio } : {}),
      queue: this.#queue,
      onFeedback: message.feedback ? (feedback) => this.#post({ type: "feedback", viewer, feedback }) : undefined,
      onSound: (packet) => this.#post({ type: "sound", viewer, ...packet }),
    });
  }

  #take(message: Message<"publish" | "ask">, settings: Settings & { readonly port: number }): Publisher {
    const { viewer, plan } = message;
    return new Publisher({
      ...this.#connecting(message, settings),
      plan,
      ...(message.type === "publish" && { offered: message }),
      sound: message.type === "ask" ? this.#tracks.get(message.audioTrack ?? -1) : undefined,
      queue: this.#queue,
      onAudible: () => this.#post({ type: "audible", viewer }),
      onFormat: (format) => this.#post({ type: "published-format", viewer, format }),
      onFrame: (kind, frame) => this.#post({ type: "published", viewer, kind, frame }),
    });
  }

  /** How a peer of whatever kind is connected, and what is told of it. */
  #connecting(
    message: Message<"view" | "send" | "publish" | "ask">,
    settings: Settings & { readonly port: number },
  ): ConnectionOptions & { readonly onClosed: (reason: string) => void } {
    const { viewer } = message;
    const { clock, port, announceAddresses, leaveOutInterfaces } = settings;
    const { iceServers: own = [], trickles = false } =
      message.type === "publish" || message.type === "send" ? {} : message;
    const iceServers = [...settings.iceServers, ...own];
    const left = leftOutAddresses(leaveOutInterfaces);
    const addresses = [...announceAddresses, "127.0.0.1"];
    const describe = (sdp: string) =>
      withCandidates(withoutAddresses(sdp, left), { port: hasRelay(iceServers) ? hostPort(sdp) : port, addresses });
    return {
      name: `${message.type === "view" ? "viewer" : "publisher"}-${viewer}`,
      ...{ port, iceServers, clock, trickles },
      onAnswer: (sdp) => this.#post({ type: "answer", viewer, sdp: describe(sdp) }),
      onCandidate: (candidate) => {
        const told = candidate === null || !left.has(candidateAddress(candidate.candidate));
        if (told && trickles) this.#post({ type: "found", viewer, candidate });
      },
      onClosed: (reason) => {
        this.#peers.delete(viewer);
        this.#post({ type: "closed", viewer, reason });
      },
    };
  }

  #toPeer(message: ToPeer): void {
    this.#early.get(message.viewer)?.push(message);
    const peer = this.#peers.get(message.viewer);
    if (!peer) return;
    if (message.type === "candidate") this.#addCandidate(peer, message);
    else if (message.type === "asked" || message.type === "takes") this.#asked(peer, message);
    else if (message.type === "turn") this.#turn(peer, message);
    else if (message.type === "microphone") peer.wantMicrophone(message.wanted);
    else if (message.type === "close") peer.close("closed");
    else this.#post({ type: "stats", viewer: message.viewer, request: message.request, stats: peer.stats });
  }

  #turn(peer: Viewer | Publisher, { viewer, track }: Message<"turn">): void {
    const video = this.#tracks.get(track);
    if (video && peer instanceof Viewer) peer.turnTo(video, () => this.#post({ type: "turned", viewer, track }));
  }

  #asked(peer: Viewer | Publisher, message: Message<"asked" | "takes">): void {
    try {
      if (message.type === "takes") {
        if (peer instanceof Viewer) peer.takes(message.answerSdp, message.mids);
      } else if (peer instanceof Publisher) peer.answered({ ...message, sdp: message.answerSdp });
    } catch (error) {
      this.#post({ type: "trouble", message: `viewer ${message.viewer}: answer refused: ${messageOf(error)}` });
      peer.close("failed");
    }
  }

  #addCandidate(peer: Viewer | Publisher, message: Message<"candidate">): void {
    try {
      peer.addCandidate(message.candidate);
    } catch (error) {
      this.#post({ type: "trouble", message: `viewer ${message.viewer}: candidate refused: ${messageOf(error)}` });
    }
  }
}
