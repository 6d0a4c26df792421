import { spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { lookup } from "node:dns/promises";
import type { Readable, Writable } from "node:stream";
import { background } from "../../../util/background.ts";
import type { Clock } from "../../../util/clock.ts";
import { messageOf, WireError } from "../../../util/errors.ts";
import type { ChildLink, ChildListener } from "../../child-link.ts";
import { Microphone } from "../child/microphone.ts";
import { machineUs } from "../child/time.ts";
import type { FromChild, ToChild } from "../messages.ts";
import { writeAnswer } from "./answer-sdp.ts";
import { isMedia } from "./media.ts";
import { MediaPipe } from "./media-pipe.ts";
import { type Endpoint, type MessageReader, MessageSplitter, MessageWriter } from "./message.ts";
import { readCandidate, readTransport } from "./offer-ice.ts";
import { ownCandidates } from "./own-candidates.ts";
import { fromEngine, noMicrophone, statsFlags, toEngine, viewFlags, wireLimits, wireVersion } from "./wire.ts";

/** Options of {@link startEngine}. */
export interface EngineOptions {
  /** Path of the engine's program. */
  readonly program: string;
  readonly clock: Clock;
}

type Message<Type extends ToChild["type"]> = Extract<ToChild, { type: Type }>;
type ForViewer = Message<"view" | "candidate" | "microphone" | "stats" | "close" | "turn">;

/** Longest wait of a first viewer for the answer of a STUN server. */
const publicAddressMs = 500;

/** Starts the native engine as a child that understands the same messages as the one in TypeScript. */
export function startEngine(options: EngineOptions): ChildLink<ToChild, FromChild> {
  return new EngineLink(options);
}

class EngineLink implements ChildLink<ToChild, FromChild> {
  readonly child;
  #listener: ChildListener<FromChild> | undefined;
  #fingerprint: Uint8Array = new Uint8Array(0);
  #settings: Message<"configure"> | undefined;
  #port: number | undefined;
  /** What came for viewers before the port was open. */
  #waiting: ForViewer[] = [];
  #binding = false;
  #gathered: Promise<void> = Promise.resolve();
  #onPublicAddress: () => void = () => {};
  readonly #publicAddresses = new Map<string, Endpoint>();
  readonly #media: MediaPipe | undefined;
  readonly #microphones = new Map<number, Microphone>();
  readonly #splitter = new MessageSplitter();
  readonly #clock: Clock;
  /** There are none where the process may open nothing more, and so no child either. */
  readonly #stdin: Writable | undefined;
  readonly #stdout: Readable | undefined;

  constructor({ program, clock }: EngineOptions) {
    this.#clock = clock;
    // Nothing of our environment: it holds keys.
    this.child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"], env: {}, cwd: "/", windowsHide: true });
    // Whoever owns it hears of that too.
    this.child.on("error", () => {});
    this.#stdin = this.child.stdin;
    this.#stdout = this.child.stdout;
    // How it ended says the exit code.
    this.#stdin?.on("error", () => {});
    this.#stdout?.on("error", () => {});
    this.#stdout?.on("data", (chunk: Buffer) => this.#hear(chunk));
    this.#media = this.#stdin && new MediaPipe(this.#stdin);
  }

  listen(listener: ChildListener<FromChild>): void {
    this.#listener = listener;
  }

  hold(how: "alive" | "loose"): void {
    for (const stream of [this.#stdin, this.#stdout] as ({ ref?(): void; unref?(): void } | undefined)[]) {
      if (how === "alive") stream?.ref?.();
      else stream?.unref?.();
    }
  }

  end(): void {
    this.#stdin?.end();
  }

  post(message: ToChild, onSent?: () => void): boolean {
    if (!this.#stdin?.writable) return false;
    try {
      this.#post(message, onSent);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#tell({ type: "trouble", message: error.message });
      onSent?.();
    }
    return true;
  }

  #post(message: ToChild, onSent?: () => void): void {
    if (isMedia(message)) this.#media?.post(message, onSent);
    else if (message.type === "configure") this.#configure(message);
    else this.#postForViewer(message);
  }

  #configure(settings: Message<"configure">): void {
    this.#settings = settings;
    this.#write(new MessageWriter(toEngine.configure.code).i64(machineUs() - settings.clockOffsetUs));
    this.#bind();
    if (settings.iceServers.length > 0) this.#gathered = this.#gather(settings.iceServers);
  }

  /** Opens the one port; when it is taken, the next viewer tries again. */
  #bind(): void {
    if (this.#binding || !this.#settings) return;
    this.#binding = true;
    this.#write(new MessageWriter(toEngine.bind.code).u16(this.#settings.udpPort));
  }

  /** Resolves when a STUN server has told our public address, or it took too long. */
  async #gather(iceServers: readonly string[]): Promise<void> {
    const found = Promise.withResolvers<void>();
    using _ = this.#clock.timer(publicAddressMs, found.resolve);
    this.#onPublicAddress = found.resolve;
    const servers = await Promise.all(iceServers.slice(0, wireLimits.stunServers).map(resolveServer));
    const known = servers.flat().slice(0, wireLimits.stunServers);
    if (known.length === 0)
      this.#tell({ type: "trouble", message: `no STUN server was found: ${iceServers.join(", ")}` });
    const writer = new MessageWriter(toEngine.stunServers.code).u8(known.length);
    for (const server of known) writer.address(server);
    this.#write(writer);
    await found.promise;
  }

  #postForViewer(message: ForViewer): void {
    if (this.#port === undefined) {
      this.#wait(message);
      return;
    }
    if (message.type === "view") this.#view(message);
    else if (message.type === "candidate") this.#addCandidate(message);
    else if (message.type === "microphone") this.#wantMicrophone(message);
    else if (message.type === "turn")
      this.#write(new MessageWriter(toEngine.turn.code).u32(message.viewer).u32(message.track));
    else if (message.type === "stats")
      this.#write(new MessageWriter(toEngine.stats.code).u32(message.viewer).u32(message.request));
    else this.#write(new MessageWriter(toEngine.close.code).u32(message.viewer));
  }

  /** A new viewer asks for the port. What is said of others is of no use to one that was refused: it would ask once too often. */
  #wait(message: ForViewer): void {
    const isNew = message.type === "view";
    if (!isNew && !this.#waiting.some(({ viewer }) => viewer === message.viewer)) return;
    this.#waiting.push(message);
    if (isNew) this.#bind();
  }

  #view(message: Message<"view">): void {
    const { viewer, offerSdp, plan } = message;
    try {
      const offered = readTransport(offerSdp);
      const own = { ufrag: randomBytes(6).toString("base64url"), pwd: randomBytes(18).toString("base64url") };
      const ice = { ufrag: own.ufrag.replaceAll(/[_-]/g, "+"), pwd: own.pwd.replaceAll(/[_-]/g, "/") };
      const sending = plan.sections.flatMap(({ kind, mid, mediaStream, sending }) => {
        const track = kind === "video" ? message.videoTrack : message.audioTrack;
        return sending && track !== undefined ? [{ mid, mediaStream, sending, track }] : [];
      });
      const ssrcs = distinctSsrcs(sending.map(({ mid }) => mid));
      const microphone = plan.sections.find((section) => section.microphone !== undefined)?.microphone;
      const flags =
        (offered.dtlsRole === "client" ? viewFlags.dtlsClient : 0) | (offered.iceLite ? viewFlags.iceLite : 0);
      const writer = new MessageWriter(toEngine.view.code)
        .u32(viewer)
        .u8(flags)
        .text(ice.ufrag)
        .text(ice.pwd)
        .text(offered.ufrag)
        .text(offered.pwd)
        .u8(offered.fingerprint.bits / 8)
        .text(offered.fingerprint.hash)
        .u8(microphone ?? noMicrophone)
        .u8(sending.length);
      for (const { mid, mediaStream, sending: payload, track } of sending) {
        writer.u32(track).u8(payload.payloadType).u32(payload.clockRateHz).u32(ssrcs.get(mid)!).text(mediaStream);
      }
      this.#write(writer);
      for (const candidate of offered.candidates.slice(0, wireLimits.candidatesPerViewer)) {
        this.#write(new MessageWriter(toEngine.candidate.code).u32(viewer).u32(candidate.priority).address(candidate));
      }
      if (microphone !== undefined) this.#microphones.set(viewer, this.#newMicrophone(viewer, microphone));
      const answer = () => {
        const candidates = this.#candidates();
        const { fingerprint } = { fingerprint: this.#fingerprint };
        const transport = { own: { ...ice, fingerprint, candidates, ssrcs }, offered, sessionId: randomInt(2 ** 40) };
        this.#tell({ type: "answer", viewer, sdp: writeAnswer(plan, transport) });
      };
      background(this.#gathered.then(answer), (error) =>
        this.#tell({ type: "refused", viewer, message: messageOf(error) }),
      );
    } catch (error) {
      this.#tell({ type: "refused", viewer, message: messageOf(error) });
    }
  }

  #candidates(): string[] {
    return ownCandidates({
      port: this.#port ?? 0,
      publicAddresses: [...this.#publicAddresses.values()],
      announced: this.#settings?.announceAddresses ?? [],
      leaveOutInterfaces: this.#settings?.leaveOutInterfaces ?? [],
    });
  }

  #addCandidate({ viewer, candidate: { candidate } }: Message<"candidate">): void {
    const found = readCandidate(candidate);
    if (found) this.#write(new MessageWriter(toEngine.candidate.code).u32(viewer).u32(found.priority).address(found));
  }

  #newMicrophone(viewer: number, payloadType: number): Microphone {
    const onSound = (packet: Omit<Extract<FromChild, { type: "sound" }>, "type" | "viewer">) =>
      this.#tell({ type: "sound", viewer, ...packet });
    return new Microphone({ payloadType, clock: this.#clock, onSound });
  }

  #wantMicrophone({ viewer, wanted }: Message<"microphone">): void {
    this.#microphones.get(viewer)?.want(wanted);
    this.#write(new MessageWriter(toEngine.microphone.code).u32(viewer).u8(wanted ? 1 : 0));
  }

  #write(writer: MessageWriter): void {
    this.#stdin?.write(writer.finish());
  }

  #tell(message: FromChild): void {
    this.#listener?.onMessage(message);
  }

  #hear(chunk: Buffer): void {
    try {
      for (const message of this.#splitter.push(chunk)) this.#take(message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#tell({ type: "trouble", message: error.message });
      this.child.kill("SIGKILL");
    }
  }

  #take(message: MessageReader): void {
    switch (message.code) {
      case fromEngine.ready.code:
        this.#ready(message);
        return;
      case fromEngine.bound.code:
        this.#bound(message.u16());
        return;
      case fromEngine.notBound.code:
        this.#notBound(message.long());
        return;
      case fromEngine.publicAddress.code: {
        const endpoint = message.address();
        this.#publicAddresses.set(endpoint.address, endpoint);
        this.#onPublicAddress();
        return;
      }
      case fromEngine.sound.code:
        // A packet of its own: the microphone may keep it to put packets in order.
        this.#microphones.get(message.u32())?.receive(Buffer.from(message.rest()));
        return;
      case fromEngine.closed.code: {
        const viewer = message.u32();
        this.#microphones.delete(viewer);
        this.#tell({ type: "closed", viewer, reason: message.text() });
        return;
      }
      case fromEngine.turned.code:
        this.#tell({ type: "turned", viewer: message.u32(), track: message.u32() });
        return;
      case fromEngine.stats.code:
        this.#tell(readStats(message));
        return;
      case fromEngine.trouble.code:
        this.#tell({ type: "trouble", message: message.long() });
        return;
      default:
        throw new WireError(`engine: message ${message.code}`);
    }
  }

  #ready(message: MessageReader): void {
    const version = message.u8();
    if (version !== wireVersion) throw new WireError(`engine: it speaks version ${version}, the hub ${wireVersion}`);
    this.#fingerprint = Uint8Array.from(message.short());
    this.#listener?.onReady();
  }

  #bound(port: number): void {
    this.#binding = false;
    this.#port = port;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.post(message);
  }

  #notBound(why: string): void {
    this.#binding = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    const message = `UDP port ${this.#settings?.udpPort} cannot be opened: ${why}`;
    for (const one of waiting) if (one.type === "view") this.#tell({ type: "refused", viewer: one.viewer, message });
  }
}

