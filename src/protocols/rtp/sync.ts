import { Timeline } from "../../media/timeline.ts";
import type { Clock } from "../../util/clock.ts";
import { unixMs } from "./ntp.ts";

/** Furthest that two streams of one camera are moved against each other; beyond that, its reports are not believed. */
const believableUs = 2_000_000;
/** How fast a stream is moved to where its reports say: 5 % of real time, which nobody sees. */
const slewShare = 0.05;

/** Two reports tell of a clock when they are so far apart, and agree when its two times ran equally fast but for this. */
const told = { afterUs: 1_000_000, toleranceUs: 50_000, share: 0.01 };

interface Report {
  readonly ntpUs: number;
  readonly rtpTimestamp: number;
}

/** Options of {@link RtpSync.stream}. */
export interface SyncedStreamOptions {
  readonly kind: "video" | "audio";
  readonly clockRateHz: number;
}

/**
 * Lays the streams of one camera on one hub time (RFC 3550, 6.4: sender reports). Each stream is anchored by arrival;
 * once two have reports, the video is moved, slowly, to where the camera says it belongs beside the sound, which is
 * never moved.
 */
export class RtpSync {
  #streams: SyncedStream[] = [];
  readonly #clock: Clock;

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  /** A stream of this camera. Make a new sync after a reconnect. */
  stream(options: SyncedStreamOptions): SyncedStream {
    const stream = new SyncedStream(options, { clock: this.#clock, reference: (one) => this.#referenceFor(one) });
    this.#streams.push(stream);
    return stream;
  }

  /** The first sound that has a report, else the first stream that has; undefined for the reference itself. */
  #referenceFor(stream: SyncedStream): SyncedStream | undefined {
    const reported = this.#streams.filter((other) => other.ntpOffsetUs !== undefined);
    const reference = reported.find((other) => other.kind === "audio") ?? reported[0];
    return reference === stream ? undefined : reference;
  }
}

interface SyncedStreamDeps {
  readonly clock: Clock;
  readonly reference: (stream: SyncedStream) => SyncedStream | undefined;
}

/** One stream of a {@link RtpSync}. */
export class SyncedStream {
  readonly kind: "video" | "audio";
  #report: Report | undefined;
  /** What the next report is held against. */
  #earlier: Report | undefined;
  #agrees = false;
  #ntpOffsetUs: number | undefined;
  #shiftUs = 0;
  #lastMapUs: number | undefined;
  #lastUs = Number.NEGATIVE_INFINITY;
  readonly #clockRateHz: number;
  readonly #timeline: Timeline;
  readonly #deps: SyncedStreamDeps;

  constructor(options: SyncedStreamOptions, deps: SyncedStreamDeps) {
    this.kind = options.kind;
    this.#clockRateHz = options.clockRateHz;
    this.#deps = deps;
    this.#timeline = new Timeline({ clock: deps.clock, clockRateHz: options.clockRateHz, wrapBits: 32 });
  }

  /** Hub time minus the camera's wall clock by this stream alone, in µs; undefined before its first report. */
  get ntpOffsetUs(): number | undefined {
    return this.#ntpOffsetUs;
  }

  /** How far this stream is moved at the moment, in µs. */
  get shiftUs(): number {
    return this.#shiftUs;
  }

  /** How often the stream had to be anchored again after a jump. */
  get resets(): number {
    return this.#timeline.resets;
  }

  /** What `map` gave last, but for being non-decreasing: B pictures are shown before what came before them. */
  get shownUs(): number {
    return Math.round(this.#timeline.exactUs + this.#shiftUs);
  }

  /** A sender report of this stream. A report without time (NTP 0, seen on cameras) says nothing. */
  report(report: { readonly ntp: bigint; readonly rtpTimestamp: number }): void {
    if (report.ntp === 0n) return;
    const { rtpTimestamp } = report;
    this.#report = { ntpUs: Number((report.ntp * 1_000_000n) >> 32n), rtpTimestamp };
    this.#judge(this.#report);
  }

  #judge(report: Report): void {
    this.#earlier ??= report;
    const clockUs = report.ntpUs - this.#earlier.ntpUs;
    const streamUs = (((report.rtpTimestamp - this.#earlier.rtpTimestamp) | 0) * 1e6) / this.#clockRateHz;
    if (Math.max(Math.abs(clockUs), Math.abs(streamUs)) < told.afterUs) return;
    this.#agrees = Math.abs(clockUs - streamUs) <= told.toleranceUs + Math.abs(clockUs) * told.share;
    this.#earlier = report;
  }

  /**
   * When the picture or sound of `raw` was taken, ms since 1970 by the camera's wall clock. Undefined before two reports agree:
   * GStreamer's `webrtcbin` sends some in which the stream runs twice as fast as the clock.
   */
  capturedMs(raw: number): number | undefined {
    if (!this.#report || !this.#agrees) return undefined;
    const sinceReport = (raw - this.#report.rtpTimestamp) | 0;
    return unixMs(this.#report.ntpUs) + (sinceReport * 1e3) / this.#clockRateHz;
  }

  /** Hub time, µs, of the stream's timestamp `raw` that arrived now; non-decreasing. */
  map(raw: number): number {
    const us = this.#timeline.map(raw);
    if (this.#report) {
      const sinceReport = (raw - this.#report.rtpTimestamp) | 0;
      this.#ntpOffsetUs = this.#timeline.exactUs - (this.#report.ntpUs + (sinceReport * 1e6) / this.#clockRateHz);
    }
    this.#moveTowardsReference();
    this.#lastUs = Math.max(this.#lastUs, Math.round(us + this.#shiftUs));
    return this.#lastUs;
  }

  #moveTowardsReference(): void {
    const nowUs = this.#deps.clock.nowUs();
    const stepUs = this.#lastMapUs === undefined ? 0 : (nowUs - this.#lastMapUs) * slewShare;
    this.#lastMapUs = nowUs;
    const reference = this.#deps.reference(this);
    const wantedUs =
      reference?.ntpOffsetUs === undefined || this.#ntpOffsetUs === undefined
        ? 0
        : reference.ntpOffsetUs + reference.shiftUs - this.#ntpOffsetUs;
    const believed = Math.abs(wantedUs) <= believableUs ? wantedUs : 0;
    const missingUs = believed - this.#shiftUs;
    this.#shiftUs += Math.max(-stepUs, Math.min(stepUs, missingUs));
  }
}
