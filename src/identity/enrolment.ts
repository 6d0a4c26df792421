import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { addressBlock } from "../util/address-block.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import { dropStatement, type Store } from "./store.ts";

/** Who is at the door: a device that calls the hub. Its id is a name, never a secret. */
export interface Arrival {
  /** What it speaks: the surface that it came to. */
  readonly kind: string;
  readonly id: string;
  readonly token?: string;
  /** IP address that it calls from. */
  readonly address: string;
}

/** An unknown device that waits to be let in. */
export interface Waiting {
  readonly id: string;
  readonly kind: string;
  readonly address: string;
  /** When it called first, and last; wall-clock milliseconds. */
  readonly sinceMs: number;
  readonly lastMs: number;
}

/** How an arrival was recognised: by its token, by the address of a legacy device, or because everybody is let in. */
export type Recognised = "token" | "legacy" | "open";

const recordSchema = z.object({
  kind: z.string(),
  /** SHA-256 of the token, base64; none of a legacy device. */
  hash: z.string().optional(),
  /** The only address that a legacy device may call from. */
  address: z.string().optional(),
  approvedMs: z.number(),
});

type Enrolled = z.infer<typeof recordSchema>;

/** Options of {@link Enrolment}. */
export interface EnrolmentOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Lets in whoever comes (a trusted bench); `pending` unless told. */
  readonly mode?: "pending" | "open";
}

/** At most so many wait at once in all and of one block of addresses, each for so long after it called last. */
export const maxWaiting = 32;
export const maxWaitingOfBlock = 8;
const waitingMs = 10 * 60 * 1000;
const storeKind = "enrolment";

/**
 * Which devices may call the hub. An unknown one waits until an administrator approves it, which makes its token (256 bits,
 * shown once, kept hashed), or pins one that cannot carry a token to the address that it called from.
 */
