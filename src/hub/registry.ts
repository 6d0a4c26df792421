import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Device, DeviceEvent, DeviceMemory, Driver } from "../device/driver.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Serial } from "../util/serial.ts";
import type { DevicesEvent, HubDevice, HubDevices } from "./api.ts";
import type { ArrivalKind } from "./arrival-kinds.ts";
import { ArrivalSource } from "./arrival-source.ts";
import { LocalDevice } from "./device.ts";
import {
  idFromName,
  type ResolvedArrival,
  type ResolvedDevice,
  resolveArrival,
  resolveDevice,
} from "./device-input.ts";
import { type MemoryStore, openDeviceMemory } from "./device-memory.ts";
import { openDevice, plainOptions, sealDevice, secretOptionsOf, splitDevice, withHidden } from "./device-secrets.ts";
import type { DeviceInput } from "./device-settings.ts";
import { driverSource } from "./driver-source.ts";
import { openSub } from "./open-sub.ts";
import type { DeviceInfo, HolderInfo } from "./state.ts";

/** Where devices are written down; the configuration file. */
export interface DeviceBook {
  /** Writes or replaces one device; `undefined` takes it out. Resolves once it is kept; on an error nothing changed. */
  save(id: string, input: DeviceInput | undefined): Promise<void>;
}

/** Options of {@link Registry}. */
export interface RegistryOptions {
  readonly drivers: readonly Driver[];
  readonly clock: Clock;
  readonly log: Log;
  readonly book: DeviceBook;
  /** Seals a secret for the book; leaves alone what is sealed already. */
  readonly seal: (text: string) => string;
  /** Opens what was sealed; leaves alone what is plain. */
  readonly unseal: (text: string) => string;
  /** Keeps what is learnt about devices; nothing is kept over restarts without one. */
  readonly memory?: MemoryStore;
  readonly lastPicture?: (id: string) => Pick<DeviceInfo, "lastPicture">;
  readonly floor?: (id: string) => { readonly holder?: HolderInfo; readonly queued: number };
  /** How a device that calls is enrolled, for {@link HubDevice.info}. */
  readonly enrolled?: (id: string) => DeviceInfo["arrival"];
  readonly onEvent?: (id: string, event: DeviceEvent) => void;
  readonly onSettings?: (device: HubDevice) => void;
  /** A person opens a device that nobody watched before. */
  readonly onOpened?: (id: string) => void;
}

type Input = DeviceInput & { readonly id: string };
type Inputs = ReadonlyMap<string, DeviceInput>;
type Resolved = ResolvedDevice | ResolvedArrival;

/** Where the connections of a device that calls the hub are let in. */
export interface ArrivalPlace {
  readonly kind: ArrivalKind;
  /**
   * Lends the device until `signal` aborts; `onWanted` is told whether anybody wants it. Throws FatalError `taken` or
   * `disabled`, RecoverableError `hung-up`.
   */
  admit(signal: AbortSignal, onWanted?: (wanted: boolean) => void): Device;
  /** Throws what `admit` would throw now; changes nothing. */
  check(): void;
  /** Its token was replaced or taken away: ends the connection that has the device, and tells who shows it. */
  reenrolled(): void;
}

/** How the hub logs in at a device. */
export interface DeviceLogin {
  readonly host: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

interface Entry {
  /** Of a device that calls the hub. */
  readonly arrival: ArrivalSource | undefined;
  readonly device: LocalDevice;
  readonly input: Input;
  readonly resolved: Resolved;
  readonly held: DisposableStack;
}

/** A change that is checked and not yet made. */
interface Change {
  readonly input: Input;
  readonly resolved: Resolved;
}

const previewMs = 120_000;

/**
 * All devices of the hub: made from the configuration, changed with it, one by one. Changes happen one after the other,
 * each checked first, then written down, then made: what was acknowledged is kept, what failed did not happen.
 */
export class Registry implements HubDevices, AsyncDisposable {
  readonly #entries = new Map<string, Entry>();
  readonly #turns = new Serial();
  readonly #options: RegistryOptions;
  readonly #changes: Listeners<DevicesEvent>;
  readonly #secretOptions: ReadonlySet<string>;
  #ended = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#secretOptions = secretOptionsOf(options.drivers);
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of devices failed"));
  }

