import { type BlockInfo, type PaceReport, type Pacer, PlayoutModel, type Verdict } from "./pacer.ts";

/** Options of {@link LivePacer}. */
export interface LivePacerOptions {
  /** Lead to begin with and to come back to; default 120 ms. */
  readonly startLeadMs?: number;
  /** Lead to come back to, and to grow from, once there was trouble; the one to begin with by default. */
  readonly usualLeadMs?: number;
  /** The lead grows no further than this; default 600 ms. */
  readonly maxLeadMs?: number;
  /** Time without trouble after which the lead shrinks by one step; default 10 s. */
  readonly calmMs?: number;
}

/** Further ahead than this, sound is left out: one block now and then, or at once where it is quiet. */
const slackUs = 60_000;
/** Further ahead than this, everything is left out. */
const hardSlackUs = 250_000;
/** Least time between two loud blocks that are left out. */
const trimUs = 500_000;
const stepUs = 20_000;
/** A talker who is silent for this long has paused; the device did not run dry. */
const pauseUs = 1_500_000;

/**
 * Live speech: a small lead, made of silence sent before the first word, so that a press is heard at once. The lead
 * grows by half when the device ran dry or the way to it was held up, and shrinks back in steps when all is calm.
 * Sound that is further ahead than the lead and a little is left out: a talker is never heard seconds late. Where it
 * can, the pacer corrects in quiet blocks, which nobody hears.
 */
export class LivePacer implements Pacer {
  readonly #model = new PlayoutModel();
  readonly #usualLeadUs: number;
  readonly #maxLeadUs: number;
  readonly #calmUs: number;
  #restLeadUs: number;
  #targetUs: number;
  #mostLeadUs = 0;
  #unevenUs = 0;
  #lastTroubleUs = 0;
  #lastDropUs = 0;
  #underruns = 0;
  #dropped = 0;
  #inserted = 0;

  constructor(options: LivePacerOptions = {}) {
    this.#restLeadUs = (options.startLeadMs ?? 120) * 1000;
    this.#usualLeadUs = Math.max(this.#restLeadUs, (options.usualLeadMs ?? 0) * 1000);
    this.#maxLeadUs = (options.maxLeadMs ?? 600) * 1000;
    this.#calmUs = (options.calmMs ?? 10_000) * 1000;
    this.#targetUs = this.#restLeadUs;
  }

  /** How much of the lead was used up at worst, because sound came late; pauses of the talker do not count, ms. */
  get unevenMs(): number {
    return this.#unevenUs / 1000;
  }

  verdict(nowUs: number, block: BlockInfo): Verdict {
    if (this.#model.startUs === undefined) {
      this.#lastTroubleUs = nowUs;
      this.#lastDropUs = nowUs;
      return this.#prime(block);
    }
    const leadUs = this.#model.leadUs(nowUs);
    if (-leadUs < pauseUs) this.#compare(leadUs);
    if (leadUs < 0) {
      if (-leadUs < pauseUs) {
        this.#underruns++;
        this.#trouble(nowUs, this.#usualTargetUs * 1.5);
      }
      this.#mostLeadUs = 0;
      this.#model.paused(-leadUs);
      return this.#prime(block);
    }
    this.#calm(nowUs);
    return this.#correct(nowUs, block);
  }

  sent(nowUs: number, durationUs: number): void {
    this.#model.sent(nowUs, durationUs);
  }

  stalled(nowUs: number, delayMs: number): void {
    if (this.#model.startUs === undefined) return;
    const dryUs = delayMs * 1000 - Math.max(0, this.#model.leadUs(nowUs));
    this.#unevenUs = Math.max(this.#unevenUs, delayMs * 1000);
    this.#trouble(nowUs, Math.max(this.#usualTargetUs * 1.5, delayMs * 1000 + slackUs));
    if (dryUs <= 0) return;
    this.#underruns++;
    this.#model.paused(dryUs);
  }

  report(nowUs: number): PaceReport {
    return {
      leadMs: this.#model.heldMs(nowUs),
      targetLeadMs: this.#targetUs / 1000,
      sentMs: this.#model.sentUs / 1000,
      underruns: this.#underruns,
      droppedBlocks: this.#dropped,
      insertedBlocks: this.#inserted,
    };
  }

  /** The target, had the talk begun with the usual lead. */
  get #usualTargetUs(): number {
    return Math.max(this.#targetUs, this.#usualLeadUs);
  }

  #compare(leadUs: number): void {
    this.#mostLeadUs = Math.max(this.#mostLeadUs, leadUs);
    this.#unevenUs = Math.max(this.#unevenUs, this.#mostLeadUs - leadUs);
  }

  #prime(block: BlockInfo): Verdict {
    return this.#send(Math.round(this.#targetUs / block.durationUs));
  }

  #correct(nowUs: number, block: BlockInfo): Verdict {
    const aheadUs = this.#model.leadUs(nowUs) + block.durationUs - this.#targetUs;
    if (this.#isTooMuch(aheadUs, { nowUs, block })) {
      this.#lastDropUs = nowUs;
      this.#dropped++;
      this.#mostLeadUs -= block.durationUs; // that much less lead is of our own making
      return { kind: "drop" };
    }
    return this.#send(block.quiet && aheadUs < -stepUs ? 1 : 0);
  }

  #isTooMuch(aheadUs: number, { nowUs, block }: { readonly nowUs: number; readonly block: BlockInfo }): boolean {
    if (aheadUs > hardSlackUs) return true;
    if (block.quiet) return aheadUs > stepUs + block.durationUs;
    return aheadUs > slackUs && nowUs - this.#lastDropUs >= trimUs;
  }

  #send(silenceBlocks: number): Verdict {
    this.#inserted += silenceBlocks;
    return { kind: "send", silenceBlocks };
  }

  #trouble(nowUs: number, wantedUs: number): void {
    this.#lastTroubleUs = nowUs;
    this.#restLeadUs = this.#usualLeadUs;
    this.#targetUs = Math.min(this.#maxLeadUs, wantedUs);
  }

  #calm(nowUs: number): void {
    while (nowUs - this.#lastTroubleUs >= this.#calmUs) {
      this.#lastTroubleUs += this.#calmUs;
      this.#targetUs = Math.max(this.#restLeadUs, this.#targetUs - stepUs);
    }
  }
}