export class Enrolment {
  readonly #waiting = new Map<string, Waiting & { readonly lastUs: number }>();
  /** Who was sent away, by name and block of addresses: another device of that name may wait. */
  readonly #refused = new Map<string, number>();
  readonly #changes = new Listeners<void>(swallow);
  readonly #revoked = new Listeners<string>(swallow);
  readonly #options: EnrolmentOptions;
  /** Whoever stopped calling waits no more, also when nobody looks. */
  #over: Disposable | undefined;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
  }

  get mode(): "pending" | "open" {
    return this.#options.mode ?? "pending";
  }

  /** Who waits, in the order in which they came. */
  waiting(): readonly Waiting[] {
    this.#forgetOld();
    return [...this.#waiting.values()].map(({ lastUs: _, ...waiting }) => waiting);
  }

  /** Calls `listener` when somebody begins to wait, or waits no more. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Calls `listener` with the id of a device whose token was replaced or taken away: what it has open ends. */
  onRevoked(listener: (deviceId: string) => void): Disposable {
    return this.#revoked.add(listener);
  }

  /** How a device is enrolled, for people. */
  enrolled(deviceId: string): { readonly legacy: boolean; readonly approvedMs: number } | undefined {
    const record = this.#record(deviceId);
    return record && { legacy: record.address !== undefined, approvedMs: record.approvedMs };
  }

  /**
   * Recognises who calls, or throws FatalError: `pending` (an administrator has to approve it), `refused` (one did not, the
   * token is wrong, or too many wait).
   */
  recognise(arrival: Arrival): Recognised {
    const record = this.#record(arrival.id);
    if (record) {
      if (record.kind === arrival.kind && record.hash !== undefined && matches(arrival.token, record.hash))
        return "token";
      if (record.kind === arrival.kind && record.address !== undefined && record.address === arrival.address) {
        return "legacy";
      }
      throw refused(
        arrival,
        arrival.token === undefined ? "it showed no token" : "its token is not the one it was given",
      );
    }
    if (this.mode === "open") return "open";
    this.#wait(arrival);
    throw new FatalError(`device ${arrival.id}: waits to be let in by an administrator`, {
      code: "pending",
      fields: { device: arrival.id },
    });
  }

  /** Lets a device in that calls with a token, which is given once and never again. A token that it had counts no more. */
  async approve(deviceId: string, how: { readonly kind: string }): Promise<string> {
    const token = `dwd_${randomBytes(32).toString("base64url")}`;
    await this.#keep(deviceId, { kind: how.kind, hash: digest(token).toString("base64") });
    return token;
  }

  /**
   * Lets a device in that can carry no token, from the address that it waits at and no other. Throws FatalError `not-found`
   * when none waits there under this name.
   */
  async approveLegacy(deviceId: string, waitsAt?: string): Promise<void> {
    const { kind, address } = this.#waitingFor(deviceId);
    if (waitsAt !== undefined && waitsAt !== address) throw notWaiting(deviceId);
    await this.#keep(deviceId, { kind, address });
  }

  /** Sends a device away that waits; it is refused for ten minutes. Throws FatalError `not-found`. */
  refuse(deviceId: string): void {
    const { address } = this.#waitingFor(deviceId);
    this.#waiting.delete(deviceId);
    this.#refused.set(placeOf({ id: deviceId, address }), this.#options.clock.nowUs());
    this.#changes.emit();
  }

  /** Takes a device's token or pinned address away; what it has open ends. */
  async revoke(deviceId: string): Promise<void> {
    await this.#options.store.write(dropStatement(storeKind, deviceId));
    this.#revoked.emit(deviceId);
  }

  /** The device that waits under this id. Throws FatalError `not-found`. */
  waitingAs(deviceId: string): Waiting {
    return this.#waitingFor(deviceId);
  }

  async #keep(deviceId: string, record: Omit<Enrolled, "approvedMs">): Promise<void> {
    const { store, clock } = this.#options;
    await store.put(storeKind, deviceId, { ...record, approvedMs: clock.wallMs() });
    for (const place of this.#refused.keys()) if (place.startsWith(`${deviceId} `)) this.#refused.delete(place);
    if (this.#waiting.delete(deviceId)) this.#changes.emit();
    this.#revoked.emit(deviceId);
  }

  #record(deviceId: string): Enrolled | undefined {
    const kept = recordSchema.safeParse(this.#options.store.get(storeKind, deviceId));
    return kept.success ? kept.data : undefined;
  }

  #waitingFor(deviceId: string): Waiting {
    this.#forgetOld();
    const waiting = this.#waiting.get(deviceId);
    if (!waiting) throw notWaiting(deviceId);
    return waiting;
  }

  #wait({ id, kind, address }: Arrival): void {
    this.#forgetOld();
    if (this.#refused.has(placeOf({ id, address }))) throw refused({ id }, "an administrator did not let it in");
    const { clock } = this.#options;
    const [lastMs, lastUs] = [clock.wallMs(), clock.nowUs()];
    const before = this.#waiting.get(id);
    // The first who took a name keeps it while it waits: somebody else under it is not what is approved.
    if (before && (before.kind !== kind || before.address !== address)) {
      throw refused({ id }, "another device waits under this name");
    }
    if (!before) this.#makeRoom({ id, address });
    this.#waiting.set(id, { id, kind, address, sinceMs: before?.sinceMs ?? lastMs, lastMs, lastUs });
    this.#forgetLater();
    if (!before) this.#changes.emit();
  }

  /** Where all places are taken, the block of addresses that has most of them gives its newest to one that has fewer. */
  #makeRoom({ id, address }: Pick<Arrival, "id" | "address">): void {
    const blocks = Map.groupBy(this.#waiting.values(), (one) => addressBlock(one.address));
    const own = blocks.get(addressBlock(address))?.length ?? 0;
    if (own >= maxWaitingOfBlock) throw refused({ id }, `${own} devices of its address wait already`);
    if (this.#waiting.size < maxWaiting) return;
    const most = [...blocks.values()].reduce((one, other) => (other.length > one.length ? other : one));
    const newest = most.at(-1);
    if (!newest || most.length <= own + 1) throw refused({ id }, `${maxWaiting} devices wait already`);
    this.#waiting.delete(newest.id);
  }

  /** Whoever calls no more is forgotten in time, also when nobody asks. */
  #forgetLater(): void {
    const { clock } = this.#options;
    this.#over?.[Symbol.dispose]();
    this.#over = undefined;
    if (this.#waiting.size === 0) return;
    const firstUs = Math.min(...[...this.#waiting.values()].map(({ lastUs }) => lastUs));
    this.#over = clock.timer(Math.max(0, (firstUs - clock.nowUs()) / 1000 + waitingMs) + 1000, () => {
      this.#forgetOld();
      this.#forgetLater();
    });
  }

  #forgetOld(): void {
    const { clock } = this.#options;
    const before = this.#waiting.size;
    const longAgoUs = clock.nowUs() - waitingMs * 1000;
    for (const [id, { lastUs }] of this.#waiting) if (lastUs < longAgoUs) this.#waiting.delete(id);
    for (const [place, atUs] of this.#refused) if (atUs < longAgoUs) this.#refused.delete(place);
    if (this.#waiting.size !== before) this.#changes.emit();
  }
}

/** Who listens logs its own troubles. */
function swallow(): void {}

function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function matches(token: string | undefined, hash: string): boolean {
  if (token === undefined || token.length > 128) return false;
  const wanted = Buffer.from(hash, "base64");
  const given = digest(token);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

/** A name as it comes from one block of addresses. */
function placeOf({ id, address }: Pick<Arrival, "id" | "address">): string {
  return `${id} ${addressBlock(address)}`;
}

function notWaiting(id: string): FatalError {
  return new FatalError(`device ${id}: does not wait to be let in`, { code: "not-found", fields: { device: id } });
}

function refused({ id }: { readonly id: string }, why: string): FatalError {
  return new FatalError(`device ${id}: not let in, ${why}`, { code: "refused", fields: { device: id } });
}
