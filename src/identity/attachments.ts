import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { Credentials } from "./credentials.ts";
import type { Principal, RightsSource } from "./policy.ts";
import type { Store } from "./store.ts";
import type { Users } from "./users.ts";

/** Why something that was open for a person has to close. */
export type EndReason = "signed-out" | "removed" | "rights-changed";

/** What is open for a person: a socket, a picture, a turn at a speaker. */
interface Attachment {
  readonly principal: Principal;
  readonly stamp: string;
  readonly end: (reason: EndReason) => void;
}

/** Options of {@link Attachments}. */
export interface AttachmentsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly users: Users;
  readonly credentials: Credentials;
  /** Reads what a principal may do now. */
  readonly rights: RightsSource;
  readonly log: Log;
}

const checkEveryMs = 500;
const sweepEveryChecks = 120;

/**
 * Everything that stays open on somebody's rights. When their session or token ends, they are removed, or their rights
 * change, it is told to close: at once for changes made in this process, within half a second for those of another
 * (the command line), and within a minute for sessions that grow too old.
 */
export class Attachments implements Disposable {
  readonly #open = new Set<Attachment>();
  readonly #options: AttachmentsOptions;
  readonly #watch: Disposable;
  #timer: Disposable | undefined;
  #version: number;
  #checks = 0;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
    this.#version = options.store.identityVersion;
    this.#watch = options.users.onChange(() => this.#check());
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Calls `end` once, with the reason, when the principal's rights are no longer what they are now; at once (before
   * returning) when there are none already. Disposing the handle forgets it.
   */
  attach(principal: Principal, end: (reason: EndReason) => void): Disposable {
    const stamp = this.#stamp(principal);
    if (stamp === undefined) {
      end("signed-out");
      return { [Symbol.dispose]: () => {} };
    }
    const attachment = { principal, stamp, end };
    this.#open.add(attachment);
    this.#schedule();
    return { [Symbol.dispose]: () => this.#open.delete(attachment) };
  }

  /** Rights of devices changed: what they may no longer have open ends now. */
  recheck(): void {
    this.#check();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    this.#open.clear();
  }

  #schedule(): void {
    this.#timer ??= this.#options.clock.timer(checkEveryMs, () => {
      this.#timer = undefined;
      // Whatever cannot be read now is looked at again.
      if (this.#open.size > 0) this.#schedule();
      this.#tick();
    });
  }

  #tick(): void {
    const version = this.#options.store.identityVersion;
    const sweep = ++this.#checks % sweepEveryChecks === 0;
    if (sweep) {
      for (const { principal } of this.#open) this.#options.credentials.touch(principal);
      this.#options.credentials.sweep();
    }
    if (version === this.#version && !sweep) return;
    this.#check();
    this.#version = version;
  }

  #check(): void {
    for (const attachment of [...this.#open]) {
      const stamp = this.#stamp(attachment.principal);
      if (stamp === attachment.stamp) continue;
      this.#open.delete(attachment);
      this.#end(attachment, stamp !== undefined ? "rights-changed" : this.#whyGone(attachment.principal));
    }
  }

  /** One that cannot be closed keeps no other one open. */
  #end(attachment: Attachment, reason: EndReason): void {
    try {
      attachment.end(reason);
    } catch (error) {
      this.#options.log.error({ err: error, reason }, "what a person had open did not close");
    }
  }

  #whyGone(principal: Principal): EndReason {
    return this.#options.users.get(principal.userId) ? "signed-out" : "removed";
  }

  #stamp(principal: Principal): string | undefined {
    const held = this.#options.rights.rightsOf(principal);
    return held && JSON.stringify([held.administrator, held.grants]);
  }
}
