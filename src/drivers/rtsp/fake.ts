import type { AudioFormat } from "../../media/format.ts";
import { backchannelTag, type RtspProtocol } from "../../protocols/rtsp/client.ts";
import type { RtspRequest } from "../../protocols/rtsp/message.ts";
import { type RtspAnswer, RtspServer, type RtspServerPeer } from "../../protocols/rtsp/server.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { Listeners } from "../../util/listeners.ts";
import { FakeEar } from "./fake-ear.ts";
import type { FakeFaults } from "./fake-faults.ts";
import { FakeGuard, type FakeGuardOptions } from "./fake-guard.ts";
import {
  audioLines,
  audioTrack,
  type FakeAudio,
  type FakeTrack,
  type FakeVideo,
  playTracks,
  videoTrack,
} from "./fake-media.ts";
import { FakeTalk, type FakeTalkFaults, talks } from "./fake-talk.ts";

/** Options of {@link startFakeRtsp}. */
export interface FakeRtspOptions {
  readonly clock?: Clock;
  readonly host?: string;
  /** Default 0: any free port, kept over reboots. */
  readonly port?: number;
  /** Path of its stream; `/stream` by default. */
  readonly path?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly video?: FakeVideo;
  readonly audio?: FakeAudio;
  /** No password unless given. */
  readonly guard?: FakeGuardOptions;
  /** What SETUP grants; default both. */
  readonly protocols?: readonly RtspProtocol[];
  /** Grants TCP, but sends nothing by it. */
  readonly deafByTcp?: boolean;
  readonly control?: "relative" | "absolute";
  /** Parameter sets in the description too; default true. */
  readonly sprop?: boolean;
  readonly sessionTimeoutS?: number;
  readonly publicMethods?: readonly string[];
  /** What its loudspeaker takes; no back channel unless given. */
  readonly backchannel?: readonly AudioFormat[];
  /** What it does when it is asked for a back channel; "ignore" describes without one. Default: as the standard says. */
  readonly onRequire?: 551 | 400 | "ignore" | "hang-up";
  /** The firmware that wants RECORD for the back channel. */
  readonly wantsRecord?: boolean;
  /** Faults of its speaker. */
  readonly talk?: FakeTalkFaults;
  /** Lines of its description's speaker in place of those that `backchannel` makes. */
  readonly talkLines?: readonly string[];
  /** Session lines of its description, e.g. `s=` and `a=tool`. */
  readonly sessionLines?: readonly string[];
  /** What it calls itself in its answers. */
  readonly name?: string;
  /** What it does against the standards. */
  readonly faults?: FakeFaults;
}

/** Monotonic counters of a fake camera. */
export interface FakeRtspCounters {
  connections: number;
  /** PLAY or RECORD granted. */
  sessions: number;
  teardowns: number;
  keepAlives: number;
  receiverReports: number;
}

/** Starts a fake camera at `rtsp://127.0.0.1:<port>/stream` unless another path is given. Its owner disposes it. */
export async function startFakeRtsp(options: FakeRtspOptions = {}): Promise<FakeRtsp> {
  const fake = new FakeRtsp(options);
  await fake.powerUp();
  return fake;
}

