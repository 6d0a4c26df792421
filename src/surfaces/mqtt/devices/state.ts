import type { HubDevice } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";

/** What stands beside the device itself in what is told of it. */
export interface Beside {
  readonly turns: Pick<Hub["turns"], "holder">;
  /** When it was rung there last, in wall-clock milliseconds. */
  readonly lastRingMs: number | undefined;
  /** True while a chime plays there that MQTT asked for. */
  readonly chimes: boolean;
}

/** Phases in which a device cannot be used; one that rests because nobody looks can. */
const unreachable: ReadonlySet<string> = new Set(["away", "trouble", "wrong-password", "disabled"]);

/** True for a device that is reached, or that there is no reason to think otherwise of. */
export function isReachable({ state }: Pick<HubDevice, "state">): boolean {
  return !unreachable.has(state.phase);
}

/** How a device stands, as it is kept at the broker (JSON). Times are ISO 8601. */
export function deviceMessage(device: HubDevice, { turns, lastRingMs, chimes }: Beside): string {
  const { settings, state } = device;
  const { holder, queued } = turns.holder(device.id);
  const { motion } = device.info();
  const time = (ms: number) => new Date(ms).toISOString();
  return JSON.stringify({
    phase: state.phase,
    since: time(state.sinceMs),
    ...(state.error && { error: state.error.message }),
    reachable: isReachable(device),
    speaking: holder !== undefined,
    ...(holder && { holder: holder.name, priority: holder.priority, holds_since: time(holder.sinceMs) }),
    queued,
    volume: Math.round(settings.volume * 100),
    mute: settings.muted,
    dnd: settings.doNotDisturb,
    enabled: settings.enabled,
    warm: settings.warm,
    chiming: chimes,
    ...(motion && { motion: motion.active, motion_since: time(motion.sinceMs) }),
    ...(lastRingMs !== undefined && { last_ring: time(lastRingMs) }),
  });
}
