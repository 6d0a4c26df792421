import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Principal } from "../../identity/policy.ts";
import { FatalError } from "../../util/errors.ts";
import { isName, toName } from "../../util/name.ts";
import { type Agents, deviceIdOf } from "./agents.ts";
import { PairingCodes } from "./pairing.ts";

/** Options of {@link DeviceDesk}. */
export interface DeviceDeskOptions {
  readonly hub: Pick<Hub, "devices" | "reception" | "identity" | "clock">;
  /** Who is there. */
  readonly presence: () => Pick<Agents, "get" | "lastSeenMs">;
}

/** Who asks over HTTP: a person by their token, a device's own token, or nobody. */
export interface RestCaller {
  readonly principal: Principal | undefined;
  readonly token: string | undefined;
  readonly address: string;
}

const registerBody = z.object({
  device_id: z.string().min(1).max(128),
  device_name: z.string().max(256).nullish(),
  device_type: z.string().max(64).default("camera"),
});
const pairBody = z.object({ pairing_code: z.string().regex(/^\d{6}$/) });
const maxRegistered = 256;
const pairedRights = ["view", "listen", "talk"] as const;

/** The seed's registry of devices over the hub's: who is there, and whose they are. */
export class DeviceDesk {
  /** Devices that said their name where everybody is let in, and have not connected yet. */
  readonly #registered = new Map<string, string>();
  readonly #codes: PairingCodes;
  readonly #options: DeviceDeskOptions;

  constructor(options: DeviceDeskOptions) {
    this.#options = options;
    this.#codes = new PairingCodes(options.hub);
  }

  /** A device says that it is there: where not everybody is let in, it waits for an administrator from then on. */
  register(body: unknown, { token, address }: RestCaller): object {
    const { hub } = this.#options;
    const { device_id, device_name } = registerBody.parse(body);
    const id = deviceIdOf(device_id);
    if (hub.devices.get(id) || this.#registered.has(id)) return { device_id, message: "Device already registered" };
    const name = device_name ? toName(device_name, { fallback: id }) : undefined;
    const arrival = { kind: "agent", id, address, ...(token !== undefined && { token, claims: true }) } as const;
    try {
      hub.reception.check({ ...arrival, ...(name !== undefined && { name }) });
    } catch (error) {
      if (!(error instanceof FatalError) || error.code !== "pending") throw error;
      return { device_id, message: "Device registered: it waits to be let in by an administrator" };
    }
    const [oldest] = this.#registered.size >= maxRegistered ? this.#registered.keys() : [];
    if (oldest !== undefined) this.#registered.delete(oldest);
    this.#registered.set(id, name ?? "");
    return { device_id, message: "Device registered successfully" };
  }

  /** The name under which a device registered. */
  nameOf(deviceId: string): string | undefined {
    const name = this.#registered.get(deviceId);
    return name !== undefined && isName(name) ? name : undefined;
  }

  /** The devices that somebody may see. */
  list(principal: Principal): readonly object[] {
    const { hub } = this.#options;
    return hub.devices
      .list()
      .filter((device) => mayUse(hub.identity.policy, { principal, right: "view", device }))
      .map((device, i) => ({
        id: i + 1,
        device_id: device.id,
        device_name: device.name,
        device_type: "camera",
        ...this.#presence(device.id),
      }));
  }

  /** Whether a device is there. Throws FatalError `not-found`. */
  status(deviceId: string, caller: RestCaller): object {
    const { hub } = this.#options;
    const id = deviceIdOf(deviceId);
    const device = hub.devices.get(id);
    const { principal, token } = caller;
    const own = token !== undefined && hub.reception.knows({ id, token });
    const may = device && mayUse(hub.identity.policy, { principal, right: "view", device });
    if (may || own || (hub.reception.isOpen && (device || this.#registered.has(id)))) {
      return { device_id: deviceId, ...this.#presence(id) };
    }
    throw new FatalError("Device not found", { code: "not-found" });
  }

  /** A code that the device shows to its owner. It takes the device's own token, or a hub where everybody is let in. */
  generate(deviceId: string, { token }: RestCaller): object {
    const { hub } = this.#options;
    const id = deviceIdOf(deviceId);
    const own = token !== undefined && hub.reception.knows({ id, token });
    const open =
      hub.reception.isOpen && !hub.reception.isEnrolled(id) && (hub.devices.get(id) || this.#registered.has(id));
    if (!own && !open) throw new FatalError("Device not found", { code: "not-found" });
    const { code, expiresMs } = this.#codes.make(id);
    const ttl = Math.round((expiresMs - hub.clock.wallMs()) / 1000);
    return { code, expires_at: new Date(expiresMs).toISOString(), ttl };
  }

  /**
   * Somebody read the code on the device: it is theirs to see, hear and speak through, and let in if it waited and they may
   * let devices in. Throws FatalError `wrong-code`, `forbidden`.
   */
  async pair(body: unknown, principal: Principal): Promise<object> {
    const { hub } = this.#options;
    const read = pairBody.safeParse(body);
    const id = read.success ? this.#codes.take(read.data.pairing_code) : undefined;
    if (id === undefined) throw new FatalError("Invalid or expired pairing code", { code: "wrong-code" });
    if (hub.reception.waiting().some((one) => one.id === id)) {
      if (!hub.identity.policy.allows(principal, "administer")) {
        throw new FatalError("An administrator of this hub has to let the device in.", { code: "forbidden" });
      }
      await hub.reception.approve(id, { by: principal.name });
    }
    await this.#give(id, principal);
    const device_name = hub.devices.get(id)?.name ?? this.nameOf(id) ?? id;
    return { message: "Device paired successfully", device: { device_id: id, device_name } };
  }

  /** Rights of the person, not of the token alone: they are there on every device of theirs. */
  async #give(id: string, principal: Principal): Promise<void> {
    const { users, audit, policy } = this.#options.hub.identity;
    const person = users.get(principal.userId);
    audit.record({ actor: principal.name, action: "device-paired", subject: id });
    if (!person || policy.allows(principal, "view", { id })) return;
    const scope = `device:${id}`;
    await users.update(person.id, { grants: [...person.grants, { scope, rights: [...pairedRights] }] });
  }

  #presence(id: string): object {
    const { presence, hub } = this.#options;
    const agents = presence();
    const seenMs = agents.lastSeenMs(id) ?? hub.devices.get(id)?.state.lastFrameMs;
    const phase = hub.devices.get(id)?.state.phase;
    const online = agents.get(id) !== undefined || (phase !== undefined && ["live", "idle"].includes(phase));
    return { is_online: online, last_seen: seenMs === undefined ? null : new Date(seenMs).toISOString() };
  }
}
