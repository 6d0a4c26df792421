import { randomInt } from "node:crypto";
import type { Clock } from "../../util/clock.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { serializeRtcp } from "../rtp/rtcp-write.ts";

/** Statistics of one received stream and the receiver reports made of them (RFC 3550, 6.4.1, A.3, A.8). */
export class ReceiverReports {
  #source: number | undefined;
  #highest = 0;
  #first = 0;
  #received = 0;
  #jitter = 0;
  #lastTransit: number | undefined;
  #before = { expected: 0, received: 0 };
  #requests = 0;
  #sender: { readonly middle: number; readonly atUs: number } | undefined;
  readonly #ssrc = randomInt(1, 2 ** 32);
  readonly #clock: Clock;
  readonly #clockRateHz: number;

  constructor(options: { readonly clock: Clock; readonly clockRateHz: number }) {
    this.#clock = options.clock;
    this.#clockRateHz = options.clockRateHz;
  }

  /** Counts a packet as it arrived, at this moment by the hub's clock (µs). */
  received(packet: RtpPacket, nowUs: number): void {
    if (packet.ssrc !== this.#source) this.#begin(packet);
    this.#received++;
    const ahead = ((packet.sequence - this.#highest) << 16) >> 16;
    if (ahead > 0) this.#highest += ahead;
    const transit = Math.round((nowUs / 1e6) * this.#clockRateHz) - packet.timestamp;
    const change = this.#lastTransit === undefined ? 0 : Math.abs((transit - this.#lastTransit) | 0);
    this.#lastTransit = transit;
    if (change < this.#clockRateHz) this.#jitter += (change - this.#jitter) / 16;
  }

  senderReport(report: { readonly ntp: bigint }): void {
    this.#sender = { middle: Number((report.ntp >> 16n) & 0xffff_ffffn), atUs: this.#clock.nowUs() };
  }

  /** A compound of report and name, or undefined before the first packet. `totalLost` as the reorder buffer counts. */
  build(totalLost: number): Uint8Array | undefined {
    if (this.#source === undefined) return undefined;
    const expected = this.#highest - this.#first + 1;
    const lately = expected - this.#before.expected;
    const lost = Math.max(0, lately - (this.#received - this.#before.received));
    this.#before = { expected, received: this.#received };
    const delayUs = this.#sender ? this.#clock.nowUs() - this.#sender.atUs : 0;
    const block = {
      ssrc: this.#source,
      fractionLost: lately > 0 ? Math.min(255, Math.floor((lost * 256) / lately)) : 0,
      totalLost,
      highestSequence: this.#highest >>> 0,
      jitter: Math.round(this.#jitter),
      lastReport: this.#sender?.middle ?? 0,
      delaySinceLastReport: Math.round((delayUs * 65_536) / 1e6),
    };
    return serializeRtcp([
      { type: "receiver-report", ssrc: this.#ssrc, reports: [block] },
      { type: "source-description", sources: [{ ssrc: this.#ssrc, cname: "doorward" }] },
    ]);
  }

  /** A compound that asks the stream's sender for a key frame. */
  keyFrameRequest(how: "pli" | "fir", mediaSsrc: number): Uint8Array {
    const ssrc = this.#ssrc;
    return serializeRtcp([
      { type: "receiver-report", ssrc, reports: [] },
      { type: "source-description", sources: [{ ssrc, cname: "doorward" }] },
      how === "pli"
        ? { type: "picture-loss", ssrc, mediaSsrc }
        : { type: "full-intra-request", ssrc, mediaSsrc, sequence: ++this.#requests },
    ]);
  }

  #begin(packet: RtpPacket): void {
    this.#source = packet.ssrc;
    this.#highest = packet.sequence;
    this.#first = packet.sequence;
    this.#received = 0;
    this.#jitter = 0;
    this.#lastTransit = undefined;
    this.#before = { expected: 0, received: 0 };
    this.#sender = undefined;
  }
}
