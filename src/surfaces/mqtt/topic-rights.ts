import { parseRoomTopic, roomTopics } from "../../protocols/room/topics.ts";
import { discoveryTopic, singleEntityTopics } from "../discovery.ts";

/** Who is at the hub's own broker. */
export type Visitor =
  /** An account of the configuration, or the hub itself. */
  | { readonly as: "everything"; readonly name: string }
  /** A device, by its token. */
  | { readonly as: "device"; readonly id: string }
  /** Somebody without a token, where `enrolment: open` lets everybody in. */
  | { readonly as: "guest" };

/** Where the topics of rooms and of Home Assistant begin; there is nothing else for guests. */
const guestRoots = ["intercom/", "homeassistant/"];

/** What every station may read beside its own: who is there, who rings, when Home Assistant starts. */
const sharedFilters = ["intercom/devices/+/info", "intercom/call", "intercom/+/status", "homeassistant/status"];

/** Names under which a device may stand in topics: its id, and that with `_` for `-`, as the seed's firmware writes it. */
export function topicNames(deviceId: string): readonly string[] {
  return [...new Set([deviceId, deviceId.replaceAll("-", "_")])];
}

/** The device that a station of this name would be. */
export function deviceIdOf(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/** May they publish to this topic? `isSomebody` tells which devices have a token, and the hub: nobody else speaks for those. */
export function mayPublish(visitor: Visitor, topic: string, isSomebody: (deviceId: string) => boolean): boolean {
  if (visitor.as === "everything") return !topic.startsWith("$");
  if (visitor.as === "device")
    return topic === "intercom/call" || topicNames(visitor.id).some((own) => isOf(own, topic));
  if (!guestRoots.some((root) => topic.startsWith(root))) return false;
  const owner = ownerOf(topic);
  return owner === undefined || !isSomebody(deviceIdOf(owner));
}

/** May they subscribe to this filter? */
export function maySubscribe(visitor: Visitor, filter: string): boolean {
  if (visitor.as === "everything") return !filter.startsWith("$");
  if (visitor.as === "guest") return guestRoots.some((root) => filter.startsWith(root));
  return sharedFilters.includes(filter) || topicNames(visitor.id).some((own) => filter.startsWith(`intercom/${own}/`));
}

/** What a station says of itself: its state, its info, and what Home Assistant is told of it. */
function isOf(own: string, topic: string): boolean {
  if (topic === `intercom/devices/${own}/info`) return true;
  if (roomTopics.some((what) => topic === `intercom/${own}/${what}`)) return true;
  return topic === discoveryTopic(own) || singleEntityTopics(own).includes(topic);
}

/** Whose word a topic is; undefined for one that is a command, or everybody's. */
function ownerOf(topic: string): string | undefined {
  const address = parseRoomTopic(topic);
  if (address?.kind === "state" || address?.kind === "info") return address.station;
  const [root, , object = ""] = topic.split("/");
  if (root !== "homeassistant" || object === "") return undefined;
  const what = roomTopics.find((one) => object.endsWith(`_${one}`));
  return what === undefined ? object : object.slice(0, -what.length - 1);
}
