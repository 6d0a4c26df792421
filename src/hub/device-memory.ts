import type { DeviceMemory } from "../device/driver.ts";
import { messageOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

/** Where what was learnt about devices is kept over restarts. */
export interface MemoryStore {
  /** What `save` was given last, of whatever shape. */
  load(deviceId: string): unknown;
  /** Keeps a JSON value, soon; `undefined` forgets the device. */
  save(deviceId: string, value: unknown): void;
}

/** Options of {@link openDeviceMemory}. */
export interface DeviceMemoryOptions {
  readonly deviceId: string;
  /** What it was learnt about: where the device is and which driver speaks to it. Nothing is known of anything else. */
  readonly about: string;
  /** Begins with nothing, whatever is kept. */
  readonly fresh?: boolean;
  readonly store: MemoryStore;
  readonly log: Log;
}

/** The memory of one device: read once, written on each change. Trouble of the store is logged and costs the memory only. */
export function openDeviceMemory(options: DeviceMemoryOptions): DeviceMemory {
  const { deviceId, about, store, log } = options;
  const kept = new Map<string, unknown>();
  const guesses = new Map<string, unknown>();
  const trouble = (error: unknown) =>
    log.warn({ err: error, device: deviceId }, `what was learnt about ${deviceId} is not kept: ${messageOf(error)}`);
  try {
    if (options.fresh) store.save(deviceId, undefined);
    else for (const [key, value] of Object.entries(valuesOf(store.load(deviceId), about))) kept.set(key, value);
  } catch (error) {
    trouble(error);
  }
  return {
    get: (key) => (guesses.has(key) ? guesses.get(key) : kept.get(key)),
    set: (key, value, { lasting = true } = {}) => {
      if (!lasting) {
        guesses.set(key, value);
        return;
      }
      guesses.delete(key);
      if (JSON.stringify(kept.get(key)) === JSON.stringify(value)) return;
      if (value === undefined) kept.delete(key);
      else kept.set(key, value);
      try {
        store.save(deviceId, kept.size === 0 ? undefined : { about, values: Object.fromEntries(kept) });
      } catch (error) {
        trouble(error);
      }
    },
  };
}

/** A part of a memory, under names of its own. */
export function partOfMemory(memory: DeviceMemory, part: string): DeviceMemory {
  return {
    get: (key) => memory.get(`${part}/${key}`),
    set: (key, value, options) => memory.set(`${part}/${key}`, value, options),
  };
}

function valuesOf(stored: unknown, about: string): object {
  if (typeof stored !== "object" || stored === null) return {};
  if (!("about" in stored && stored.about === about && "values" in stored)) return {};
  return typeof stored.values === "object" && stored.values !== null ? stored.values : {};
}
