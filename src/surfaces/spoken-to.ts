import { z } from "zod";
import { type ChannelId, channelNamed, isChannelId } from "../hub/channel.ts";
import type { Hub } from "../hub/hub.ts";

const one = z.string().min(1).max(136);

/** Whom somebody speaks to, as they wrote it: channels, or what devices, areas and groups are called. */
export const spokenToSchema = z
  .union([one.transform((text): readonly string[] => [text]), z.array(one).min(1).max(64).readonly()])
  .describe("device:<id>, area:<name>, group:<name>, all, what one of them is called, or a list of them");

const written = {
  to: spokenToSchema.optional(),
  device: one.optional().describe("In place of `to`: the id of a device."),
  area: one.optional().describe("In place of `to`: the name of an area."),
  all: z.literal(true).optional().describe("In place of `to`: everybody."),
};

/** The fields of a body that say whom somebody speaks to, and what they come to. */
export const spokenTo = {
  fields: written,
  /** What was written, as texts for {@link channelsOf}; undefined unless exactly one of the fields is there. */
  of: ({ to, device, area, all }: z.output<z.ZodObject<typeof written>>): readonly string[] | undefined => {
    const given = [to, device && [`device:${device}`], area && [`area:${area}`], all && ["all"]].filter(Boolean);
    return given.length === 1 ? (given[0] as readonly string[]) : undefined;
  },
  /** The same of a body that was not checked yet; undefined also for one that names nobody properly. */
  ofUnchecked: (body: unknown): readonly string[] | undefined => {
    const { data } = z.object(written).safeParse(body);
    return data && spokenTo.of(data);
  },
};

/** The channels that are meant. Undefined when one of the names is nobody's: it is refused, not left out. */
export function channelsOf(to: readonly string[], hub: Pick<Hub, "house">): readonly ChannelId[] | undefined {
  const house = hub.house();
  const channels = to.map((text) => (isChannelId(text) ? text : channelNamed(text, house)));
  return channels.every((channel) => channel !== undefined) ? channels : undefined;
}
