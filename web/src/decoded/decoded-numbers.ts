import type { Numbers } from "../net/numbers.ts";

/** Counts what a decoded picture's figures are made of. */
export class DecodedNumbers {
  pictures = 0;
  bytes = 0;
  leftOut = 0;
  latencyMs: number | undefined;
  size: { readonly widthPx: number; readonly heightPx: number } | undefined;
  #before = { pictures: 0, bytes: 0, atMs: performance.now() };

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
