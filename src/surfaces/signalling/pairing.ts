import { randomInt } from "node:crypto";
import { signallingLimits } from "../../protocols/signalling/limits.ts";
import type { Clock } from "../../util/clock.ts";

interface Code {
  readonly deviceId: string;
  readonly untilUs: number;
}

/** A code that was made. */
export interface PairingCode {
  readonly code: string;
  /** Wall-clock milliseconds. */
  readonly expiresMs: number;
}

const maxCodes = 64;
/** Six digits are guessed in time unless somebody counts: so many wrong ones in all, until one expires. */
const maxWrong = 20;

/** Pairing codes: six digits, one for each device, each for one use within five minutes. */
export class PairingCodes {
  readonly #codes = new Map<string, Code>();
  readonly #clock: Clock;
  #wrong = 0;
  #wrongSinceUs = 0;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** A new code for a device; the one before counts no more. */
  make(deviceId: string): PairingCode {
    this.#forget();
    for (const [code, one] of this.#codes) if (one.deviceId === deviceId) this.#codes.delete(code);
    const [oldest] = this.#codes.size >= maxCodes ? this.#codes.keys() : [];
    if (oldest !== undefined) this.#codes.delete(oldest);
    let code = "";
    do code = String(randomInt(1_000_000)).padStart(6, "0");
    while (this.#codes.has(code));
    this.#codes.set(code, { deviceId, untilUs: this.#clock.nowUs() + signallingLimits.pairingMs * 1000 });
    return { code, expiresMs: this.#clock.wallMs() + signallingLimits.pairingMs };
  }

  /** The device of a code, which then counts no more; undefined for a wrong one, and while too many were wrong. */
  take(code: string): string | undefined {
    this.#forget();
    const nowUs = this.#clock.nowUs();
    if (nowUs - this.#wrongSinceUs > signallingLimits.pairingMs * 1000) [this.#wrong, this.#wrongSinceUs] = [0, nowUs];
    const found = this.#wrong < maxWrong ? this.#codes.get(code) : undefined;
    if (!found) this.#wrong++;
    this.#codes.delete(found ? code : "");
    return found?.deviceId;
  }

  #forget(): void {
    const nowUs = this.#clock.nowUs();
    for (const [code, { untilUs }] of this.#codes) if (untilUs < nowUs) this.#codes.delete(code);
  }
}
