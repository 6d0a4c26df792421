import { lockOf } from "../../hub/lock-of.ts";
import type { OpenableLock } from "../../hub/lock-settings.ts";
import type { MqttLocks } from "../../hub/locks.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { House } from "../surface.ts";

type Lock = OpenableLock & { readonly by: "mqtt" };
type Parts = Pick<House, "hub" | "bus">;

const lostConnection = () => new RecoverableError("the hub has no connection to MQTT", { code: "offline" });

/** Opens locks by MQTT: sends the command, and waits for what the lock says where it says something. */
export function mqttLocks({ bus }: Pick<Parts, "bus">): MqttLocks {
  return {
    open: async ({ topic, payload, state }, signal) => {
      if (!state) {
        if (!bus.command(topic, payload)) throw lostConnection();
        return;
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      using _said = bus.subscribe(state.topic, (message) => {
        if (message.payload.trim() === state.unlocked) resolve();
      });
      const late = () => reject(new RecoverableError("the lock said nothing", { code: "timeout" }));
      signal.addEventListener("abort", late, { once: true });
      if (!bus.command(topic, payload)) throw lostConnection();
      await promise.finally(() => signal.removeEventListener("abort", late));
    },
  };
}

/** Follows what MQTT locks say of themselves, so that a door that was opened by hand is known to be open. */
export function watchLocks({ hub, bus }: Parts): Disposable {
  const watched = new Map<string, { readonly key: string; readonly handle: Disposable }>();
  const forget = (id: string) => {
    watched.get(id)?.handle[Symbol.dispose]();
    watched.delete(id);
  };
  /** One device only: each of thousands comes and goes. */
  const follow = (id: string) => {
    const device = hub.devices.get(id);
    const lock = device && !device.settings.preview ? lockOf(device) : undefined;
    const state = lock?.by === "mqtt" ? lock.state : undefined;
    const key = JSON.stringify(state);
    if (watched.get(id)?.key === key) return;
    forget(id);
    if (state) watched.set(id, { key, handle: watch(id, state) });
  };
  const watch = (deviceId: string, state: NonNullable<Lock["state"]>) => {
    let before: string | undefined;
    return bus.subscribe(state.topic, ({ payload, retained }) => {
      const now = payload.trim();
      if (now === before) return;
      before = now;
      // What the broker had kept tells how it stood, and not that somebody opened it now.
      if (now === state.unlocked && !retained) hub.locks.noticed(deviceId, true);
      if (now === state.locked) hub.locks.noticed(deviceId, false);
    });
  };
  const changes = hub.devices.onChange(({ id }) => follow(id));
  for (const { id } of hub.devices.list()) follow(id);
  return {
    [Symbol.dispose]: () => {
      changes[Symbol.dispose]();
      for (const id of [...watched.keys()]) forget(id);
    },
  };
}
