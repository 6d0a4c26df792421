import type { DeviceMemory, Driver } from "../device/driver.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { LocalDevice } from "./device.ts";
import type { ResolvedDevice } from "./device-input.ts";
import { partOfMemory } from "./device-memory.ts";
import { driverSource } from "./driver-source.ts";
import { SubLossLog } from "./sub-loss-log.ts";
import { subSettings } from "./sub-picture.ts";

/** How long a small picture goes on after its last viewer turned to the large one, or left. */
const lingerMs = 5000;

/** What serves the small picture of a device that has, or may have, one; undefined for every other. The device owns it. */
export function openSub(
  { driver, config, settings }: Pick<ResolvedDevice, "driver" | "config" | "settings">,
  hub: { readonly memory: DeviceMemory; readonly clock: Clock; readonly log: Log },
): LocalDevice | undefined {
  const { sub } = driver;
  if (!sub?.offered(config)) return undefined;
  const { memory, clock, log } = hub;
  const { kind, summary } = driver;
  const small: Driver = { kind, summary, config: driver.config, claims: () => 0, run: sub.run };
  const own = subSettings(settings);
  return new LocalDevice({
    settings: own,
    source: driverSource({ driver: small, config, clock, log }),
    memory: partOfMemory(memory, "sub/driver"),
    clock,
    log,
    lingerMs,
    losses: new SubLossLog({ clock, log: log.child({ device: own.id }) }),
  });
}
