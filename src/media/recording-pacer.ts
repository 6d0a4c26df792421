import { type BlockInfo, type PaceReport, type Pacer, PlayoutModel, type Verdict } from "./pacer.ts";

/** Options of {@link RecordingPacer}. */
export interface RecordingPacerOptions {
  /** Sent at once at the beginning, and again after the device ran dry; default 1000 ms. */
  readonly burstMs?: number;
  /** Speed after the burst, as a multiple of real time, until the lead reaches the cap; default 1.05. */
  readonly speed?: number;
  /** The real lead never exceeds this; default 2000 ms. */
  readonly maxLeadMs?: number;
}

/**
 * "Burst and maintain" for recordings: `burstMs` at once, then `speed` times real time until the lead reaches
 * `maxLeadMs`, where it stays. The cap is on the lead itself, so that an hour of sound is never more than that ahead.
 * After a stall that the device survived, what is missing up to the allowed lead follows at once.
 */
export class RecordingPacer implements Pacer {
  readonly #model = new PlayoutModel();
  readonly #burstUs: number;
  readonly #speed: number;
  readonly #maxLeadUs: number;
  #underruns = 0;

  constructor(options: RecordingPacerOptions = {}) {
    this.#maxLeadUs = (options.maxLeadMs ?? 2000) * 1000;
    this.#burstUs = Math.min((options.burstMs ?? 1000) * 1000, this.#maxLeadUs);
    this.#speed = options.speed ?? 1.05;
  }

  verdict(nowUs: number, block: BlockInfo): Verdict {
    this.#noticeDry(nowUs);
    const startUs = this.#model.startUs;
    if (startUs === undefined) return { kind: "send", silenceBlocks: 0 };
    const afterUs = this.#model.sentUs + block.durationUs;
    const bySpeedUs = startUs + (afterUs - this.#burstUs) / this.#speed;
    const byCapUs = startUs + afterUs - this.#maxLeadUs;
    const waitUs = Math.max(bySpeedUs, byCapUs) - nowUs;
    return waitUs > 0 ? { kind: "wait", waitUs } : { kind: "send", silenceBlocks: 0 };
  }

  sent(nowUs: number, durationUs: number): void {
    this.#model.sent(nowUs, durationUs);
  }

  stalled(nowUs: number, delayMs: number): void {
    const dryUs = delayMs * 1000 - Math.max(0, this.#model.leadUs(nowUs));
    if (dryUs <= 0 || this.#model.startUs === undefined) return;
    this.#underruns++;
    this.#model.paused(dryUs);
  }

  report(nowUs: number): PaceReport {
    return {
      leadMs: this.#model.heldMs(nowUs),
      targetLeadMs: Math.min(this.#maxLeadUs, this.#burstUs + this.#gainUs(nowUs)) / 1000,
      sentMs: this.#model.sentUs / 1000,
      underruns: this.#underruns,
      droppedBlocks: 0,
      insertedBlocks: 0,
    };
  }

  #gainUs(nowUs: number): number {
    return (nowUs - (this.#model.startUs ?? nowUs)) * (this.#speed - 1);
  }

  #noticeDry(nowUs: number): void {
    const leadUs = this.#model.leadUs(nowUs);
    if (leadUs >= 0) return;
    this.#underruns++;
    this.#model.paused(-leadUs);
  }
}
