import type { Numbers } from "../net/numbers.ts";

/** Counts what a decoded picture's figures are made of. */
export class DecodedNumbers {
  pictures = 0;
  bytes = 0;
  leftOut = 0;
  latencyMs: number | undefined;
  size: { readonly widthPx: number; readonly heightPx: number } | undefined;
  #firstMs = 0;
  #lastMs = 0;
  #before = { pictures: 0, bytes: 0, atMs: performance.now() };

  /** A picture was decoded. */
  decoded(nowMs: number): void {
    this.pictures++;
    this.#firstMs ||= nowMs;
    this.#lastMs = nowMs;
  }

  /** How long pictures have been decoded since this was asked last. */
  takeDecodedMs(): number {
    const ms = this.#lastMs - this.#firstMs;
    this.#firstMs = this.#lastMs;
    return ms;
  }

  /** Since the last look. */
  take(): Numbers {
    const { pictures, bytes, leftOut, latencyMs, size } = this;
    const nowMs = performance.now();
    const ms = nowMs - this.#before.atMs;
    const fixed = { ...size, framesDropped: leftOut, packetsLost: 0, latencyMs };
    if (ms < 200) return fixed;
    const framesPerSecond = ((pictures - this.#before.pictures) / ms) * 1000;
    const bitrateBps = ((bytes - this.#before.bytes) * 8000) / ms;
    this.#before = { pictures, bytes, atMs: nowMs };
    return { ...fixed, framesPerSecond, bitrateBps };
  }
}
