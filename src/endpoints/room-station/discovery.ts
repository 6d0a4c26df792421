import { version } from "../../util/version.ts";

/** Whose entities are described. */
export interface DiscoveredStation {
  readonly id: string;
  /** 16 hexadecimal digits. */
  readonly sender: string;
  readonly room: string;
  /** Rooms that it can talk to, beside everybody. */
  readonly rooms: readonly string[];
}

interface Entity {
  readonly component: "sensor" | "number" | "switch" | "select";
  readonly what: string;
  readonly name: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

const onOff = { payload_on: "ON", payload_off: "OFF" };

function entities(rooms: readonly string[]): readonly Entity[] {
  return [
    {
      component: "sensor",
      what: "state",
      name: "State",
      keys: { value_template: "{{ value_json.state }}", icon: "mdi:phone-classic" },
    },
    {
      component: "number",
      what: "volume",
      name: "Volume",
      keys: { min: 0, max: 100, step: 5, unit_of_measurement: "%", mode: "slider" },
    },
    { component: "switch", what: "mute", name: "Mute", keys: onOff },
    { component: "switch", what: "dnd", name: "Do Not Disturb", keys: onOff },
    { component: "select", what: "target", name: "Target", keys: { options: ["All Rooms", ...rooms] } },
    { component: "select", what: "priority", name: "Priority", keys: { options: ["Normal", "High", "Emergency"] } },
  ];
}

/** What Home Assistant is told of a station that describes itself: a message for each entity, as the firmware does. */
export function discoveryMessages(station: DiscoveredStation): { readonly topic: string; readonly payload: string }[] {
  const { id, sender, room, rooms } = station;
  const device = {
    identifiers: [sender],
    name: room,
    model: "Room Station",
    manufacturer: "Doorward",
    sw_version: version,
  };
  return entities(rooms).map(({ component, what, name, keys }) => ({
    topic: `homeassistant/${component}/${id}_${what}/config`,
    payload: JSON.stringify({
      name,
      unique_id: `${id}_${what}`,
      state_topic: `intercom/${id}/${what}`,
      ...(component !== "sensor" && { command_topic: `intercom/${id}/${what}/set` }),
      availability_topic: `intercom/${id}/status`,
      ...keys,
      device,
    }),
  }));
}