/** A scripted RTSP camera with the faults of real ones. */
export class FakeRtsp implements AsyncDisposable {
  readonly counters: FakeRtspCounters = {
    connections: 0,
    sessions: 0,
    teardowns: 0,
    keepAlives: 0,
    receiverReports: 0,
  };
  readonly guard: FakeGuard | undefined;
  /** What came out of its loudspeaker. */
  readonly ear: FakeEar;
  /** The last thousand requests as they came. */
  readonly requests: RtspRequest[] = [];
  /** What clients answered to {@link askClients}. */
  readonly answers: number[] = [];
  #silent = false;
  #letGoMs = 0;
  #port: number;
  #server: RtspServer | undefined;
  #playing = new Map<RtspServerPeer, Disposable>();
  #tracks: readonly FakeTrack[];
  readonly #talkTypes: ReadonlyMap<number, AudioFormat>;
  readonly #talk: FakeTalk;
  readonly #changed = new Listeners<void>((error) => {
    throw error;
  });
  readonly #faults: FakeFaults;
  readonly #options: FakeRtspOptions;
  readonly #clock: Clock;
  /** When it was switched on: its timestamps count from here. */
  readonly bootedUs: number;
  #ageUs = 0;

  /** Made by {@link startFakeRtsp}. */
  constructor(options: FakeRtspOptions) {
    this.#options = options;
    this.#faults = options.faults ?? {};
    this.#clock = options.clock ?? systemClock;
    this.bootedUs = this.#clock.nowUs();
    this.#port = options.port ?? 0;
    this.guard = options.guard && new FakeGuard(options.guard);
    this.#talkTypes = new Map(
      (options.backchannel ?? []).map((format, index) => [talkPayloadType(format, index), format]),
    );
    this.ear = new FakeEar(this.#talkTypes, { clock: this.#clock });
    this.#talk = new FakeTalk(options.talk ?? {});
    this.#tracks = [
      ...(options.video ? [videoTrack(options.video, { sprop: options.sprop ?? true, faults: options.faults })] : []),
      ...(options.audio ? [audioTrack(options.audio, options.faults)] : []),
    ];
  }

  get port(): number {
    return this.#port;
  }

  get #path(): string {
    return this.#options.path ?? "/stream";
  }

  get address(): string {
    return `${this.#options.tls ? "rtsps" : "rtsp"}://127.0.0.1:${this.#port}${this.#path}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#server?.peers.length ?? 0;
  }

  /** Viewers and talkers that are being served now. */
  get playing(): number {
    return this.#playing.size;
  }

  /** Connections that asked for its speaker and live: its bell is dead meanwhile. */
  get asking(): number {
    return this.#talk.asking;
  }

  /** Resolves as soon as `condition` holds; looked at after every request, packet heard and lost connection. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _listening = this.#changed.add(() => {
      if (condition()) resolve();
    });
    await promise;
  }

  /** Stays connected and sends nothing any more, or again. */
  silence(silent: boolean): void {
    this.#silent = silent;
  }

  /** Answers TEARDOWN only after this time, and goes on sending until then. */
  letGo(ms: number): void {
    this.#letGoMs = ms;
  }

  /** Its clock jumps: timestamps go on `seconds` later, or earlier; reports of the wall clock follow. */
  jump(seconds: number): void {
    this.#ageUs += seconds * 1e6;
  }

  /** Pulls the plug: every connection breaks and nobody listens. */
  async powerDown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.[Symbol.asyncDispose]();
  }

  /** Listens again, at the same port. */
  async powerUp(): Promise<void> {
    this.#server = await RtspServer.listen({
      ...this.#options,
      port: this.#port,
      protocols: this.#options.protocols ?? ["tcp", "udp"],
      onTransport: (agreed, control) => {
        const told = this.#talk.transport(agreed, control);
        return control.startsWith("talk") ? told : (this.#faults.told?.(told) ?? told);
      },
      onChannels: this.#faults.channels,
      onFrame: this.#faults.frame,
      onReply: this.#faults.answer,
      intercept: (request, peer) => this.#intercept(request, peer),
      describe: (request) => this.#describe(request),
      onConnection: () => this.#count("connections"),
      onPlay: (peer, request) => this.#play(peer, request),
      beforeTeardown: () => (this.#letGoMs > 0 ? this.#clock.sleep(this.#letGoMs) : undefined),
      onTeardown: (peer) => {
        this.#stop(peer);
        this.#count("teardowns");
      },
      onRtp: (packet, control, peer) => {
        if (control.startsWith("talk")) this.ear.hear(packet, peer);
        this.#changed.emit();
      },
      onRtcp: (packet) => {
        if (packet.length > 8) this.#count("receiverReports");
      },
      onAnswer: (status) => {
        this.answers.push(status);
        this.#changed.emit();
      },
      onGone: (peer) => {
        this.#stop(peer);
        this.#talk.gone(peer);
        this.#changed.emit();
      },
    });
    this.#port = this.#server.port;
  }

  /** Goes down and comes up again. */
  async reboot(): Promise<void> {
    await this.powerDown();
    await this.powerUp();
  }

  /** Asks every client something, as servers may. */
  askClients(method: string): void {
    for (const peer of this.#server?.peers ?? []) peer.request(method, this.address);
  }

  /** Breaks the connections of those who watch, not of those who speak. */
  dropPicture(): void {
    for (const peer of this.#playing.keys()) if (!talks(peer)) peer.drop();
  }

  /** Puts bytes that mean nothing on every connection. */
  babble(bytes: Uint8Array): void {
    for (const peer of this.#server?.peers ?? []) peer.raw(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerDown();
  }

  #intercept(request: RtspRequest, peer: RtspServerPeer): RtspAnswer | "silence" | undefined {
    this.requests.push(request);
    if (this.requests.length > 1000) this.requests.shift();
    queueMicrotask(() => this.#changed.emit());
    const refused = this.guard?.check(request);
    if (refused) return refused;
    if (this.#silent) return "silence";
    const reply = this.#faults.reply?.(request, peer);
    if (reply) return reply;
    if (request.method === "GET_PARAMETER" || (request.method === "OPTIONS" && this.#playing.has(peer))) {
      this.counters.keepAlives++;
    }
    const asks = request.headers.get("Require") === backchannelTag;
    const { onRequire } = this.#options;
    if (asks && typeof onRequire === "number") return { status: onRequire };
    if (asks && onRequire === "hang-up") peer.drop();
    const refusal = this.#talk.intercept(request, { peer, asks, playing: [...this.#playing.keys()] });
    if (refusal) return refusal;
    if (talks(peer) && this.#options.wantsRecord && request.method === "PLAY") return { status: 400 };
    return undefined;
  }

  #describe(request: RtspRequest): RtspAnswer {
    if (!new URL(request.uri).pathname.startsWith(this.#path)) return { status: 404 };
    const base = this.address;
    const absolute = this.#options.control === "absolute";
    const controlOf = (control: string) => `a=control:${absolute ? `${base}/` : ""}${control}`;
    const asks = request.headers.get("Require") === backchannelTag && this.#options.onRequire === undefined;
    const session = this.#options.sessionLines ?? ["s=fake camera"];
    const lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", ...session, "c=IN IP4 0.0.0.0", "t=0 0"];
    lines.push(`a=control:${absolute ? base : "*"}`);
    for (const track of this.#tracks)
      lines.push(...track.sdp, controlOf(track.control), ...(asks ? ["a=recvonly"] : []));
    if (asks && this.#options.talkLines) lines.push(...this.#options.talkLines);
    else if (asks && this.#talkTypes.size > 0) {
      lines.push(`m=audio 0 RTP/AVP ${[...this.#talkTypes.keys()].join(" ")}`);
      for (const [type, format] of this.#talkTypes) lines.push(...audioLines(format, type).map);
      lines.push(controlOf("talk"), "a=sendonly");
    }
    const headers = { "Content-Type": "application/sdp", "Content-Base": absolute ? undefined : `${base}/` };
    const bent = this.#faults.sdp?.(lines) ?? lines;
    return { status: 200, headers, body: `${bent.join("\r\n")}\r\n` };
  }

  #play(peer: RtspServerPeer, request: RtspRequest): void {
    this.#stop(peer);
    const deaf = this.#options.deafByTcp && this.#requestedTcp();
    const outlet = {
      sendRtp: (control: string, packet: Uint8Array) =>
        this.#silent || deaf || this.#talk.pausesPicture([...this.#playing.keys()]) || peer.sendRtp(control, packet),
      sendRtcp: (control: string, packet: Uint8Array) => this.#silent || deaf || peer.sendRtcp(control, packet),
    };
    const tracks = request.method === "PLAY" ? this.#tracks.filter(({ control }) => peer.controls.has(control)) : [];
    this.#playing.set(
      peer,
      playTracks(tracks, { clock: this.#clock, outlet, sinceUs: this.bootedUs, ageUs: () => this.#ageUs }),
    );
    this.#count("sessions");
  }

  #requestedTcp(): boolean {
    const setup = this.requests.findLast(({ method }) => method === "SETUP");
    return setup?.headers.get("Transport")?.includes("TCP") ?? false;
  }

  #stop(peer: RtspServerPeer): void {
    this.#playing.get(peer)?.[Symbol.dispose]();
    this.#playing.delete(peer);
  }

  #count(counter: keyof FakeRtspCounters): void {
    this.counters[counter]++;
    this.#changed.emit();
  }
}

function talkPayloadType(format: AudioFormat, index: number): number {
  if (format.codec === "pcmu") return 0;
  if (format.codec === "pcma") return 8;
  return format.codec === "g722" ? 9 : 100 + index;
}
