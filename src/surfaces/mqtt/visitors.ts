import { createHash, timingSafeEqual } from "node:crypto";
import { addressBlock } from "../../util/address-block.ts";
import type { Clock } from "../../util/clock.ts";
import { deviceIdOf, type Visitor } from "./topic-rights.ts";

/** What somebody shows who connects. */
export interface LogIn {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** IP address that they come from. */
  readonly address: string;
}

/** Options of {@link Visitors}. */
export interface VisitorsOptions {
  /** Names with their passwords, opened. */
  readonly accounts: Readonly<Record<string, string>>;
  /** True when this is a device's token, or the address that it is pinned to. */
  readonly isDevice: (arrival: { readonly id: string; readonly token?: string; readonly address: string }) => boolean;
  /** Whether everybody is let in who shows nothing. */
  readonly open: boolean;
  readonly clock: Clock;
}

/** Failures of one block of addresses in a minute after which it is not even looked at. */
const maxFailures = 10;
const minuteUs = 60_000_000;
const maxBlocks = 4096;

/** Recognises who connects to the hub's own broker. */
export class Visitors {
  readonly #failures = new Map<string, { count: number; sinceUs: number }>();
  readonly #options: VisitorsOptions;

  constructor(options: VisitorsOptions) {
    this.#options = options;
  }

  /** Who it is; undefined for somebody who is not let in. */
  recognise(logIn: LogIn): Visitor | undefined {
    const block = addressBlock(logIn.address);
    if (this.#isHeldOff(block)) return undefined;
    const visitor = this.#look(logIn);
    if (visitor) this.#failures.delete(block);
    else if (logIn.password !== undefined) this.#failed(block);
    return visitor;
  }

  #look({ username, password, address }: LogIn): Visitor | undefined {
    const { accounts, isDevice, open } = this.#options;
    if (username !== undefined && Object.hasOwn(accounts, username)) {
      const right = password !== undefined && isSame(password, accounts[username] ?? "");
      return right ? { as: "everything", name: username } : undefined;
    }
    if (username !== undefined) {
      const id = deviceIdOf(username);
      const token = password === undefined ? {} : { token: password };
      if (isDevice({ id, ...token, address })) return { as: "device", id };
    }
    // Who shows a password means somebody by it: a wrong one makes no guest.
    return open && !password?.startsWith("dwd_") ? { as: "guest" } : undefined;
  }

  #isHeldOff(block: string): boolean {
    const failed = this.#failures.get(block);
    if (!failed) return false;
    if (this.#options.clock.nowUs() - failed.sinceUs < minuteUs) return failed.count >= maxFailures;
    this.#failures.delete(block);
    return false;
  }

  #failed(block: string): void {
    const failed = this.#failures.get(block);
    if (failed) failed.count++;
    else {
      if (this.#failures.size >= maxBlocks) this.#failures.clear();
      this.#failures.set(block, { count: 1, sinceUs: this.#options.clock.nowUs() });
    }
  }
}

function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
