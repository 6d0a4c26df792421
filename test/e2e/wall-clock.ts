import { parseRtcp } from "../../src/protocols/rtp/rtcp.ts";

/** From 1900, where NTP begins, to 1970. */
const sinceNtpMs = 2_208_988_800_000;

/** The sender's wall clock (ms since 1970) for a stream's timestamps, as its last report says. */
export class WallClock {
  #report: { readonly ms: number; readonly timestamp: number } | undefined;
  readonly #rateHz: number;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  /** Takes a compound RTCP packet. */
  report(bytes: Uint8Array): void {
    for (const packet of parseRtcp(bytes)) {
      if (packet.type !== "sender-report") continue;
      this.#report = {
        ms: Number((packet.ntp * 1_000_000n) >> 32n) / 1000 - sinceNtpMs,
        timestamp: packet.rtpTimestamp,
      };
    }
  }

  /** Undefined before the first report. */
  at(timestamp: number): number | undefined {
    const from = this.#report;
    return from && from.ms + (((timestamp - from.timestamp) | 0) * 1000) / this.#rateHz;
  }
}
