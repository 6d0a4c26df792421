import { z } from "zod";
import type { Device } from "../device/driver.ts";
import type { Audit } from "../identity/audit.ts";
import { type Arrival, type Enrolment, fingerprint, type Recognised, type Waiting } from "../identity/enrolment.ts";
import { describeGrants, type Grant, type Principal, type Right } from "../identity/policy.ts";
import { FatalError } from "../util/errors.ts";
import type { HubDevice } from "./api.ts";
import { type ArrivalKind, isArrivalKind } from "./arrival-kinds.ts";
import { titleOf } from "./device-input.ts";
import { idSchema } from "./device-settings.ts";
import type { ArrivalPlace, Registry } from "./registry.ts";

/** `enrolment:` of the configuration. */
export const enrolmentConfig = z
  .enum(["pending", "open"])
  .default("pending")
  .describe("Devices that call the hub and are unknown: pending waits for an administrator; open lets everybody in.");

/** Options of {@link Reception}. */
export interface ReceptionOptions {
  readonly enrolment: Enrolment;
  readonly registry: Registry;
  readonly audit: Audit;
  /** The rights of a device changed: what it has open is looked at again. */
  readonly onRights?: () => void;
}

/** So many devices that nobody set up come in at most where `enrolment: open` is set. */
const maxStrangers = 64;

/** What a device of a kind may do for itself unless somebody says otherwise: a station speaks to the others. */
const usualGrants: Readonly<Record<ArrivalKind, readonly Grant[]>> = {
  whip: [],
  agent: [],
  page: [{ scope: "*", rights: ["talk"] }],
  room: [{ scope: "*", rights: ["talk", "page"] }],
  "room-web": [{ scope: "*", rights: ["talk", "page"] }],
  door: [],
};

/** A device that was approved. */
export interface Approved {
  readonly device: HubDevice;
  /** Shown once; none for a legacy device. */
  readonly token?: string;
}

