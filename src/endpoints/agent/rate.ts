import type { ViewerFeedback } from "../../media/viewer.ts";

/** Between these a picture is encoded, bits per second. */
export interface RateLimits {
  readonly minBps: number;
  readonly maxBps: number;
}

/** What one viewer bears. */
interface Bears {
  bps: number;
  /** What it says itself; as much as there is where it says nothing. */
  estimateBps: number;
  /** The shortest way there and back so far: what is longer by far waits in somebody's queue. */
  shortestMs: number;
}

/** Shares that were lost: below the first there is room for more, above the second it is too much. */
const loss = { little: 0.02, much: 0.1 } as const;
const growth = 1.08;
/** A way that became longer by so much stands in a queue that we fill. */
const queueMs = 200;
const shrinkInQueue = 0.85;
/** Of what a viewer says it could take, so that sound and repairs have room. */
const shareOfEstimate = 0.9;

/**
 * How large a picture may be that is encoded once for all: as large as the viewer bears that bears least. A viewer's part shrinks
 * with what it lost (by half of the share that was lost, as in Google's congestion control) and with a queue on its way, and
 * grows by 8 % with each good report. Pure.
 */
export class RateControl {
  readonly #viewers = new Map<string, Bears>();
  readonly #limits: RateLimits;

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** For all that watch now, bits per second. */
  get bitrateBps(): number {
    const { minBps, maxBps } = this.#limits;
    const borne = [...this.#viewers.values()].map(({ bps, estimateBps }) =>
      Math.min(bps, estimateBps * shareOfEstimate),
    );
    return Math.round(Math.max(minBps, Math.min(maxBps, ...(borne.length > 0 ? borne : [this.#first]))));
  }

  /** Takes in what a viewer says. */
  heard(viewer: string, feedback: ViewerFeedback): void {
    const bears = this.#viewers.get(viewer) ?? {
      bps: this.#first,
      estimateBps: Number.POSITIVE_INFINITY,
      shortestMs: Number.POSITIVE_INFINITY,
    };
    this.#viewers.set(viewer, bears);
    if (feedback.type === "estimate") bears.estimateBps = feedback.bitrateBps;
    else if (feedback.type === "report") this.#report(bears, feedback);
  }

  /** It watches no more. */
  left(viewer: string): void {
    this.#viewers.delete(viewer);
  }

  /** Nobody knows yet what somebody bears who comes: half of the way up. */
  get #first(): number {
    return (this.#limits.minBps + this.#limits.maxBps) / 2;
  }

  #report(bears: Bears, { lostShare, roundTripMs }: Extract<ViewerFeedback, { readonly type: "report" }>): void {
    const { minBps, maxBps } = this.#limits;
    if (roundTripMs !== undefined) bears.shortestMs = Math.min(bears.shortestMs, roundTripMs);
    const inQueue = roundTripMs !== undefined && roundTripMs > bears.shortestMs + queueMs;
    if (lostShare > loss.much) bears.bps *= 1 - lostShare / 2;
    else if (inQueue) bears.bps *= shrinkInQueue;
    else if (lostShare < loss.little) bears.bps *= growth;
    bears.bps = Math.max(minBps, Math.min(maxBps, bears.bps));
  }
}
