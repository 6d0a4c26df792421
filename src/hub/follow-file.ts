import { isDeepStrictEqual } from "node:util";
import { DoorwardError, messageOf } from "../util/errors.ts";
import { redact } from "../util/redact.ts";
import type { ConfigFile } from "./config-file.ts";
import type { DeviceInput } from "./device-settings.ts";
import type { Hub } from "./hub.ts";

/** Options of {@link followFile}. */
export interface FollowOptions<Config> {
  readonly file: ConfigFile<Config>;
  /** What the hub was started with. */
  readonly running: Config;
  readonly devicesOf: (config: Config) => ReadonlyMap<string, DeviceInput>;
  /** Takes up what is not about devices. */
  readonly onNews?: (config: Config) => void;
  /** Parts of which a change takes effect only at the next start. */
  readonly fixed: readonly (keyof Config & string)[];
}

/**
 * Takes up what others wrote into the configuration file. Whatever is wrong with it, what ran goes on, and the fault
 * `configuration` says so until it was mended.
 */
export async function followFile<Config>(hub: Hub, options: FollowOptions<Config>): Promise<void> {
  const { faults } = hub.identity;
  try {
    let taken = false;
    const found = await hub.devices.apply(async () => {
      const next = await options.file.news();
      taken = next !== undefined;
      if (next) {
        warnOfRestart(hub, { ...options, next });
        options.onNews?.(next);
      }
      return next && options.devicesOf(next);
    });
    if (taken) tellProblems(hub, options.file.withLines(found));
    else raise(hub, options.file.problems); // It is as it was again.
  } catch (error) {
    // The hub is ending: the file is read when it starts again.
    if (error instanceof DoorwardError && error.code === "closing") return;
    const why = messageOf(error);
    hub.log.error({ err: error }, `configuration not taken up, what ran goes on: ${why}`);
    faults.raise("configuration", {
      what: "The configuration file has a fault and was not taken up",
      advice: "Mend the file; what ran before goes on.",
      places: why.split("\n"),
    });
  }
}

/** Tells administrators of the devices that were left out, and of nothing more once none are. */
export function tellProblems(hub: Pick<Hub, "log" | "identity">, problems: readonly string[]): void {
  for (const problem of problems) hub.log.error({}, `configuration: ${problem}`);
  raise(hub, problems);
}

function raise(hub: Pick<Hub, "identity">, problems: readonly string[]): void {
  const { faults } = hub.identity;
  if (problems.length === 0) {
    faults.clear("configuration");
    return;
  }
  faults.raise("configuration", {
    what:
      problems.length === 1
        ? "The configuration file has a device that cannot be made"
        : "The configuration file has devices that cannot be made",
    advice: "Mend it there; everything else runs.",
    places: problems.map(redact),
  });
}

function warnOfRestart<Config>(hub: Hub, options: FollowOptions<Config> & { readonly next: Config }): void {
  const before = options.file.started ?? options.running;
  for (const part of options.fixed) {
    if (isDeepStrictEqual(options.next[part], before[part])) continue;
    hub.log.warn({ part }, `configuration: a change of ${part} takes effect when the hub is started again`);
  }
}
