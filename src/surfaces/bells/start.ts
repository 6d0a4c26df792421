import { z } from "zod";
import { deviceStationId, stationIdOf } from "../../protocols/room/station-id.ts";
import { roomTopicOf } from "../../protocols/room/topics.ts";
import type { Lent } from "../surface.ts";
import { Bells } from "./bells.ts";
import { CameraBells } from "./camera-bells.ts";
import { followBellCommands } from "./commands.ts";
import { bellEvent } from "./messages.ts";
import { mqttLocks, watchLocks } from "./mqtt-locks.ts";
import { BellTopics } from "./topics.ts";

const kept = ["bells", "kept"] as const;
/** Where earlier versions kept them. */
const keptBefore = ["bells", "told"] as const;
/** An event that comes later than this is none. */
const eventExpiryS = 5;

/**
 * Shows bells, calls and locks over MQTT, and takes commands for them; without the surface `mqtt` nothing comes or goes there.
 * Listens to the bells of cameras that tell them by ONVIF.
 */
export async function start({ hub, bus }: Lent<undefined>) {
  const { calls, identity, locks } = hub;
  const held = new DisposableStack();
  const hubId = stationIdOf(identity.installation);
  const topics = new BellTopics(hubId);
  const bells = held.use(
    new Bells({
      ...{ hub, bus, hubId, topics },
      stationIdOf: (deviceId) => deviceStationId(hubId, deviceId),
      hubStatus: roomTopicOf({ kind: "state", station: hubId, what: "status" }),
      former:
        z.array(z.string()).safeParse(identity.store.get(...kept) ?? identity.store.get(...keptBefore)).data ?? [],
      remember: (ids) => identity.store.remember(...kept, ids),
    }),
  );
  held.use(
    calls.onChange((event) => {
      const { deviceId } = event.call.from;
      const payload = bellEvent(event);
      if (deviceId === undefined || payload === undefined) return;
      bus.publish(topics.of(deviceId, "event"), payload, { qos: 1, expiryS: eventExpiryS });
    }),
  );
  held.use(new CameraBells(hub));
  held.use(locks.useMqtt(mqttLocks({ bus })));
  held.use(watchLocks({ hub, bus }));
  held.use(followBellCommands({ hub, bus, topics, repeat: (id) => bells.repeat(id) }));
  return {
    addresses: [],
    [Symbol.asyncDispose]: async () => held.dispose(),
  };
}
