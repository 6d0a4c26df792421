import { z } from "zod";
import { parseRoomTopic } from "../../../protocols/room/topics.ts";
import type { BusMessage, MessageBus } from "../../bus.ts";
import { singleEntityTopics } from "../../discovery.ts";

/** What a station told Home Assistant of itself. */
export interface OwnDescription {
  /** Each of its messages by its topic. */
  readonly topics: ReadonlyMap<string, string>;
  /** What the device is called in them. */
  readonly identifiers: readonly string[];
  readonly name?: string | undefined;
}

/** What stations tell Home Assistant of themselves. */
export interface OwnDescriptions extends Disposable {
  of(stationId: string): OwnDescription;
  /**
   * True for a station that does so now. What the broker kept of one that has come since and said nothing is of what was there
   * before it.
   */
  describesItself(stationId: string): boolean;
}

const topicPattern = /^homeassistant\/[a-z_]{1,20}\/(intercom_[0-9a-f]{8})(?:_[a-z_]{1,20})?\/config$/;
const maxStations = 256;
const maxIdentifiers = 8;
const maxPayload = 8192;
const strings = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const configSchema = z.object({
  device: z
    .object({ identifiers: strings.optional(), ids: strings.optional(), name: z.string().optional() })
    .optional(),
});

interface Known {
  readonly topics: Map<string, string>;
  /** Stay, also when its messages were taken over. */
  readonly identifiers: Set<string>;
  name?: string | undefined;
  /** It has said so while we listened. */
  says: boolean;
  /** It has come while we listened. */
  came: boolean;
}

/** Follows them. `onCame` tells of a station that has just come. */
export function ownDescriptions(
  bus: MessageBus,
  { onChange, onCame }: { readonly onChange: () => void; readonly onCame: (stationId: string) => void },
): OwnDescriptions {
  const known = new Map<string, Known>();
  const enter = (id: string): Known | undefined => {
    const one = known.get(id) ?? { topics: new Map(), identifiers: new Set(), says: false, came: false };
    if (!known.has(id) && known.size >= maxStations) return undefined;
    known.set(id, one);
    return one;
  };
  const describe = ({ topic, payload, retained }: BusMessage) => {
    const id = topicPattern.exec(topic)?.[1];
    const one = id === undefined ? undefined : enter(id);
    if (!id || !one || !singleEntityTopics(id).includes(topic) || isNone(payload)) return;
    if (payload === "") one.topics.delete(topic);
    else if (note(one, { topic, payload }) && !retained) one.says = true;
    if (one.topics.size === 0) one.says = false;
    onChange();
  };
  const come = ({ topic, payload, retained }: BusMessage) => {
    const address = parseRoomTopic(topic);
    if (address?.kind !== "state" || retained || payload !== "online") return;
    const one = enter(address.station);
    if (!one) return;
    one.came = true;
    onCame(address.station);
  };
  const held = new DisposableStack();
  held.use(bus.subscribe("homeassistant/+/+/config", describe));
  held.use(bus.subscribe("intercom/+/status", come));
  return {
    of: (id) => {
      const { topics = new Map(), identifiers = [], name } = known.get(id) ?? {};
      return { topics, identifiers: [...identifiers], name };
    },
    describesItself: (id) => {
      const one = known.get(id);
      return one !== undefined && one.topics.size > 0 && (one.says || !one.came);
    },
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** The hub's own word when it takes one over, or more than a description is. */
function isNone(payload: string): boolean {
  return payload.length > maxPayload || payload.includes('"migrate_discovery"');
}

/** False for what names no device: Home Assistant takes no such description for one either. */
function note(one: Known, { topic, payload }: { readonly topic: string; readonly payload: string }): boolean {
  const device = deviceOf(payload);
  const identifiers = device?.identifiers ?? device?.ids ?? [];
  if (identifiers.length === 0) return false;
  one.topics.set(topic, payload);
  for (const identifier of identifiers) if (one.identifiers.size < maxIdentifiers) one.identifiers.add(identifier);
  one.name = device?.name ?? one.name;
  return true;
}

function deviceOf(payload: string) {
  try {
    return configSchema.safeParse(JSON.parse(payload)).data?.device;
  } catch {
    return undefined; // no JSON: it describes nothing
  }
}