/** The door through which devices come that call the hub, whatever surface they call. Its owner disposes it. */
export class Reception implements Disposable {
  /** Devices that came where everybody is let in. */
  readonly #strangers = new Set<string>();
  readonly #options: ReceptionOptions;
  readonly #watch: Disposable;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#watch = options.enrolment.onRevoked((id) => {
      options.registry.arrival(id)?.reenrolled();
      options.onRights?.();
    });
  }

  /** Calls `listener` when somebody begins to wait to be let in, or waits no more. */
  onWaiting(listener: () => void): Disposable {
    return this.#options.enrolment.onChange(listener);
  }

  /**
   * Throws what {@link admit} would throw now, and changes nothing of who has the device: a surface looks at what the caller
   * wants between the two, so that a connection that comes to nothing takes the device from nobody.
   */
  check(arrival: Arrival & { readonly kind: ArrivalKind }): Recognised {
    const { enrolment, registry } = this.#options;
    if (!idSchema.safeParse(arrival.id).success) {
      throw new FatalError("device: its name has to be lower-case letters, digits and dashes", { code: "refused" });
    }
    const how = enrolment.recognise(arrival);
    if (how === "open" && !registry.get(arrival.id)) this.#refuseTooMany();
    else this.#placeOf(arrival).check();
    return how;
  }

  /**
   * Lends the device to a connection until `signal` aborts; the device's own signal aborts when the connection is to end
   * (revoked, replaced by a newer one, removed). Throws FatalError `pending`, `refused`, `taken` or `disabled`,
   * RecoverableError `hung-up` or `closing`, with a sentence for whoever calls. `onWanted` is told whether anybody wants the
   * device: soon, and at each change.
   */
  async admit(
    arrival: Arrival & { readonly kind: ArrivalKind },
    signal: AbortSignal,
    onWanted?: (wanted: boolean) => void,
  ): Promise<Device> {
    const { registry, audit } = this.#options;
    const how = this.check(arrival);
    if (!registry.get(arrival.id)) {
      await registry.addTransient({ id: arrival.id, name: arrival.name ?? titleOf(arrival.id), arrives: arrival.kind });
      this.#strangers.add(arrival.id);
    }
    const device = this.#placeOf(arrival).admit(signal, onWanted);
    audit.record({
      actor: arrival.id,
      action: "device-arrived",
      subject: arrival.id,
      detail: `${how} ${arrival.address}`,
    });
    return device;
  }

  /** True for a device that was let in, by its token or the address that it is pinned to: it is lent nothing by that. */
  isLetIn(arrival: Omit<Arrival, "kind">): boolean {
    return this.#options.enrolment.isLetIn(arrival);
  }

  /** True when a device was let in, by whatever proof. */
  isEnrolled(deviceId: string): boolean {
    return this.#options.enrolment.enrolled(deviceId) !== undefined;
  }

  /** True where everybody is let in. */
  get isOpen(): boolean {
    return this.#options.enrolment.mode === "open";
  }

  /** Calls `listener` with the id of a device whose token was replaced or taken away. */
  onRevoked(listener: (deviceId: string) => void): Disposable {
    return this.#options.enrolment.onRevoked(listener);
  }

  /** Who waits to be let in. */
  waiting(): readonly Waiting[] {
    return this.#options.enrolment.waiting();
  }

  /** Lets in a device that waits: adds it to the configuration, and makes its token unless it is a legacy one. */
  async approve(
    id: string,
    as: {
      readonly name?: string;
      readonly area?: string;
      readonly legacy?: boolean;
      /** Where the one stood that was looked at: another one under its name is not let in. */
      readonly address?: string;
      /** What the device itself may do; what is usual for its kind unless told. */
      readonly grants?: readonly Grant[];
      /** What of the usual the one may give who lets it in; all unless told. */
      readonly mayGive?: (right: Right) => boolean;
      readonly by: string;
    },
  ): Promise<Approved> {
    const { enrolment, registry, audit } = this.#options;
    const { kind, address, name: ownName } = enrolment.waitingAs(id);
    if (as.address !== undefined && as.address !== address) {
      throw new FatalError(`device ${id}: it is another one that waits now, at ${address}`, {
        code: "changed",
        fields: { device: id },
      });
    }
    const { name = ownName ?? titleOf(id), area, legacy = false, by } = as;
    const place = registry.arrival(id);
    if (!isArrivalKind(kind) || (place ? place.kind !== kind : registry.get(id) !== undefined)) {
      throw new FatalError(`device ${id}: exists already, and does not call by ${kind}`, {
        code: "exists",
        fields: { device: id },
      });
    }
    const hash = enrolment.claimOf(id);
    if (legacy && hash !== undefined) {
      throw new FatalError(`device ${id}: carries a token already, and is let in by that`, { code: "bad-config" });
    }
    const { mayGive = () => true } = as;
    const usual = usualGrants[kind].map(({ scope, rights }) => ({ scope, rights: rights.filter(mayGive) }));
    const grants = as.grants ?? usual;
    const device = place
      ? await registry.update(id, { name, ...(area !== undefined && { area }) })
      : await registry.add({ id, name, arrives: kind, ...(area !== undefined && { area }) });
    let token: string | undefined;
    if (legacy) await enrolment.approveLegacy(id, { waitsAt: address, grants: kind === "room" ? grants : [] });
    else if (hash !== undefined) await enrolment.approveClaim(id, { kind, hash, grants });
    else token = await enrolment.approve(id, { kind, grants });
    audit.record({ actor: by, action: "device-approved", subject: id, detail: legacy ? `${kind}, legacy` : kind });
    return { device, ...(token !== undefined && { token }) };
  }

  /** Sends away a device that waits. */
  refuse(id: string, by: string): void {
    this.#options.enrolment.refuse(id);
    this.#options.audit.record({ actor: by, action: "device-refused", subject: id });
  }

  /** Makes a new token for a device that calls; the one before counts no more. Throws FatalError `not-found`. */
  async renew(id: string, by: string): Promise<string> {
    const { enrolment, registry, audit } = this.#options;
    const place = registry.arrival(id);
    if (!place)
      throw new FatalError(`device ${id}: is not one that calls the hub`, {
        code: "not-found",
        fields: { device: id },
      });
    const grants = enrolment.enrolled(id)?.grants ?? usualGrants[place.kind];
    const token = await enrolment.approve(id, { kind: place.kind, grants });
    audit.record({ actor: by, action: "device-token-made", subject: id });
    return token;
  }

  /** Takes a device's token or pinned address away; its connection ends. */
  async revoke(id: string, by: string): Promise<void> {
    await this.#options.enrolment.revoke(id);
    this.#options.audit.record({ actor: by, action: "device-revoked", subject: id });
  }

  /** The device is no more: its token counts for nobody. */
  async forget(id: string): Promise<void> {
    if (this.#options.enrolment.enrolled(id)) await this.#options.enrolment.revoke(id);
  }

  /** Changes what a device itself may do. Throws FatalError `not-found`. */
  async setGrants(id: string, as: { readonly grants: readonly Grant[]; readonly by: string }): Promise<void> {
    const { enrolment, audit, onRights } = this.#options;
    await enrolment.setGrants(id, as.grants);
    audit.record({ actor: as.by, action: "device-changed", subject: id, detail: describeGrants(as.grants) });
    onRights?.();
  }

  /** True when a device was let in by this token, or waits to be. */
  knows(who: { readonly id: string; readonly token: string }): boolean {
    return this.#options.enrolment.knows(who);
  }

  /** A station that asks for itself, by its token; undefined when it is none, or is switched off. */
  principalOf({ id, token }: { readonly id: string; readonly token: string }): Principal | undefined {
    const { enrolment, registry } = this.#options;
    const device = registry.arrival(id) && registry.get(id);
    return device && enrolment.principalOf({ id, token, name: device.name });
  }

  /** A device that comes without showing a token each time, as it asks for itself; undefined when it was not let in. */
  principalUnder(id: string): Principal | undefined {
    const device = this.#options.registry.get(id);
    return device && this.#options.enrolment.principalUnder(device);
  }

  /** The key of a device's signatures; see {@link Enrolment.signingKey}. */
  signingKey(id: string): Uint8Array | undefined {
    return this.#options.enrolment.signingKey(id);
  }

  /** Where everybody is let in: keeps the token that a station came with, so that it is known when it speaks. */
  async letIn(arrival: Arrival & { readonly kind: ArrivalKind; readonly token: string }): Promise<void> {
    const { enrolment, registry } = this.#options;
    const { id, kind, token } = arrival;
    if (this.check(arrival) !== "open") return;
    if (!registry.get(id)) {
      await registry.add({ id, name: titleOf(id), arrives: kind });
      this.#strangers.add(id);
    }
    await enrolment.approveClaim(id, { kind, hash: fingerprint(token), grants: usualGrants[kind] });
  }

  #placeOf({ id, kind }: Arrival): ArrivalPlace {
    const place = this.#options.registry.arrival(id);
    if (place?.kind === kind) return place;
    throw new FatalError(`device ${id}: is not set up as one that calls by ${kind}`, {
      code: "refused",
      fields: { device: id },
    });
  }

  /** Where everybody is let in, the wall is still no place for any number of names. */
  #refuseTooMany(): void {
    for (const id of this.#strangers) if (!this.#options.registry.get(id)) this.#strangers.delete(id);
    if (this.#strangers.size < maxStrangers) return;
    throw new FatalError(`${maxStrangers} devices came already that nobody set up`, {
      code: "refused",
      fields: { limit: maxStrangers },
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
