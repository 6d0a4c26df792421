import type { Frame } from "../../media/frame.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { createDepacketizer, type Depacketizer, type RtpUnit } from "../rtp/depacketize.ts";
import { parseRtp, type RtpPacket } from "../rtp/packet.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import { ReorderBuffer, type ReorderCounters } from "../rtp/reorder.ts";
import { replayTime } from "../rtp/replay-time.ts";
import { parseRtcp } from "../rtp/rtcp.ts";
import type { SyncedStream } from "../rtp/sync.ts";
import type { MediaSection, PayloadMapping } from "../sdp/index.ts";
import { ReceiverReports } from "./receiver-reports.ts";
import type { UnitFrames } from "./unit-frames.ts";

/** Options of {@link MediaReceiver}. */
export interface MediaReceiverOptions {
  readonly section: MediaSection;
  readonly payload: PayloadMapping;
  /** Payload types of other sections. */
  readonly foreignTypes: ReadonlySet<number>;
  /** Whether a synchronisation source is that of another stream of the session. */
  readonly isOthers: (ssrc: number) => boolean;
  readonly onQuirk: (quirk: QuirkCode) => void;
  /** The way keeps the order (TCP): a packet that is missing will not come. */
  readonly inOrder: boolean;
  /** How long a missing packet is waited for where the way keeps no order; 100 ms by default. */
  readonly waitMs?: number;
  readonly clock: Clock;
  readonly stream: SyncedStream;
  readonly frames: UnitFrames;
  /** Called after each frame that was written. */
  readonly onFrame: (frame: Frame) => void;
}

/**
 * One medium on its way from packets to frames: order, units, time, and the reports back. Nothing that a camera sends
 * makes it throw; what cannot be read is counted.
 */
export class MediaReceiver {
  /** When the last RTP packet came (hub clock, µs); undefined before the first. */
  lastPacketUs: number | undefined;
  /** Packets that are no RTP or RTCP, or of another payload type. */
  refused = 0;
  readonly #reorder: ReorderBuffer;
  readonly #depacketizer: Depacketizer;
  readonly #reports: ReceiverReports;
  readonly #options: MediaReceiverOptions;

  constructor(options: MediaReceiverOptions) {
    const { codec, fmtp, clockRateHz, encoding } = options.payload;
    if (codec === undefined) throw new TypeError("a medium without a codec cannot be received");
    this.#options = options;
    const maxMs = options.inOrder ? 0 : options.waitMs;
    this.#reorder = new ReorderBuffer({
      clock: options.clock,
      maxPackets: 1024,
      ...(maxMs !== undefined && { maxMs }),
    });
    this.#depacketizer = createDepacketizer({ codec, fmtp, clockRateHz, encoding, onQuirk: options.onQuirk });
    this.#reports = new ReceiverReports({ clock: options.clock, clockRateHz });
  }

  /** The stream's synchronisation source, once it is known. */
  get source(): number | undefined {
    return this.#reorder.ssrc;
  }

  /** Numbers of packets that are missing and still waited for. */
  get missing(): readonly number[] {
    return this.#reorder.missing();
  }

  /** A packet is waited for, or whether a picture has ended is to be seen: `expire` is to be called soon. */
  get waits(): boolean {
    return this.#reorder.held > 0 || this.#depacketizer.waits === true;
  }

  get counters(): Readonly<ReorderCounters> {
    return this.#reorder.counters;
  }

  /** Takes one RTP packet as it arrived; where the way keeps the order, its memory may be used again as soon as this returns. */
  rtp(arrived: Uint8Array): void {
    const lent = this.#options.inOrder && !this.#depacketizer.borrows;
    const bytes = lent ? new Uint8Array(arrived) : arrived;
    const packet = this.#read(bytes);
    if (!packet) return;
    const nowUs = this.#options.clock.nowUs();
    this.lastPacketUs = nowUs;
    this.#reports.received(packet, nowUs);
    const ntp = replayTime(bytes);
    if (ntp !== undefined) this.#options.stream.report({ ntp, rtpTimestamp: packet.timestamp });
    this.#deliver(this.#reorder.push(packet));
  }

  /** Takes one compound RTCP packet. */
  rtcp(bytes: Uint8Array): void {
    try {
      for (const packet of parseRtcp(bytes)) {
        if (packet.type !== "sender-report" || this.#options.isOthers(packet.ssrc)) continue;
        this.#options.stream.report(packet);
        this.#reports.senderReport(packet);
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Bytes were lost on the connection: what is under way may hold others in their place. */
  spoil(): void {
    this.#depacketizer.spoil();
  }

  /** To be called now and then while it `waits`: gives up packets that were waited for long enough. */
  expire(): void {
    this.#deliver(this.#reorder.expire());
    this.#write(this.#depacketizer.settle?.() ?? []);
  }

  /** Asks for a key frame as the description allows (RFC 4585, RFC 5104); false where it does not, or nothing came yet. */
  askKeyFrame(send: (bytes: Uint8Array) => boolean): boolean {
    const { keyFrameRequest } = this.#options.section;
    const mediaSsrc = this.source;
    if (keyFrameRequest === undefined || mediaSsrc === undefined) return false;
    return send(this.#reports.keyFrameRequest(keyFrameRequest, mediaSsrc));
  }

  /** The receiver report that is due, if anything was received. */
  report(): Uint8Array | undefined {
    return this.#reports.build(this.#reorder.counters.lost - this.#reorder.counters.late);
  }

  #read(bytes: Uint8Array): RtpPacket | undefined {
    try {
      const packet = parseRtp(bytes);
      if (packet.payload.length > 0 && this.#isOurs(packet)) return packet;
      this.refused++;
    } catch (error) {
      this.#refuse(error);
    }
    return undefined;
  }

  /** A camera that announces one payload type and sends another, which is nobody else's, means that one. */
  #isOurs(packet: RtpPacket): boolean {
    const { payload, section, foreignTypes } = this.#options;
    if (packet.payloadType === payload.payloadType) return true;
    if (section.payloads.length !== 1 || foreignTypes.has(packet.payloadType)) return false;
    this.#options.onQuirk("foreign-type");
    return true;
  }

  #deliver(packets: readonly RtpPacket[]): void {
    for (const packet of packets) this.#write(this.#depacketizer.push(packet));
  }

  #write(units: readonly RtpUnit[]): void {
    const { stream, frames, onFrame } = this.#options;
    for (const unit of units) {
      const timestampUs = stream.map(unit.timestamp);
      const { shownUs } = stream;
      const frame = frames.push(unit, { timestampUs, shownUs, capturedMs: stream.capturedMs(unit.timestamp) });
      if (frame) onFrame(frame);
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    this.refused++;
  }
}