  list(): readonly HubDevice[] {
    return [...this.#entries.values()].map(({ device }) => device).filter(({ settings }) => !settings.preview);
  }

  get(id: string): HubDevice | undefined {
    return this.#entries.get(id)?.device;
  }

  /** How the hub logs in at a device that it calls: for another service of the same device. */
  login(id: string): DeviceLogin | undefined {
    const input = this.#entries.get(id)?.input;
    if (!input || input.address === undefined) return undefined;
    const { url, username, password } = openDevice(input, this.#options.unseal);
    return { host: url.hostname, username, password };
  }

  /** Where a device that calls the hub is let in; undefined for every other. */
  arrival(id: string): ArrivalPlace | undefined {
    const entry = this.#entries.get(id);
    if (!entry?.arrival || !("arrives" in entry.resolved)) return undefined;
    const { arrival, resolved, device } = entry;
    const check = () => {
      if (!device.settings.enabled)
        throw new FatalError(`device ${id}: is switched off`, { code: "disabled", fields: { device: id } });
      arrival.refuseTaken(resolved);
    };
    return {
      kind: resolved.arrives,
      check,
      admit: (signal, onWanted) => {
        check();
        return arrival.admit(signal, { ...resolved, onWanted });
      },
      reenrolled: () => {
        arrival.hangUp();
        this.#changes.emit({ type: "device", id });
      },
    };
  }

  onChange(listener: (event: DevicesEvent) => void): Disposable {
    return this.#changes.add(listener);
  }

  /**
   * Makes the devices those of `inputs`: what is new starts, what is gone ends, what changed restarts, everything else
   * goes on untouched. A device that cannot be made is skipped; the sentences of all such come back. A function is asked
   * when every earlier change was made, and may give undefined for no change.
   */
  apply(inputs: Inputs | (() => Promise<Inputs | undefined>)): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      const wanted = typeof inputs === "function" ? await inputs() : inputs;
      return wanted ? this.#follow(wanted) : [];
    });
  }

  /** A device that is not in the configuration file, e.g. of the demo. */
  addTransient(input: DeviceInput): Promise<HubDevice> {
    return this.#inTurn(() => {
      const id = input.id ?? this.#freeId(input.name);
      return this.#make(this.#check({ ...input, id }, { permanent: false, preview: false }));
    });
  }

  add(input: DeviceInput): Promise<HubDevice> {
    return this.#inTurn(async () => {
      const id = input.id ?? this.#freeId(input.name);
      if (this.#entries.has(id))
        throw new FatalError(`device ${id}: exists already`, { code: "exists", fields: { device: id } });
      const change = this.#check(this.#sealed({ ...input, id }), { permanent: true, preview: false });
      await this.#options.book.save(id, change.input);
      return this.#make(change);
    });
  }

  update(id: string, patch: Partial<DeviceInput>): Promise<HubDevice> {
    return this.#inTurn(async () => {
      const { device, input, resolved } = this.#entry(id);
      const { permanent, preview } = device.settings;
      const { address, ...rest } = patch;
      const moves = address !== undefined && !("address" in resolved && address === resolved.address);
      const news = { id, ...rest, ...(moves && { address: withHidden(address, input.address ?? "") }) };
      const merged = this.#sealed({ ...splitDevice(input), ...splitDevice(news), id });
      const change = this.#check(merged, { permanent, preview });
      if (permanent) await this.#options.book.save(id, change.input);
      return this.#make(change);
    });
  }

  /** What is set of its driver's own options, without secrets. Throws FatalError `not-found`. */
  options(id: string): ReturnType<typeof plainOptions> {
    return plainOptions(this.#entry(id).input.options, this.#secretOptions);
  }

  /** Sets some of them, `null` for the default; those that are not named, secrets among them, stay. */
  setOptions(id: string, changes: Readonly<Record<string, unknown>>): Promise<HubDevice> {
    const next = Object.entries({ ...this.#entry(id).input.options, ...changes });
    return this.update(id, { options: Object.fromEntries(next.filter(([, value]) => value !== null)) });
  }

  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const { device } = this.#entry(id);
      if (device.settings.permanent) await this.#options.book.save(id, undefined);
      await this.#drop(id);
      this.#options.memory?.save(id, undefined);
    });
  }

  preview(input: DeviceInput): Promise<HubDevice> {
    return this.#inTurn(async () => {
      const id = `preview-${randomBytes(8).toString("hex")}`;
      const device = await this.#make(this.#check({ ...input, id, warm: true }, { permanent: false, preview: true }));
      const over = this.#options.clock.timer(previewMs, () =>
        background(
          this.#inTurn(() => this.#drop(id)),
          (err) => this.#options.log.error({ err, device: id }, "a preview did not end cleanly"),
        ),
      );
      this.#entries.get(id)?.held.use(over);
      return device;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.run(async () => {
      this.#ended = true;
      await Promise.all([...this.#entries.keys()].map((id) => this.#drop(id)));
    });
  }

  #inTurn<T>(change: () => T | Promise<T>): Promise<T> {
    return this.#turns.run(() => {
      if (this.#ended) throw new FatalError("the hub is ending: nothing is changed any more", { code: "closing" });
      return change();
    });
  }

  async #follow(inputs: Inputs): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const [id, { device }] of this.#entries) {
      if (device.settings.permanent && !inputs.has(id)) await this.#drop(id);
    }
    for (const [id, input] of inputs) {
      try {
        await this.#make(this.#check({ ...input, id }, { permanent: true, preview: false }));
      } catch (error) {
        if (!(error instanceof FatalError)) throw error;
        problems.push(error.message);
      }
    }
    return problems;
  }

  #check(input: Input, kind: { readonly permanent: boolean; readonly preview: boolean }): Change {
    const { drivers, unseal } = this.#options;
    const { arrives } = input;
    const resolved = arrives
      ? resolveArrival({ ...input, arrives }, kind)
      : resolveDevice(input, { drivers, unseal, ...kind });
    return { input, resolved };
  }

  /** Brings a checked change about; a device whose connection is the same goes on without a break. */
  async #make({ input, resolved }: Change): Promise<HubDevice> {
    const before = this.#entries.get(input.id);
    if (before && isSameConnection(before.resolved, resolved)) {
      this.#entries.set(input.id, { ...before, input, resolved });
      before.device.configure(resolved.settings);
      this.#options.onSettings?.(before.device);
      return before.device;
    }
    await this.#drop(input.id);
    if (!resolved.settings.preview) await this.#endPreviews(resolved);
    // What was learnt about a device that was set up differently may be of another one.
    return this.#start({ input, resolved }, { fresh: before !== undefined });
  }

  /** Of what is a device now: many cameras serve one or two clients, and a preview would take its place for two minutes. */
  async #endPreviews(resolved: Resolved): Promise<void> {
    if (!("address" in resolved)) return;
    for (const [id, { resolved: other }] of this.#entries) {
      if (other.settings.preview && "address" in other && other.address === resolved.address) await this.#drop(id);
    }
  }

  #start({ input, resolved }: Change, how: { readonly fresh: boolean }): HubDevice {
    const { clock, log, floor, lastPicture, onEvent, enrolled } = this.#options;
    const { id } = input;
    const { settings } = resolved;
    const address = "address" in resolved ? resolved.address : undefined;
    const about = "arrives" in resolved ? `arrives ${resolved.arrives}` : `${resolved.driver.kind} ${address}`;
    const memory = this.#memory(id, { ...how, about });
    let arrival: ArrivalSource | undefined;
    const device = new LocalDevice({
      settings,
      source: (host) => {
        if (!("arrives" in resolved)) return driverSource({ ...resolved, clock, log })(host);
        arrival = new ArrivalSource(host, resolved.arrives);
        return arrival;
      },
      memory,
      sub: "driver" in resolved ? openSub(resolved, { memory, clock, log }) : undefined,
      address,
      clock,
      log,
      floor,
      lastPicture,
      ...("arrives" in resolved && { arrival: () => enrolled?.(id) ?? {} }),
      onEvent: (event) => onEvent?.(id, event),
      ...(!settings.preview && { onOpened: () => this.#options.onOpened?.(id) }),
    });
    const held = new DisposableStack();
    held.use(device.onChange(() => this.#changes.emit({ type: "device", id })));
    this.#entries.set(id, { device, arrival, resolved, input, held });
    this.#options.onSettings?.(device);
    this.#changes.emit({ type: "device", id });
    return device;
  }

  #memory(id: string, how: { readonly fresh: boolean; readonly about: string }): DeviceMemory {
    const { memory, log } = this.#options;
    return memory ? openDeviceMemory({ ...how, deviceId: id, store: memory, log }) : new Map();
  }

  /** Until the device was let go of it is still there: whoever changes it meanwhile comes after. */
  async #drop(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.held.dispose();
    await entry.device.close().catch((error) => this.#options.log.error({ err: error, device: id }, "not let go of"));
    this.#entries.delete(id);
    this.#changes.emit({ type: "removed", id });
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new FatalError(`device ${id}: does not exist`, { code: "not-found", fields: { device: id } });
    return entry;
  }

  #sealed(input: Input): Input {
    return sealDevice(input, { seal: this.#options.seal, secretOptions: this.#secretOptions });
  }

  #freeId(name: string): string {
    return idFromName(name, (id) => this.#entries.has(id));
  }
}

function isSameConnection(one: Resolved, other: Resolved): boolean {
  if ("arrives" in one || "arrives" in other) {
    return "arrives" in one && "arrives" in other && one.arrives === other.arrives;
  }
  return one.driver === other.driver && isDeepStrictEqual(one.config, other.config);
}
