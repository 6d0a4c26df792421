import type { Clock } from "../../util/clock.ts";
import { ntpMiddle, ntpTime } from "./ntp.ts";
import type { ReportBlock } from "./rtcp.ts";
import { serializeRtcp } from "./rtcp-write.ts";

/** What a viewer says about what it gets. */
export interface SenderReported {
  readonly packetsLost: number;
  readonly roundTripMs?: number;
}

/** What is reported of a sender. */
export interface SenderState {
  /** What the track's clock says now, wrapped. */
  readonly rtpTimestamp: number;
  readonly packets: number;
  readonly bytes: number;
}

/** Sound is reported as seldom as RFC 3550 (6.2) asks once its first reports have been heard. */
const reportEveryUs = { first: 1_000_000, video: 1_000_000, audio: 5_000_000 };
const firstReports = 3;

/** The reports that a sender gives, and what it is reported in return (RFC 3550, 6.4). */
export class SenderReports {
  #lastUs = Number.NEGATIVE_INFINITY;
  #count = 0;
  #reported: SenderReported | undefined;
  readonly #clock: Clock;
  readonly #ssrc: number;
  readonly #cname: string;

  constructor({ clock, ssrc, cname }: { readonly clock: Clock; readonly ssrc: number; readonly cname: string }) {
    this.#clock = clock;
    this.#ssrc = ssrc;
    this.#cname = cname;
  }

  /** What the viewer last reported of this track. */
  get reported(): SenderReported | undefined {
    return this.#reported;
  }

  /** A receiver's report; one about another track is passed over. Round trip as in RFC 3550, 6.4.1. */
  take(report: ReportBlock): void {
    if (report.ssrc !== this.#ssrc) return;
    const packetsLost = Math.max(0, report.totalLost);
    if (report.lastReport === 0) {
      this.#reported = { packetsLost };
      return;
    }
    const now = ntpMiddle(ntpTime(this.#wallUs()));
    const ms = (((now - report.lastReport - report.delaySinceLastReport) | 0) * 1000) / 65_536;
    this.#reported = { packetsLost, roundTripMs: Math.max(0, Math.round(ms * 10) / 10) };
  }

  /** Whether a report of a track of this kind is to be given at this time (hub's clock). */
  isDue(nowUs: number, kind: "video" | "audio"): boolean {
    return nowUs - this.#lastUs >= reportEveryUs[this.#count < firstReports ? "first" : kind];
  }

  /** A report as of this time, in bytes of its own. */
  write(nowUs: number, { rtpTimestamp, packets, bytes }: SenderState): Buffer {
    this.#lastUs = nowUs;
    this.#count++;
    const [ssrc, cname] = [this.#ssrc, this.#cname];
    const counted = { packets: packets % 2 ** 32, bytes: bytes % 2 ** 32 };
    const report = serializeRtcp([
      { type: "sender-report", ssrc, ntp: ntpTime(this.#wallUs()), rtpTimestamp, ...counted, reports: [] },
      { type: "source-description", sources: [{ ssrc, cname }] },
    ]);
    return Buffer.from(report.buffer, report.byteOffset, report.length);
  }

  /** Wall clock that never steps: all reports of this process use the same difference to the hub's clock. */
  #wallUs(): number {
    return this.#clock.nowUs() + wallOffsetUs(this.#clock);
  }
}

const wallOffsets = new WeakMap<Clock, number>();

function wallOffsetUs(clock: Clock): number {
  const known = wallOffsets.get(clock);
  if (known !== undefined) return known;
  const offset = clock.wallMs() * 1000 - clock.nowUs();
  wallOffsets.set(clock, offset);
  return offset;
}
