import { z } from "zod";
import type { Immutable } from "../util/immutable.ts";
import { channelSchema } from "./channel.ts";

/** Somebody who takes part in calls: a device of the house, a person, or a client that called the hub (a door client, Home Assistant). */
export type PartyId = `device:${string}` | `person:${string}` | `client:${string}`;

/** True for text that names a party; whether anybody is there is another question. */
export function isPartyId(text: string): text is PartyId {
  return /^(device|person|client):[^\p{Cc}]{1,128}$/u.test(text);
}

/** Whether `party` is the one that is named, or one of those for whom that person's program asks (`person:<id>/<theirs>`). */
export function isOrIsOf(party: PartyId, named: string): boolean {
  return party === named || (named.startsWith("person:") && party.startsWith(`${named}/`));
}

/** A party's name from outside. */
export const partySchema = z
  .string()
  .max(140)
  .refine(isPartyId, { message: "device:<id>, person:<id> or client:<id>" });

/** Somebody in a call, as people read them. */
export const callPartySchema = z.object({
  party: partySchema,
  name: z.string(),
  deviceId: z.string().optional().describe("The device that they are or sit at."),
});

/** {@link callPartySchema} */
export type CallParty = Immutable<z.infer<typeof callPartySchema>>;

/**
 * How it stands with somebody who is rung: `told`, `ringing` (they confirmed that it can be heard), `declined`, `busy` (in
 * another call), `quiet` (do-not-disturb or quiet hours), `unreachable` (nothing of theirs is there), `passed` (the next
 * group rings in their place).
 */
export const rungStates = ["told", "ringing", "declined", "busy", "quiet", "unreachable", "passed"] as const;

/** Why a call is over. */
export const endReasons = [
  /** It was answered, and somebody hung up. */
  "ended",
  /** Nobody answered in time. */
  "missed",
  "declined",
  /** Who called gave up before somebody answered. */
  "cancelled",
  /** The door was opened. */
  "opened",
  /** The hub was restarted. */
  "restarted",
  "busy",
  "unreachable",
] as const;

/** One of {@link endReasons}. */
export type CallEndReason = (typeof endReasons)[number];

/** One call, as every part of the hub and the API see it. Times are wall-clock milliseconds. */
export const callInfoSchema = z.object({
  id: z.string().describe("Random; not to be guessed."),
  from: callPartySchema.extend({ bell: z.string().optional().describe("Which bell of a device that has several.") }),
  to: z
    .array(z.union([channelSchema, partySchema]))
    .readonly()
    .describe("Whom was called; empty for a ring that rings whoever may talk to the device."),
  state: z.enum(["ringing", "answered", "ended"]),
  rung: z.array(callPartySchema.extend({ state: z.enum(rungStates) })).readonly(),
  answeredBy: callPartySchema.optional(),
  participants: z.array(callPartySchema).readonly().describe("Who takes part now, the caller first."),
  endReason: z.enum(endReasons).optional(),
  endedBy: callPartySchema.optional(),
  reply: z.string().optional().describe("What was said at the door when it was declined."),
  cameraId: z.string().optional().describe("The camera that shows who calls."),
  lock: z.boolean().describe("True when a door can be opened from the call."),
  startedMs: z.number(),
  answeredMs: z.number().optional(),
  endedMs: z.number().optional(),
});

/** {@link callInfoSchema} */
export type CallInfo = Immutable<z.infer<typeof callInfoSchema>>;

/** One who is or was rung in a call. */
export type Rung = CallInfo["rung"][number];

/** What happened to a call. */
export const callChanges = [
  "ringing",
  /** Somebody's device says that it rings. */
  "confirmed",
  "answered",
  "joined",
  "left",
  /** Somebody declined for themselves; the call goes on. */
  "declined",
  "missed",
  "ended",
  /** Somebody else is rung, or no longer. */
  "rung",
] as const;

/** One of {@link callChanges}. */
export type CallChange = (typeof callChanges)[number];
