import type { Component } from "../hub-components.ts";
import type { BellTopics } from "./topics.ts";

/** How a device with a bell, or the house, stands in calls. */
export const callStates = ["idle", "ringing", "answered"] as const;

/** What the event entity of a bell tells. */
export const bellEvents = ["ring", "answered", "declined", "missed", "ended"] as const;

/** One of {@link bellEvents}. */
export type BellEvent = (typeof bellEvents)[number];

/** What Home Assistant is told of one device with a bell. */
export interface BellEntities {
  /** What the unique ids begin with. */
  readonly id: string;
  readonly deviceId: string;
  readonly topics: BellTopics;
  /** Topic that says whether the hub is there. */
  readonly hubStatus: string;
  /** True where its door may be opened by whoever may send to the broker. */
  readonly lock: boolean;
}

/** The entities of a device with a bell. */
export function bellComponents(bell: BellEntities): Readonly<Record<string, Component>> {
  const { id, deviceId, topics, hubStatus, lock } = bell;
  const of = (what: Parameters<BellTopics["of"]>[1]) => topics.of(deviceId, what);
  // A camera whose picture cannot be reached rings all the same.
  const there = { availability: [{ topic: hubStatus }, { topic: of("availability") }], availability_mode: "all" };
  const button = (what: "answer" | "decline" | "hangup", name: string, icon: string): Component => ({
    ...{ platform: "button", unique_id: `${id}_${what}`, name, icon, ...there },
    command_topic: of(what),
    payload_press: "PRESS",
  });
  return {
    doorbell: {
      ...{ platform: "event", unique_id: `${id}_doorbell`, name: "Doorbell", icon: "mdi:doorbell" },
      device_class: "doorbell",
      event_types: [...bellEvents],
      state_topic: of("event"),
      // Whether the door is connected is no reason for a bell to look as if something had happened.
      availability: [{ topic: hubStatus }],
    },
    rang: {
      ...{ platform: "device_automation", unique_id: `${id}_rang`, automation_type: "trigger" },
      ...{ type: "doorbell", subtype: "ring", topic: of("event"), payload: "ring" },
      value_template: "{{ value_json.event_type }}",
    },
    bell_call: { ...callComponent(`${id}_bell_call`, of("call")), ...there },
    answer: button("answer", "Answer", "mdi:phone"),
    decline: button("decline", "Decline", "mdi:phone-remove"),
    hangup: button("hangup", "Hang up", "mdi:phone-hangup"),
    ...(lock && { lock: { ...lockComponent(id, { command: of("lock/set"), state: of("lock") }), ...there } }),
  };
}

function lockComponent(id: string, topics: { readonly command: string; readonly state: string }): Component {
  return {
    ...{ platform: "lock", unique_id: `${id}_lock`, name: "Door", icon: "mdi:door" },
    command_topic: topics.command,
    ...{ payload_unlock: "UNLOCK", payload_open: "OPEN", payload_lock: "LOCK" },
    state_topic: topics.state,
    value_template: "{{ value_json.state }}",
    json_attributes_topic: topics.state,
    json_attributes_template: "{{ value_json | tojson }}",
  };
}

/** How calls stand, with who calls and who answered beside it. */
export function callComponent(id: string, topic: string): Component {
  return {
    ...{ platform: "sensor", unique_id: id, name: "Calls", icon: "mdi:phone-in-talk" },
    device_class: "enum",
    options: [...callStates],
    state_topic: topic,
    value_template: "{{ value_json.state }}",
    json_attributes_topic: topic,
  };
}
