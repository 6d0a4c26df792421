import { z } from "zod";
import type { Device } from "../device/driver.ts";
import type { Audit } from "../identity/audit.ts";
import type { Arrival, Enrolment, Waiting } from "../identity/enrolment.ts";
import { FatalError } from "../util/errors.ts";
import type { HubDevice } from "./api.ts";
import { type ArrivalKind, isArrivalKind } from "./arrival-kinds.ts";
import { titleOf } from "./device-input.ts";
import { idSchema } from "./device-settings.ts";
import type { Registry } from "./registry.ts";

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
}

/** A device that was approved. */
export interface Approved {
  readonly device: HubDevice;
  /** Shown once; none for a legacy device. */
  readonly token?: string;
}

/** The door through which devices come that call the hub, whatever surface they call. Its owner disposes it. */
export class Reception implements Disposable {
  readonly #options: ReceptionOptions;
  readonly #watch: Disposable;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#watch = options.enrolment.onRevoked((id) => options.registry.arrival(id)?.hangUp());
  }

  /**
   * Lends the device to a connection until `signal` aborts; the device's own signal aborts when the connection is to end
   * (revoked, replaced by a newer one, removed). Throws FatalError `pending`, `refused`, `taken` or `disabled`, with a
   * sentence for whoever calls.
   */
  async admit(arrival: Arrival & { readonly kind: ArrivalKind }, signal: AbortSignal): Promise<Device> {
    const { enrolment, registry, audit } = this.#options;
    if (!idSchema.safeParse(arrival.id).success) {
      throw new FatalError("device: its name has to be lower-case letters, digits and dashes", { code: "refused" });
    }
    const how = enrolment.recognise(arrival);
    const known = registry.arrival(arrival.id);
    if (!known && how === "open") {
      await registry.addTransient({ id: arrival.id, name: titleOf(arrival.id), arrives: arrival.kind });
    }
    const place = registry.arrival(arrival.id);
    if (place?.kind !== arrival.kind) {
      throw new FatalError(`device ${arrival.id}: is not set up as one that calls by ${arrival.kind}`, {
        code: "refused",
      });
    }
    const device = place.admit(signal);
    audit.record({
      actor: arrival.id,
      action: "device-arrived",
      subject: arrival.id,
      detail: `${how} ${arrival.address}`,
    });
    return device;
  }

  /** Who waits to be let in. */
  waiting(): readonly Waiting[] {
    return this.#options.enrolment.waiting();
  }

  /** Lets in a device that waits: adds it to the configuration, and makes its token unless it is a legacy one. */
  async approve(
    id: string,
    as: { readonly name?: string; readonly area?: string; readonly legacy?: boolean; readonly by: string },
  ): Promise<Approved> {
    const { enrolment, registry, audit } = this.#options;
    const { kind } = enrolment.waitingAs(id);
    const { name = titleOf(id), area, legacy = false, by } = as;
    const place = registry.arrival(id);
    if (!isArrivalKind(kind) || (place ? place.kind !== kind : registry.get(id) !== undefined)) {
      throw new FatalError(`device ${id}: exists already, and does not call by ${kind}`, { code: "exists" });
    }
    const device = place
      ? await registry.update(id, { name, ...(area !== undefined && { area }) })
      : await registry.add({ id, name, arrives: kind, ...(area !== undefined && { area }) });
    const token = legacy
      ? await enrolment.approveLegacy(id).then(() => undefined)
      : await enrolment.approve(id, { kind });
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
    if (!place) throw new FatalError(`device ${id}: is not one that calls the hub`, { code: "not-found" });
    const token = await enrolment.approve(id, { kind: place.kind });
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

  /** How a device is enrolled; undefined for one that the hub calls, or that has no token yet. */
  enrolled(id: string): { readonly legacy: boolean; readonly approvedMs: number } | undefined {
    return this.#options.enrolment.enrolled(id);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
