import { randomBytes, randomInt } from "node:crypto";
import { parseRtcp, type RtcpPacket } from "../../protocols/rtp/rtcp.ts";
import { type PacketSink, RtpSender } from "../../protocols/rtp/sender.ts";
import { WireError } from "../../util/errors.ts";
import type { Desk } from "./desk.ts";
import type { Microphone } from "./microphone.ts";
import type { Medium, Presentation } from "./presentation.ts";
import type { PacketShare } from "./shared-packets.ts";

/** Where one medium's packets go to, or come from. Disposed with its session. */
export interface Outlet extends Disposable {
  readonly sink: PacketSink;
  /** What packets that the client sends are given to. */
  listen(listener: OutletListener): void;
}

/** What a client sends for one medium. */
export interface OutletListener {
  onRtp(packet: Uint8Array): void;
  onRtcp(packet: Uint8Array): void;
}

interface Stream {
  readonly medium: Medium;
  readonly outlet: Outlet;
  readonly ssrc: number;
  playing?: { readonly sender: RtpSender; readonly share: PacketShare };
}

/** A session that nobody gives a sign of life for ends after this time. */
export const sessionTimeoutS = 60;
/** What did not leave is tried again after so many ms. */
const retryMs = 10;

/** What one client watches: the media that it set up, and whether they run. Its owner disposes it. */
export class Session implements Disposable {
  readonly id = randomBytes(12).toString("hex");
  readonly presentation: Presentation;
  readonly microphone: Microphone;
  /** When the client last showed that it is there (hub's clock, µs). */
  lastSignUs: number;
  readonly #desk: Desk;
  readonly #streams = new Map<string, Stream>();
  readonly #cname = randomBytes(8).toString("hex");

  constructor(options: {
    readonly desk: Desk;
    readonly presentation: Presentation;
    /** Takes what the client says. It is the session's own. */
    readonly microphone: Microphone;
  }) {
    this.#desk = options.desk;
    this.presentation = options.presentation;
    this.microphone = options.microphone;
    this.lastSignUs = options.desk.hub.clock.nowUs();
    options.desk.counters.sessions++;
  }

  get playing(): boolean {
    return [...this.#streams.values()].some(({ playing }) => playing);
  }

  /** Media that are set up, by control. */
  get controls(): readonly string[] {
    return [...this.#streams.keys()];
  }

  /** Adds a medium, or moves it to another outlet; gives the SSRC of what is sent. */
  setUp(medium: Medium, outlet: Outlet): number {
    this.#end(medium.control);
    const ssrc = randomInt(1, 2 ** 32);
    const stream: Stream = { medium, outlet, ssrc };
    this.#streams.set(medium.control, stream);
    outlet.listen({
      onRtp: (packet) => {
        this.#sign();
        if (!medium.track) this.microphone.push(packet);
      },
      onRtcp: (packet) => {
        this.#sign();
        this.#takeReports(stream, packet);
      },
    });
    return ssrc;
  }

  /** Lets all media run, each from the group of pictures that the hub keeps; gives their first sequence numbers. */
  play(): readonly { readonly control: string; readonly sequence: number }[] {
    const begun: { readonly control: string; readonly sequence: number }[] = [];
    for (const stream of this.#streams.values()) {
      stream.playing ??= this.#begin(stream);
      const { sender } = stream.playing ?? {};
      if (sender) begun.push({ control: stream.medium.control, sequence: sender.sequence });
    }
    return begun;
  }

  pause(): void {
    for (const stream of this.#streams.values()) this.#stop(stream);
  }

  /** The client is heard: it reads, asks, or reports. */
  #sign(): void {
    this.lastSignUs = this.#desk.hub.clock.nowUs();
  }

  [Symbol.dispose](): void {
    this.microphone[Symbol.dispose]();
    for (const control of this.controls) this.#end(control);
  }

  #begin({ medium, outlet, ssrc }: Stream): Stream["playing"] {
    const { packets, queue, hub } = this.#desk;
    const [payload] = medium.payloads;
    if (!medium.track || !payload) return undefined;
    const share = packets.share(medium.track);
    const { payloadType, clockRateHz } = payload;
    const sender = new RtpSender({
      track: share.packets,
      sink: outlet.sink,
      queue,
      clock: hub.clock,
      payloadType,
      clockRateHz,
      ssrc,
      cname: this.#cname,
      retryMs,
    });
    return { sender, share };
  }

  #end(control: string): void {
    const stream = this.#streams.get(control);
    if (!stream) return;
    this.#stop(stream);
    stream.outlet[Symbol.dispose]();
    this.#streams.delete(control);
  }

  #stop(stream: Stream): void {
    const { playing } = stream;
    if (!playing) return;
    delete stream.playing;
    playing.sender[Symbol.dispose]();
    playing.share[Symbol.dispose]();
    const { packets, bytes, dropped } = playing.sender.counters;
    const { counters } = this.#desk;
    counters.packets += packets;
    counters.bytes += bytes;
    counters.dropped += dropped;
  }

  #takeReports({ playing, medium }: Stream, bytes: Uint8Array): void {
    for (const packet of playing ? readRtcp(bytes) : []) {
      if (packet.type === "picture-loss" || packet.type === "full-intra-request") {
        playing?.sender.restart();
        medium.track?.wantKeyFrame();
      }
      if (packet.type !== "receiver-report" && packet.type !== "sender-report") continue;
      for (const report of packet.reports) playing?.sender.takeReport(report);
    }
  }
}

function readRtcp(bytes: Uint8Array): readonly RtcpPacket[] {
  try {
    return parseRtcp(bytes);
  } catch (error) {
    if (error instanceof WireError) return [];
    throw error;
  }
}
