import type { Hub } from "../../hub/hub.ts";
import { roomTopicOf, type StationActivity } from "../../protocols/room/topics.ts";
import type { Bus } from "../bus.ts";
import { type DiscoveredDevice, deviceDocument } from "../discovery.ts";

/** Options of {@link presentHub}. */
export interface HubPresenceOptions {
  readonly bus: Bus;
  readonly hub: Pick<Hub, "devices" | "turns">;
  /** `intercom_` and eight hex digits. */
  readonly hubId: string;
  readonly version: string;
}

/** What the hub says of itself: that it is there, whether somebody speaks through it, and both to Home Assistant. */
export function presentHub({ bus, hub, hubId, version }: HubPresenceOptions): Disposable {
  const held = new DisposableStack();
  const topic = (what: "status" | "state") => roomTopicOf({ kind: "state", station: hubId, what });
  const device = (): DiscoveredDevice => ({
    id: hubId,
    name: "Doorward",
    model: "Intercom hub",
    availabilityTopics: [topic("status")],
    version,
    components: {
      state: {
        platform: "sensor",
        unique_id: `${hubId}_state`,
        name: "State",
        icon: "mdi:phone-classic",
        state_topic: topic("state"),
        device_class: "enum",
        options: ["idle", "transmitting", "receiving"] satisfies StationActivity[],
      },
      ...bus.hubComponents.list(),
    },
  });
  const describe = () => bus.discoveries.tell({ id: hubId, document: deviceDocument(device()) });
  describe();
  let said: StationActivity | undefined;
  const tell = () => {
    said = activityOf(hub);
    bus.publish(topic("state"), said, { retain: true });
  };
  held.use(
    bus.present({
      availability: () => bus.publish(topic("status"), "online", { retain: true, qos: 1 }),
      states: tell,
    }),
  );
  held.use(bus.hubComponents.onChange(describe));
  held.use(hub.turns.onChange(() => activityOf(hub) !== said && tell()));
  return held;
}

/** The hub transmits while anybody speaks through it. */
function activityOf({ devices, turns }: HubPresenceOptions["hub"]): StationActivity {
  return devices.list().some(({ id }) => turns.holder(id).holder !== undefined) ? "transmitting" : "idle";
}
