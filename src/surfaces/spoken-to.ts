import { z } from "zod";
import { type ChannelId, channelNamed, isChannelId } from "../hub/channel.ts";
import type { Hub } from "../hub/hub.ts";

const one = z.string().min(1).max(136);

/** Whom somebody speaks to, as they wrote it: channels, or what devices, areas and groups are called. */
export const spokenToSchema = z
  .union([one.transform((text): readonly string[] => [text]), z.array(one).min(1).max(64).readonly()])
  .describe("device:<id>, area:<name>, group:<name>, all, what one of them is called, or a list of them");

/** The channels that are meant. Undefined when one of the names is nobody's: it is refused, not left out. */
export function channelsOf(to: readonly string[], hub: Pick<Hub, "house">): readonly ChannelId[] | undefined {
  const house = hub.house();
  const channels = to.map((text) => (isChannelId(text) ? text : channelNamed(text, house)));
  return channels.every((channel) => channel !== undefined) ? channels : undefined;
}
