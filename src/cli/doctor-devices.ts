import { existsSync } from "node:fs";
import type { Config } from "../config.ts";
import type { Driver } from "../device/driver.ts";
import { deviceInputs } from "../hub/device-input.ts";
import type { DeviceInput } from "../hub/device-settings.ts";
import { devicePasswords } from "../hub/hub.ts";
import { keyPath, openSealer } from "../identity/seal.ts";
import type { CommandContext } from "./command.ts";
import { openDrivers } from "./drivers.ts";
import { describeSeen, lookAtDevice } from "./look-at-device.ts";

/** How long one device may take to show itself. */
const timeoutMs = 8000;
/** Devices that are asked at a time. */
const atOnce = 6;

/** Options of {@link examineDevices}. */
export interface ExamineOptions {
  readonly config: Config;
  /** Where the key of sealed passwords is. */
  readonly dataDir: string;
  readonly context: CommandContext;
  /** Told of each device in the order of the file: a sentence, or the error of whoever did not show itself. */
  readonly add: (check: string, look: () => Promise<string>) => Promise<void>;
}

/**
 * Asks every device of the configuration by its own driver, as the hub would: with its password, until it shows a picture or
 * plays a sound.
 */
export async function examineDevices({ config, dataDir, context, add }: ExamineOptions): Promise<void> {
  await using drivers = openDrivers(context);
  const unseal = unsealer(dataDir);
  const called = [...deviceInputs(config)].filter(([, { address }]) => address !== undefined);
  const waiting = called.map(([id, input]) => ({ id, ...later(() => examine(input, { drivers, unseal, context })) }));
  const queue = [...waiting];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await next.begin();
  };
  const working = Promise.all(Array.from({ length: atOnce }, work));
  for (const { id, found } of waiting) await add(`camera ${id}`, () => found);
  await working;
}

async function examine(
  input: DeviceInput,
  how: {
    readonly drivers: { readonly list: readonly Driver[] };
    readonly unseal: (text: string) => string;
    readonly context: CommandContext;
  },
): Promise<string> {
  if (input.enabled === false) return "is switched off";
  const { drivers, unseal, context } = how;
  await using looked = await lookAtDevice(input, { drivers: drivers.list, unseal, timeoutMs, context });
  return describeSeen(looked);
}

/** Work that somebody else begins, and whose outcome may be asked for before that. */
function later<T>(work: () => Promise<T>): { readonly found: Promise<T>; begin(): Promise<void> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => {}); // Whoever asks is told.
  return { found: promise, begin: () => work().then(resolve, reject) };
}

/** Opens sealed passwords with the hub's key; makes none. */
function unsealer(dataDir: string): (text: string) => string {
  const key = process.env["DOORWARD_KEY"];
  if (key === undefined && !existsSync(keyPath(dataDir))) return (text) => text;
  return devicePasswords({ sealer: openSealer({ dataDir, key }) }).unseal;
}
