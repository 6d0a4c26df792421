import { allRooms, priorityWords, roomTopicOf, type StationActivity } from "../../../protocols/room/topics.ts";
import type { Component } from "../../hub-components.ts";

/** What Home Assistant is told of one station. */
export interface StationEntities {
  readonly id: string;
  readonly name: string;
  /** Whom it can choose to speak to, beside everybody; absent for one that chooses nobody. */
  readonly targets?: readonly string[] | undefined;
  /** The sounds that it can ring with; absent for one that has no choice. */
  readonly chimes?: readonly string[] | undefined;
  /** Whom its button rings: a room's name, or everybody's. */
  readonly rings: string;
  /** Where it is kept how its calls stand; absent where nobody tells. */
  readonly callTopic?: string;
  /** True when its state comes as JSON with more beside it, as firmware tells it. */
  readonly stateIsJson?: boolean;
}

/** Who calls when somebody presses a button in Home Assistant. */
const caller = "Home Assistant";

/**
 * The entities of a station. Their ids and the topics are those of the seed's system, so that entities that were told of one
 * by one keep their names and histories when they move into one device.
 */
export function stationComponents(station: StationEntities): Readonly<Record<string, Component>> {
  const { id, targets, chimes } = station;
  return {
    state: stateComponent(station),
    volume: {
      ...control(id, "volume"),
      platform: "number",
      name: "Volume",
      icon: "mdi:volume-high",
      min: 0,
      max: 100,
      step: 5,
      mode: "slider",
      unit_of_measurement: "%",
    },
    mute: { ...control(id, "mute"), platform: "switch", name: "Mute", icon: "mdi:volume-off" },
    dnd: { ...control(id, "dnd"), platform: "switch", name: "Do not disturb", icon: "mdi:bell-sleep" },
    ...(targets && {
      target: select(id, { what: "target", name: "Target", icon: "mdi:target", options: [allRooms, ...targets] }),
      priority: select(id, {
        ...{ what: "priority", name: "Priority", icon: "mdi:alert-circle-outline", options: priorityWords },
      }),
    }),
    ...(chimes &&
      chimes.length > 0 && { chime: select(id, { what: "chime", name: "Chime", icon: "mdi:bell", options: chimes }) }),
    ...spokenComponents(id, station),
  };
}

/**
 * What the hub does for any station, also for one that tells Home Assistant of itself: it speaks there, rings it, and says how
 * its calls stand.
 */
export function spokenComponents(
  id: string,
  { rings, callTopic }: Pick<StationEntities, "rings" | "callTopic">,
): Readonly<Record<string, Component>> {
  return {
    ...(callTopic !== undefined && { station_call: stationCallComponent(id, callTopic) }),
    notify: {
      platform: "notify",
      unique_id: `${id}_notify`,
      name: "Announce",
      icon: "mdi:bullhorn",
      command_topic: roomTopicOf({ kind: "notify", station: id }),
    },
    ring: {
      platform: "button",
      unique_id: `${id}_ring`,
      name: "Ring",
      icon: "mdi:bell-ring",
      command_topic: roomTopicOf({ kind: "call" }),
      payload_press: JSON.stringify({ target: rings, caller }),
    },
  };
}

/** How the calls of a station stand, with who calls and who answered beside it. */
function stationCallComponent(id: string, topic: string): Component {
  return {
    platform: "sensor",
    unique_id: `${id}_station_call`,
    name: "Calls",
    icon: "mdi:phone-in-talk",
    device_class: "enum",
    options: ["idle", "ringing", "answered"],
    state_topic: topic,
    value_template: "{{ value_json.state }}",
    json_attributes_topic: topic,
  };
}

/** The state of a station. */
export function stateComponent({ id, stateIsJson }: Pick<StationEntities, "id" | "stateIsJson">): Component {
  return {
    platform: "sensor",
    unique_id: `${id}_state`,
    name: "State",
    icon: "mdi:phone-classic",
    state_topic: roomTopicOf({ kind: "state", station: id, what: "state" }),
    device_class: "enum",
    options: ["idle", "transmitting", "receiving"] satisfies StationActivity[],
    ...(stateIsJson && { value_template: "{{ value_json.state if value_json is mapping else value }}" }),
  };
}

/** Rings anywhere in the house, as an event: what automations and Home Assistant's own doorbell trigger take. */
export function callComponent(id: string): Component {
  return {
    platform: "event",
    unique_id: `${id}_call`,
    name: "Call",
    icon: "mdi:phone-ring",
    device_class: "doorbell",
    event_types: ["ring"],
    state_topic: roomTopicOf({ kind: "call" }),
    value_template:
      "{{ {'event_type': 'ring', 'caller': value_json.caller | default(''), 'target': value_json.target | default('')} | tojson }}",
  };
}

/** A thing that has a state and, with `/set` behind, a command. */
function control(id: string, what: "volume" | "mute" | "dnd" | "target" | "priority" | "chime") {
  return {
    unique_id: `${id}_${what}`,
    state_topic: roomTopicOf({ kind: "state", station: id, what }),
    command_topic: roomTopicOf({ kind: "command", station: id, what }),
  };
}

function select(
  id: string,
  how: {
    readonly what: "target" | "priority" | "chime";
    readonly name: string;
    readonly icon: string;
    readonly options: readonly string[];
  },
): Component {
  const { what, name, icon, options } = how;
  return { ...control(id, what), platform: "select", name, icon, options: [...new Set(options)] };
}
