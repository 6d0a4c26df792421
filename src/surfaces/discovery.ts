import type { MessageBus } from "./bus.ts";
import type { Component, FormerComponent } from "./hub-components.ts";

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
  readonly components: Readonly<Record<string, Component | FormerComponent>>;
  /** Version of the hub. */
  readonly version: string;
}

/** Where a device is told of. */
export function discoveryTopic(id: string): string {
  return `homeassistant/device/${id}/config`;
}

/**
 * The one message that tells Home Assistant of a device and everything about it (its "device discovery"). Home Assistant
 * refuses the whole of it for one unknown key at the top or below `device`.
 */
export function discoveryPayload(device: DiscoveredDevice): string {
  const { id, name, model, area, via, version } = device;
  return JSON.stringify({
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
  });
}

/**
 * The same for a device that somebody else tells Home Assistant of, by these identifiers: entities that stand beside theirs. What else
 * they said of it stays.
 */
export function besidePayload(
  device: Pick<DiscoveredDevice, "name" | "version" | "availabilityTopics" | "components"> & {
    readonly identifiers: readonly string[];
  },
): string {
  return JSON.stringify({ device: { identifiers: device.identifiers, name: device.name }, ...commonOf(device) });
}

function commonOf({
  version,
  availabilityTopics,
  components,
}: Pick<DiscoveredDevice, "version" | "availabilityTopics" | "components">) {
  return {
    origin: { name: "Doorward", sw_version: version },
    availability: availabilityTopics.map((topic) => ({ topic })),
    ...(availabilityTopics.length > 1 && { availability_mode: "all" }),
    components,
  };
}

/** Tells of a device in device form, in place of what was told of it on single topics. */
export function takeOver(
  bus: Pick<MessageBus, "publish">,
  { id, payload, former }: { readonly id: string; readonly payload: string; readonly former: readonly string[] },
): void {
  for (const topic of former) bus.publish(topic, JSON.stringify({ migrate_discovery: true }), { qos: 1 });
  bus.publish(discoveryTopic(id), payload, { retain: true, qos: 1 });
  for (const topic of former) bus.publish(topic, "", { retain: true, qos: 1 });
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

/** A device that is told of; ends when disposed, and stays known to Home Assistant unless it was removed. */
export interface Discovery extends Disposable {
  /** Tells of it as it is now. */
  publish(): void;
  /** Home Assistant forgets it with all its entities. */
  remove(): void;
}

/**
 * Tells Home Assistant of a device, and takes over entities that were told of one by one under its id: they keep their
 * names, areas and histories, since their unique ids stay the same.
 */
export function discover(bus: MessageBus, device: () => DiscoveredDevice): Discovery {
  const held = new DisposableStack();
  const { id } = device();
  const former = new Set<string>();
  for (const topic of singleEntityTopics(id)) {
    held.use(
      bus.subscribe(topic, ({ payload, retained }) => {
        if (retained && payload !== "") former.add(topic);
        else former.delete(topic);
      }),
    );
  }
  const publish = () => takeOver(bus, { id, payload: discoveryPayload(device()), former: [...former] });
  return {
    publish,
    remove: () => bus.publish(discoveryTopic(id), "", { retain: true, qos: 1 }),
    [Symbol.dispose]: () => held.dispose(),
  };
}
