import { randomBytes } from "node:crypto";
import type { DeviceEvent, Driver } from "../device/driver.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { DeviceInput, DevicesEvent, HubDevices } from "./api.ts";
import { HubDevice } from "./device.ts";
import { idFromName, type ResolvedDevice, resolveDevice } from "./device-input.ts";
import type { HolderInfo } from "./state.ts";

/** Where devices are written down; the configuration file. */
export interface DeviceBook {
  /** Writes or replaces one device; `undefined` takes it out. */
  save(id: string, input: DeviceInput | undefined): Promise<void>;
}

/** Options of {@link Registry}. */
export interface RegistryOptions {
  readonly drivers: readonly Driver[];
  readonly clock: Clock;
  readonly log: Log;
  readonly book: DeviceBook;
  readonly seal: (text: string) => string;
  readonly unseal: (text: string) => string;
  readonly floor?: (id: string) => { readonly holder?: HolderInfo; readonly queued: number };
  readonly onEvent?: (id: string, event: DeviceEvent) => void;
  readonly onSettings?: (device: HubDevice) => void;
}

interface Entry {
  readonly device: HubDevice;
  readonly fingerprint: string;
  readonly input: DeviceInput & { readonly id: string };
  readonly listener: Disposable;
}

const previewMs = 120_000;

/** All devices of the hub: made from the configuration, changed with it, one by one. */
export class Registry implements HubDevices, AsyncDisposable {
  #entries = new Map<string, Entry>();
  readonly #options: RegistryOptions;
  readonly #changes: Listeners<DevicesEvent>;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of devices failed"));
  }

  list(): readonly HubDevice[] {
    return [...this.#entries.values()].map(({ device }) => device).filter(({ settings }) => !settings.preview);
  }

  get(id: string): HubDevice | undefined {
    return this.#entries.get(id)?.device;
  }

  onChange(listener: (event: DevicesEvent) => void): Disposable {
    return this.#changes.add(listener);
  }

  /**
   * Makes the devices those of `inputs`: what is new starts, what is gone ends, what changed restarts, everything else
   * goes on untouched. A device that cannot be made is skipped; the sentences of all such come back.
   */
  async apply(inputs: ReadonlyMap<string, DeviceInput>): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const [id, { device }] of this.#entries) {
      if (device.settings.permanent && !inputs.has(id)) await this.#drop(id);
    }
    for (const [id, input] of inputs) {
      try {
        await this.#put({ ...input, id }, { permanent: true, preview: false });
      } catch (error) {
        if (!(error instanceof FatalError)) throw error;
        problems.push(error.message);
      }
    }
    return problems;
  }

  /** A device that stands in no file, e.g. of the demo. */
  async addTransient(input: DeviceInput): Promise<HubDevice> {
    const id = input.id ?? this.#freeId(input.name);
    return this.#put({ ...input, id }, { permanent: false, preview: false });
  }

  async add(input: DeviceInput): Promise<HubDevice> {
    const id = input.id ?? this.#freeId(input.name);
    if (this.#entries.has(id)) throw new FatalError(`device ${id}: exists already`, { code: "exists" });
    const device = await this.#put({ ...this.#sealed(input), id }, { permanent: true, preview: false });
    await this.#save(id);
    return device;
  }

  async update(id: string, patch: Partial<DeviceInput>): Promise<HubDevice> {
    const entry = this.#entries.get(id);
    if (!entry) throw new FatalError(`device ${id}: does not exist`, { code: "not-found" });
    const { permanent, preview } = entry.device.settings;
    const device = await this.#put({ ...entry.input, ...this.#sealed(patch), id }, { permanent, preview });
    if (permanent) await this.#save(id);
    return device;
  }

  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) throw new FatalError(`device ${id}: does not exist`, { code: "not-found" });
    await this.#drop(id);
    if (entry.device.settings.permanent) await this.#options.book.save(id, undefined);
  }

  async preview(input: DeviceInput): Promise<HubDevice> {
    const id = `preview-${randomBytes(8).toString("hex")}`;
    const device = await this.#put({ ...input, id, warm: true }, { permanent: false, preview: true });
    this.#options.clock.timer(previewMs, () => void this.#drop(id));
    return device;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((id) => this.#drop(id)));
  }

  async #put(
    input: DeviceInput & { readonly id: string },
    kind: { readonly permanent: boolean; readonly preview: boolean },
  ): Promise<HubDevice> {
    const { drivers, unseal } = this.#options;
    const resolved = resolveDevice(input, { drivers, unseal, ...kind });
    const before = this.#entries.get(input.id);
    if (before?.fingerprint === resolved.fingerprint) {
      before.device.configure(resolved.settings);
      this.#entries.set(input.id, { ...before, input });
      this.#options.onSettings?.(before.device);
      return before.device;
    }
    if (before) await this.#drop(input.id);
    return this.#make(input, resolved);
  }

  #make(input: DeviceInput & { readonly id: string }, resolved: ResolvedDevice): HubDevice {
    const { clock, log, floor, onEvent } = this.#options;
    const device = new HubDevice({
      settings: resolved.settings,
      driver: resolved.driver,
      config: resolved.config,
      address: resolved.address,
      clock,
      log,
      floor,
      onEvent: (event) => onEvent?.(input.id, event),
    });
    const listener = device.onChange(() => this.#changes.emit({ type: "device", id: input.id }));
    this.#entries.set(input.id, { device, fingerprint: resolved.fingerprint, input, listener });
    this.#options.onSettings?.(device);
    this.#changes.emit({ type: "device", id: input.id });
    return device;
  }

  async #drop(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    entry.listener[Symbol.dispose]();
    await entry.device.close();
    this.#changes.emit({ type: "removed", id });
  }

  async #save(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry) await this.#options.book.save(id, entry.input);
  }

  #sealed<T extends Partial<DeviceInput>>(input: T): T {
    return input.password === undefined ? input : { ...input, password: this.#options.seal(input.password) };
  }

  #freeId(name: string): string {
    return idFromName(name, (id) => this.#entries.has(id));
  }
}
