import { randomInt, timingSafeEqual } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../util/clock.ts";

/** Letters and digits that nobody mixes up (Crockford's base 32). */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 16;

/** How long a code is good for: 30 minutes. */
export const setupCodeLifeMs = 30 * 60 * 1000;

/** Options of {@link SetupCode}. */
export interface SetupCodeOptions {
  readonly clock: Clock;
  /** Folder of the hub's data; the code is its file `setup-code`, mode 0600. */
  readonly dataDir: string;
}

/**
 * The one-time code of the first run: 80 random bits, written to a 0600 file and printed by `main`, void after use or
 * after 30 minutes (then the hub is started again, or `doorward user add` is used).
 */
export class SetupCode implements Disposable {
  /** As people type it: `ABCD-EFGH-JKMN-PQRS`. */
  readonly code: string;
  readonly path: string;
  #letters: string | undefined;
  readonly #expiry: Disposable;

  constructor(options: SetupCodeOptions) {
    this.#letters = Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
    this.code = (this.#letters.match(/.{4}/g) ?? []).join("-");
    this.path = join(options.dataDir, "setup-code");
    rmSync(this.path, { force: true });
    writeFileSync(this.path, `${this.code}\n`, { mode: 0o600, flag: "wx" });
    this.#expiry = options.clock.timer(setupCodeLifeMs, () => this.#void());
  }

  /** False once it was used or is older than 30 minutes. */
  get valid(): boolean {
    return this.#letters !== undefined;
  }

  /** True when `typed` is the code; case, spaces, dashes and the usual slips (O for 0, I and L for 1) do not matter. */
  matches(typed: string): boolean {
    if (this.#letters === undefined) return false;
    const letters = typed.slice(0, 64).toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
    const [given, wanted] = [Buffer.from(letters), Buffer.from(this.#letters)];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** Makes the code void: it was used, or the hub ends. */
  [Symbol.dispose](): void {
    this.#expiry[Symbol.dispose]();
    this.#void();
  }

  #void(): void {
    this.#letters = undefined;
    rmSync(this.path, { force: true });
  }
}
