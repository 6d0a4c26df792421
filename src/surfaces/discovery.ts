import type { Component } from "./hub-components.ts";

/** A device as Home Assistant is told of it. */
export interface DiscoveredDevice {
  /** Stands in the topics, e.g. `intercom_9a0b1c2d`. */
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly area?: string | undefined;
  /** What it was called before, beside its id: Home Assistant keeps it as one device. */
  readonly identifiers?: readonly string[];
  /** The id of the device through which it is reached: the hub. */
  readonly via?: string | undefined;
  /** Topics that say `online` or `offline`; it is there while all of them say that it is. */
  readonly availabilityTopics: readonly string[];
  readonly components: Components;
  /** Version of the hub. */
  readonly version: string;
}

/** Entities of a device by name. */
export type Components = Readonly<Record<string, Component>>;

/** Everything that Home Assistant is told of a device, in its "device form". */
export interface DeviceDocument {
  readonly device: {
    readonly identifiers: readonly string[];
    readonly name: string;
    readonly via_device?: string;
    readonly [more: string]: unknown;
  };
  readonly origin: { readonly name: string; readonly sw_version: string };
  readonly availability: readonly { readonly topic: string }[];
  readonly availability_mode?: "all";
  readonly components: Components;
}

/** Where a device is told of. */
export function discoveryTopic(id: string): string {
  return `homeassistant/device/${id}/config`;
}

/**
 * The one message that tells Home Assistant of a device and everything about it (its "device discovery"). Home Assistant
 * refuses the whole of it for one unknown key at the top or below `device`.
 */
export function deviceDocument(device: DiscoveredDevice): DeviceDocument {
  const { id, name, model, area, via, version } = device;
  return {
    device: {
      identifiers: [...new Set([id, ...(device.identifiers ?? [])])],
      name,
      manufacturer: "Doorward",
      model,
      sw_version: version,
      ...(area !== undefined && { suggested_area: area }),
      ...(via !== undefined && { via_device: via }),
    },
    ...commonOf(device),
  };
}

/**
 * The same for a device that somebody else tells Home Assistant of, by these identifiers: entities that stand beside theirs. What else
 * they said of it stays.
 */
export function besideDocument(
  device: Pick<DiscoveredDevice, "name" | "version" | "availabilityTopics" | "components"> & {
    readonly identifiers: readonly string[];
  },
): DeviceDocument {
  return { device: { identifiers: device.identifiers, name: device.name }, ...commonOf(device) };
}

function commonOf({
  version,
  availabilityTopics,
  components,
}: Pick<DiscoveredDevice, "version" | "availabilityTopics" | "components">) {
  return {
    origin: { name: "Doorward", sw_version: version },
    availability: availabilityTopics.map((topic) => ({ topic })),
    ...(availabilityTopics.length > 1 && { availability_mode: "all" as const }),
    components,
  };
}

/** Where the seed's stations and hub tell of themselves: one topic for each entity. */
export function singleEntityTopics(id: string): readonly string[] {
  const numbers = ["volume", "mic_gain"].map((what) => `number/${id}_${what}`);
  const switches = ["mute", "dnd", "led", "agc"].map((what) => `switch/${id}_${what}`);
  const selects = ["target", "priority", "chime"].map((what) => `select/${id}_${what}`);
  return [`sensor/${id}_state`, `notify/${id}`, ...numbers, ...switches, ...selects].map(
    (path) => `homeassistant/${path}/config`,
  );
}