function readStats(message: MessageReader): Extract<FromChild, { type: "stats" }> {
  const [viewer, request] = [message.u32(), message.u32()];
  const stats = {
    packetsSent: message.u64(),
    bytesSent: message.u64(),
    framesDropped: message.u32(),
    nacks: message.u32(),
    keyFrameRequests: message.u32(),
  };
  const flags = message.u8();
  const [packetsLost, roundTrip] = [message.u32(), message.u32()];
  return {
    type: "stats",
    viewer,
    request,
    stats: {
      ...stats,
      ...((flags & statsFlags.packetsLost) !== 0 ? { packetsLost } : {}),
      ...((flags & statsFlags.roundTrip) !== 0 ? { roundTripMs: roundTrip / 10 } : {}),
    },
  };
}

/** A random SSRC for each section: two that are the same would share their keys' nonces. */
function distinctSsrcs(mids: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  while (taken.size < mids.length) taken.add(randomInt(1, 0xffff_ffff));
  return new Map([...taken].map((ssrc, i) => [mids[i]!, ssrc]));
}

const stunPort = 3478;

/** Addresses of `stun:host[:port]`; none when the name is not known. */
async function resolveServer(server: string): Promise<Endpoint[]> {
  const [, host = "", port] = /^stun:(?:\/\/)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(server) ?? [];
  try {
    const found = await lookup(host.replace(/^\[|\]$/g, ""), { all: true });
    return found.map(({ address }) => ({ address, port: Number(port ?? stunPort) }));
  } catch {
    return [];
  }
}
