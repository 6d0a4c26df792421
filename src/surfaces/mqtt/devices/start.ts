import { Announcements } from "../../announcements.ts";
import type { Lent } from "../../surface.ts";
import type { MqttConfig } from "../config.ts";
import { DeviceChimes } from "./chimes.ts";
import { followDeviceCommands } from "./commands.ts";
import { DevicePresence } from "./presence.ts";
import { sendStills } from "./stills.ts";
import { DeviceTopics } from "./topics.ts";

/** Shows the devices of the hub over MQTT, and does what is asked of them there. */
export function presentDevices(
  { hub, bus, version, say, config }: Lent<MqttConfig>,
  { hubId, hubStatus }: { readonly hubId: string; readonly hubStatus: string },
): Disposable {
  const held = new DisposableStack();
  const topics = new DeviceTopics(hubId);
  const announcements = held.use(new Announcements({ hub, say, allowed: [] }));
  const chimes: DeviceChimes = held.use(new DeviceChimes({ hub, onChange: (id) => presence.changed(id) }));
  const presence: DevicePresence = held.use(
    new DevicePresence({ hub, bus, version, hubId, hubStatus, topics, chimes, stills: config.stills !== "off" }),
  );
  held.use(
    followDeviceCommands({
      ...{ hub, bus, topics, announcements, chimes },
      deviceOf: (id) => presence.deviceOf(id),
      repeat: (id) => presence.repeat(id),
    }),
  );
  held.use(sendStills({ hub, bus, topics, deviceOf: (id) => presence.deviceOf(id), when: config.stills }));
  return held;
}
