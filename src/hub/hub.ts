import type { DeviceEvent, Driver } from "../device/driver.ts";
import type { Identity } from "../identity/identity.ts";
import { isSealed } from "../identity/seal.ts";
import { dropStatement, putStatement } from "../identity/store.ts";
import type { Converter } from "../media/convert.ts";
import type { Clock } from "../util/clock.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { HubBase } from "./api.ts";
import type { MemoryStore } from "./device-memory.ts";
import { type DeviceBook, Registry, type RegistryOptions } from "./registry.ts";
import { Route } from "./route.ts";

/** The hub: decides who sees, hears, speaks and opens what. Made by `createHub`; disposed by its maker. */
export interface Hub extends HubBase, AsyncDisposable {
  readonly devices: Registry;
  readonly talks: Route;
  readonly identity: Identity;
  /** What devices say about themselves: rings, motion, health. */
  onDeviceEvent(listener: (event: { readonly id: string; readonly event: DeviceEvent }) => void): Disposable;
}

/** Options of {@link createHub}. */
export interface HubOptions {
  readonly drivers: readonly Driver[];
  readonly converter: Converter;
  /** Its opener disposes it, after the hub. */
  readonly identity: Identity;
  readonly book: DeviceBook;
  readonly clock: Clock;
  readonly log: Log;
}

/** How the secrets of devices are sealed and opened; what is sealed, or plain, already is left as it is. */
export function devicePasswords({ sealer }: Pick<Identity, "sealer">): Pick<RegistryOptions, "seal" | "unseal"> {
  const purpose = "device-password";
  return {
    seal: (text) => (isSealed(text) ? text : sealer.seal(text, { purpose })),
    unseal: (text) => (isSealed(text) ? sealer.open(text, { purpose }) : text),
  };
}

/** What is learnt about devices is bookkeeping: noted in the database, and nobody waits for it. */
function deviceMemories({ store }: Pick<Identity, "store">): MemoryStore {
  const kind = "device-memory";
  return {
    load: (id) => store.get(kind, id),
    save: (id, value) =>
      store.note([value === undefined ? dropStatement(kind, id) : putStatement(kind, id, value)], `${kind} ${id}`),
  };
}

/** Puts the hub together; no device is there yet. */
export function createHub(options: HubOptions): Hub {
  const { clock, log, converter, identity } = options;
  const events = new Listeners<{ readonly id: string; readonly event: DeviceEvent }>((error) =>
    log.error({ err: error }, "listener of device events failed"),
  );
  const route: Route = new Route({ device: (id) => registry.get(id), converter, clock, log });
  const registry: Registry = new Registry({
    drivers: options.drivers,
    clock,
    log,
    book: options.book,
    ...devicePasswords(identity),
    memory: deviceMemories(identity),
    floor: (id) => route.holder(id),
    onEvent: (id, event) => events.emit({ id, event }),
    onSettings: (device) => route.setDoNotDisturb(device.id, device.settings.doNotDisturb),
  });
  return {
    clock,
    log,
    converter,
    identity,
    devices: registry,
    talks: route,
    onDeviceEvent: (listener) => events.add(listener),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}
