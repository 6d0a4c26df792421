import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { addressBlock } from "../util/address-block.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import { type Grant, grantSchema, type HeldRights, type Principal } from "./policy.ts";
import { dropStatement, type Store } from "./store.ts";

/** Who is at the door: a device that calls the hub. Its id is a name, never a secret. */
export interface Arrival {
  /** What it speaks: the surface that it came to. */
  readonly kind: string;
  readonly id: string;
  readonly token?: string;
  /** The token is one that the hub gave it before it was let in: letting it in is letting that token in. */
  readonly claims?: boolean;
  /** The surface has proof of the token by other means than seeing it: a broker that checked it, packets signed with it. */
  readonly proven?: boolean;
  /** What it calls itself: a suggestion for people. */
  readonly name?: string;
  /** IP address that it calls from. */
  readonly address: string;
}

/** An unknown device that waits to be let in. */
export interface Waiting {
  readonly id: string;
  readonly kind: string;
  readonly address: string;
  /** What it calls itself, if it said so. */
  readonly name?: string;
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
  /** What the device itself may do, e.g. speak through others; nothing unless told. */
  grants: z.array(grantSchema).default([]),
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
  readonly #waiting = new Map<string, Waiting & { readonly lastUs: number; readonly hash: string | undefined }>();
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
    return [...this.#waiting.values()].map(({ lastUs: _us, hash: _hash, ...waiting }) => waiting);
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
  enrolled(
    deviceId: string,
  ): { readonly legacy: boolean; readonly approvedMs: number; readonly grants: readonly Grant[] } | undefined {
    const record = this.#record(deviceId);
    return record && { legacy: record.address !== undefined, approvedMs: record.approvedMs, grants: record.grants };
  }

  /** True when the device was let in by this token, or waits to be. */
  knows({ id, token }: { readonly id: string; readonly token: string }): boolean {
    const record = this.#record(id);
    const hash = record ? record.hash : this.#waiting.get(id)?.hash;
    return hash !== undefined && matches(token, hash);
  }

  /** A device that is recognised each time it comes and shows no token to ask with; `name` is what people call it. */
  principalUnder(who: { readonly id: string; readonly name: string }): Principal | undefined {
    const record = this.#record(who.id);
    return record && { ...deviceOf(who), credentialId: credentialOf(record) };
  }

  /**
   * The key under which a device signs what it sends in the clear, and the hub what it sends to it: SHA-256 of its token.
   * Undefined for one that has no token.
   */
  signingKey(deviceId: string): Uint8Array | undefined {
    const hash = this.#record(deviceId)?.hash;
    return hash === undefined ? undefined : Buffer.from(hash, "base64");
  }

  /** A device that asks for itself, by its token; `name` is what people call it. */
  principalOf(who: { readonly id: string; readonly token: string; readonly name: string }): Principal | undefined {
    const record = this.#record(who.id);
    if (record?.hash === undefined || !matches(who.token, record.hash)) return undefined;
    return { ...deviceOf(who), credentialId: credentialOf(record) };
  }

  /** The fingerprint of the token that a waiting device was given already. */
  claimOf(deviceId: string): string | undefined {
    return this.#waiting.get(deviceId)?.hash;
  }

  /**
   * Recognises who calls, or throws FatalError: `pending` (an administrator has to approve it), `refused` (one did not, the
   * token is wrong, or too many wait).
   */
  recognise(arrival: Arrival): Recognised {
    const record = this.#record(arrival.id);
    if (record) {
      const how = record.kind === arrival.kind ? proofOf(arrival, record) : undefined;
      if (how) return how;
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

  /** True for a device that was let in, whatever it came by; nobody begins to wait by asking. */
  isLetIn(arrival: Omit<Arrival, "kind">): boolean {
    const record = this.#record(arrival.id);
    return record !== undefined && proofOf(arrival, record) !== undefined;
  }

  /**
   * Lets a device in that calls with a token, which is given once and never again. A token that it had counts no more; its
   * own rights stay as they were unless told.
   */
  async approve(deviceId: string, how: { readonly kind: string; readonly grants?: readonly Grant[] }): Promise<string> {
    const token = newDeviceToken();
    await this.#keep(deviceId, { kind: how.kind, hash: fingerprint(token), grants: this.#grants(deviceId, how) });
    return token;
  }

  /** Lets a device in by the token that it waits with (see {@link claimOf}). */
  async approveClaim(
    deviceId: string,
    how: { readonly kind: string; readonly hash: string; readonly grants?: readonly Grant[] },
  ): Promise<void> {
    await this.#keep(deviceId, { kind: how.kind, hash: how.hash, grants: this.#grants(deviceId, how) });
  }

  /** Changes what an enrolled device itself may do. Throws FatalError `not-found`. */
  async setGrants(deviceId: string, grants: readonly Grant[]): Promise<void> {
    const record = this.#record(deviceId);
    if (!record) throw new FatalError(`device ${deviceId}: was not let in`, { code: "not-found" });
    await this.#options.store.put(storeKind, deviceId, { ...record, grants });
  }

  #grants(deviceId: string, how: { readonly grants?: readonly Grant[] }): Grant[] {
    return [...(how.grants ?? this.#record(deviceId)?.grants ?? [])];
  }

  /**
   * Lets a device in that can carry no token, from the address that it waits at and no other. Throws FatalError `not-found`
   * when none waits there under this name.
   */
  async approveLegacy(
    deviceId: string,
    how: { readonly waitsAt?: string; readonly grants?: readonly Grant[] } = {},
  ): Promise<void> {
    const { kind, address } = this.#waitingFor(deviceId);
    if (how.waitsAt !== undefined && how.waitsAt !== address) throw notWaiting(deviceId);
    await this.#keep(deviceId, { kind, address, grants: [...(how.grants ?? [])] });
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
    return recordOf(deviceId, this.#options.store);
  }

  #waitingFor(deviceId: string): Waiting {
    this.#forgetOld();
    const waiting = this.#waiting.get(deviceId);
    if (!waiting) throw notWaiting(deviceId);
    return waiting;
  }

  #wait({ id, kind, address, token, claims, name }: Arrival): void {
    this.#forgetOld();
    if (this.#refused.has(placeOf({ id, address }))) throw refused({ id }, "an administrator did not let it in");
    const { clock } = this.#options;
    const [lastMs, lastUs] = [clock.wallMs(), clock.nowUs()];
    const before = this.#waiting.get(id);
    // The first who took a name keeps it while it waits: somebody else under it is not what is approved.
    const hash = claims && token !== undefined ? fingerprint(token) : undefined;
    if (before && (before.kind !== kind || before.address !== address || before.hash !== hash)) {
      throw refused({ id }, "another device waits under this name");
    }
    if (!before) this.#makeRoom({ id, address });
    const named = name === undefined ? {} : { name };
    this.#waiting.set(id, { id, kind, address, ...named, sinceMs: before?.sinceMs ?? lastMs, lastMs, lastUs, hash });
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

/** A new device token: 256 bits, for one device. */
export function newDeviceToken(): string {
  return `dwd_${randomBytes(32).toString("base64url")}`;
}

/** What an enrolled device itself may do now; undefined when it is not, or by another token. */
export function deviceRightsOf(
  { deviceId, credentialId }: Principal,
  store: Pick<Store, "get">,
): HeldRights | undefined {
  const record = deviceId === undefined ? undefined : recordOf(deviceId, store);
  if (!record || credentialOf(record) !== credentialId) return undefined;
  return { administrator: false, grants: record.grants };
}

function recordOf(deviceId: string, store: Pick<Store, "get">): Enrolled | undefined {
  const stored = store.get(storeKind, deviceId);
  if (stored === undefined) return undefined; // zod's error about nothing is dear
  const kept = recordSchema.safeParse(stored);
  return kept.success ? kept.data : undefined;
}

/** SHA-256 of a token, base64. */
export function fingerprint(token: string): string {
  return digest(token).toString("base64");
}

function proofOf(arrival: Omit<Arrival, "kind">, record: Enrolled): "token" | "legacy" | undefined {
  if (record.hash !== undefined && (arrival.proven || matches(arrival.token, record.hash))) return "token";
  return record.address !== undefined && record.address === arrival.address ? "legacy" : undefined;
}

/** Names what a device was let in by: rights end when it is let in anew. */
function credentialOf({ hash, approvedMs }: Enrolled): string {
  return hash?.slice(0, 16) ?? `legacy ${approvedMs}`;
}

function deviceOf({ id, name }: { readonly id: string; readonly name: string }) {
  return { userId: `device:${id}`, name, via: "device", deviceId: id } as const;
}

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
