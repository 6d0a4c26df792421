import { devicePhases } from "../../../hub/state.ts";
import type { Component } from "../../hub-components.ts";
import type { DeviceCommand, DeviceTopics } from "./topics.ts";

/** What Home Assistant is told of one device of the hub. */
export interface DeviceEntities {
  /** What the unique ids begin with: of the hub's id and the device's, whatever people call it. */
  readonly id: string;
  readonly deviceId: string;
  readonly topics: DeviceTopics;
  /** Topic that says whether the hub is there. */
  readonly hubStatus: string;
  /** It can be spoken through. */
  readonly talks: boolean;
  /** Somebody can ring there. */
  readonly rings: boolean;
  /** The hub connects to it, and can hold the connection or try again. */
  readonly isCalled: boolean;
  /** It gives still pictures, and stills are switched on. */
  readonly stills: boolean;
  /** It has told whether something moves there. */
  readonly tellsMotion: boolean;
  /** Sounds that can be played there. */
  readonly chimes: readonly string[];
}

type Part = Readonly<Record<string, unknown>> & { readonly platform: string };

/** Its entities, by the last part of their unique ids. */
export function deviceEntities(device: DeviceEntities): Readonly<Record<string, Component>> {
  const { id, deviceId, talks, rings, stills, tellsMotion } = device;
  const parts: Readonly<Record<string, Part>> = {
    ...connectionParts(device),
    ...(talks && speakerParts(device)),
    ...(rings && bellParts(device)),
    ...(tellsMotion && { motion: motionPart(device) }),
    ...(stills && { still: stillPart(device) }),
  };
  return Object.fromEntries(
    Object.entries(parts).map(([what, part]) => {
      const offered = { default_entity_id: `${part.platform}.${deviceId.replaceAll("-", "_")}_${what}` };
      return [what, { ...part, unique_id: `${id}_${what}`, ...offered }];
    }),
  );
}

/** Whether it is there, and what the hub does about it: known as long as the hub is. */
function connectionParts(device: DeviceEntities): Readonly<Record<string, Part>> {
  const { isCalled } = device;
  const of = sourcesOf(device);
  return {
    reachable: {
      ...{ platform: "binary_sensor", name: "Reachable", device_class: "connectivity" },
      ...{ entity_category: "diagnostic", ...of.state("{{ 'ON' if value_json.reachable else 'OFF' }}"), ...of.byHub },
    },
    phase: {
      ...{ platform: "sensor", name: "Connection", icon: "mdi:lan-connect", device_class: "enum" },
      ...{ options: [...devicePhases], entity_category: "diagnostic", enabled_by_default: false },
      ...{ ...of.state("{{ value_json.phase }}"), ...of.byHub },
      ...of.attributes("{{ {'since': value_json.since, 'error': value_json.error | default(none)} | tojson }}"),
    },
    enabled: { ...of.setting("enabled", "In use", "mdi:power") },
    ...(isCalled && {
      warm: of.setting("warm", "Always connected", "mdi:lan-connect"),
      retry: {
        ...{ platform: "button", name: "Try now", icon: "mdi:refresh", entity_category: "diagnostic" },
        ...{ command_topic: of.topic("retry"), payload_press: "PRESS", ...of.byHub },
      },
    }),
  };
}

function speakerParts(device: DeviceEntities): Readonly<Record<string, Part>> {
  const { chimes } = device;
  const of = sourcesOf(device);
  return {
    state: {
      ...{ platform: "sensor", name: "State", icon: "mdi:phone-classic", device_class: "enum" },
      options: ["idle", "transmitting", "receiving"],
      ...of.state("{{ 'receiving' if value_json.speaking else 'idle' }}"),
    },
    speaking: {
      ...{ platform: "binary_sensor", name: "Somebody speaks", device_class: "sound" },
      ...of.state("{{ 'ON' if value_json.speaking else 'OFF' }}"),
      ...of.attributes(whoSpeaks),
    },
    holder: {
      ...{ platform: "sensor", name: "Who speaks", icon: "mdi:account-voice" },
      ...of.state("{{ value_json.holder | default('None') }}"),
      ...of.attributes(whoSpeaks),
    },
    volume: {
      ...{ platform: "number", name: "Volume", icon: "mdi:volume-high", entity_category: "config" },
      ...{ min: 0, max: 400, step: 5, mode: "slider", unit_of_measurement: "%" },
      ...{ command_topic: of.topic("volume/set"), ...of.state("{{ value_json.volume }}"), ...of.byHub },
    },
    mute: of.setting("mute", "Mute", "mdi:volume-off"),
    dnd: of.setting("dnd", "Do not disturb", "mdi:bell-sleep"),
    notify: {
      ...{ platform: "notify", name: "Announce", icon: "mdi:bullhorn", command_topic: of.topic("announce") },
    },
    ring: {
      ...{ platform: "button", name: "Ring", icon: "mdi:bell-ring" },
      ...{ command_topic: of.topic("ring"), payload_press: "PRESS" },
    },
    ...(chimes.length > 0 && {
      chime: {
        ...{ platform: "siren", name: "Chime", icon: "mdi:bell", available_tones: chimes },
        ...{ support_duration: false, support_volume_set: false, command_topic: of.topic("chime/set") },
        state_topic: of.topic("state"),
        state_value_template: "{{ 'ON' if value_json.chiming else 'OFF' }}",
      },
    }),
  };
}

const whoSpeaks =
  "{{ {'by': value_json.holder | default(none), 'priority': value_json.priority | default(none), 'since': value_json.holds_since | default(none), 'waiting': value_json.queued} | tojson }}";

function bellParts(device: DeviceEntities): Readonly<Record<string, Part>> {
  const of = sourcesOf(device);
  return {
    last_ring: {
      ...{ platform: "sensor", name: "Last ring", device_class: "timestamp" },
      ...{ ...of.state("{{ value_json.last_ring | default('None') }}"), ...of.byHub },
    },
    press: {
      ...{ platform: "button", name: "Press the bell", icon: "mdi:gesture-tap-button", enabled_by_default: false },
      ...{ command_topic: of.topic("press"), payload_press: "PRESS", ...of.byHub },
    },
  };
}

function motionPart(device: DeviceEntities): Part {
  const of = sourcesOf(device);
  return {
    ...{ platform: "binary_sensor", name: "Motion", device_class: "motion" },
    ...of.state("{{ 'ON' if value_json.motion else 'OFF' if value_json.motion is defined else 'None' }}"),
  };
}

function stillPart(device: DeviceEntities): Part {
  const of = sourcesOf(device);
  return { platform: "image", name: "Still", content_type: "image/jpeg", image_topic: of.topic("still"), ...of.byHub };
}

/** How entities of a device are told and asked. */
function sourcesOf({ deviceId, topics, hubStatus }: DeviceEntities) {
  const topic = (what: Parameters<DeviceTopics["of"]>[1]) => topics.of(deviceId, what);
  const state = (template: string) => ({ state_topic: topic("state"), value_template: template });
  /** There while the hub is, also while the device is not. */
  const byHub = { availability: [{ topic: hubStatus }] };
  return {
    ...{ topic, state, byHub },
    attributes: (template: string) => ({
      json_attributes_topic: topic("state"),
      json_attributes_template: template,
    }),
    setting: (what: "mute" | "dnd" | "enabled" | "warm", name: string, icon: string): Part => ({
      ...{ platform: "switch", name, icon, entity_category: "config" },
      command_topic: topic(`${what}/set` satisfies DeviceCommand),
      ...state(`{{ 'ON' if value_json.${what} else 'OFF' }}`),
      ...byHub,
    }),
  };
}
