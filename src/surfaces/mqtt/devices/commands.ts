import { z } from "zod";
import type { HubDevice } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";
import { parseSwitch } from "../../../protocols/room/topics.ts";
import { background } from "../../../util/background.ts";
import { messageOf } from "../../../util/errors.ts";
import type { Announcements } from "../../announcements.ts";
import type { MessageBus } from "../../bus.ts";
import type { DeviceChimes } from "./chimes.ts";
import { type DeviceCommand, type DeviceTopics, deviceCommands } from "./topics.ts";

/** Options of {@link followDeviceCommands}. */
export interface DeviceCommandsOptions {
  readonly hub: Pick<Hub, "devices" | "calls" | "rings" | "identity" | "log">;
  readonly bus: Pick<MessageBus, "onCommand">;
  readonly topics: DeviceTopics;
  readonly announcements: Pick<Announcements, "announce">;
  readonly chimes: DeviceChimes;
  /** Whether the hub shows a device here: what is asked of another is passed over. */
  readonly deviceOf: (id: string) => HubDevice | undefined;
  /** Whoever asked for something is told how it stands, although it did not change. */
  readonly repeat: (deviceId: string) => void;
}

type Change = Parameters<Hub["devices"]["update"]>[1];
/** Does what one command asks; false for what it does not understand. */
type Act = (device: HubDevice, payload: string) => boolean;

const actor = "MQTT";
const caller = "Home Assistant";
const maxPayload = 2048;
const maxVolume = 400;

/** `ON` and `OFF`, or what Home Assistant sends to a siren. */
const chimeSchema = z.object({ state: z.enum(["ON", "OFF"]), tone: z.string().max(128).optional() });

/** Takes commands for devices from whoever may send to the broker. */
export function followDeviceCommands(options: DeviceCommandsOptions): Disposable {
  const { bus, topics, deviceOf, repeat, hub } = options;
  const held = new DisposableStack();
  const acts = { ...settingActs(options), ...soundActs(options) };
  for (const what of deviceCommands) {
    held.use(
      bus.onCommand(topics.filter(what), ({ topic, payload }) => {
        const device = deviceOf(topics.deviceOf(topic));
        if (!device) return;
        if (payload.length > maxPayload || !acts[what](device, payload)) {
          hub.log.debug({ device: device.id, what }, "MQTT: a command that is not understood");
        }
        repeat(device.id);
      }),
    );
  }
  return held;
}

/** Settings of the device, and the connection to it. */
function settingActs({ hub }: DeviceCommandsOptions) {
  const { devices, identity, log } = hub;
  const change = (device: HubDevice, what: Change | undefined): boolean => {
    if (!what) return false;
    background(
      devices.update(device.id, what).then(() => {
        identity.audit.record({
          actor,
          action: "device-changed",
          subject: device.id,
          detail: Object.keys(what).join(),
        });
      }),
      (err) => log.warn({ err, device: device.id }, `MQTT: ${device.id} is not set: ${messageOf(err)}`),
    );
    return true;
  };
  const switched =
    (setting: "muted" | "doNotDisturb" | "enabled" | "warm"): Act =>
    (device, payload) => {
      const on = parseSwitch(payload);
      return change(device, on === undefined ? undefined : { [setting]: on });
    };
  return {
    "volume/set": (device, payload) => {
      const percent = /^\d{1,3}(\.\d+)?$/.test(payload.trim()) ? Number(payload) : undefined;
      return change(device, percent === undefined || percent > maxVolume ? undefined : { volume: percent / 100 });
    },
    "mute/set": switched("muted"),
    "dnd/set": switched("doNotDisturb"),
    "enabled/set": switched("enabled"),
    "warm/set": switched("warm"),
    retry: (device) => {
      identity.audit.record({ actor, action: "device-restarted", subject: device.id });
      background(device.restart(), (err) => log.warn({ err, device: device.id }, "MQTT: a device was not tried again"));
      return true;
    },
  } satisfies Partial<Record<DeviceCommand, Act>>;
}

/** What is to be heard there, and its bell. */
function soundActs({ hub, announcements, chimes }: DeviceCommandsOptions) {
  const { calls, rings, identity } = hub;
  return {
    announce: ({ id, name }, payload) => {
      const message = payload.trim();
      if (message === "") return false;
      announcements.announce({ to: [`device:${id}`], target: name, priority: 0, message, name: caller });
      return true;
    },
    ring: ({ id }) => {
      rings.ring({ to: [`device:${id}`], talker: { id: "mqtt", name: caller }, priority: 1 });
      identity.audit.record({ actor, action: "ring", subject: id });
      return true;
    },
    press: ({ id }) => {
      const { state } = calls.ring({ from: id });
      if (state === "ringing") identity.audit.record({ actor, action: "bell-rung", subject: id });
      return true;
    },
    "chime/set": (device, payload) => {
      const wish = chimeSchema.safeParse(jsonOr(payload)).data;
      if (!wish) return false;
      if (wish.state === "OFF") chimes.stop(device.id);
      else chimes.play(device, wish.tone);
      return true;
    },
  } satisfies Partial<Record<DeviceCommand, Act>>;
}

function jsonOr(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return { state: payload.trim().toUpperCase() };
  }
}
