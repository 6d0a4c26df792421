import type { CallView, MutedBell } from "../api.ts";
import { timer } from "./words.ts";

type Call = Pick<
  CallView,
  "from" | "rung" | "participants" | "state" | "answeredBy" | "endReason" | "endedBy" | "reply" | "you"
>;
type Times = Pick<CallView, "startedMs" | "answeredMs" | "endedMs">;

/** What a call is to whoever reads it. */
export type CallPlace =
  /** It rings here. */
  | "incoming"
  /** One called oneself, and nobody has answered yet. */
  | "outgoing"
  /** One takes part in it. */
  | "in"
  /** Others ring or talk. */
  | "others"
  | "over";

/** Where one stands in a call. */
export function placeIn({ state, you, from, rung, participants }: Call): CallPlace {
  if (state === "ended") return "over";
  if (participants.some(({ party }) => party === you))
    return state === "ringing" && from.party === you ? "outgoing" : "in";
  const own = rung.find(({ party }) => party === you);
  return state === "ringing" && (own?.state === "told" || own?.state === "ringing") ? "incoming" : "others";
}

/** Who else rings, in words: "also rings: Kitchen, Anna". Empty when nobody does. */
export function sayRinging({ rung, you }: Pick<Call, "rung" | "you">): string {
  const names = rung
    .filter(({ party, state }) => party !== you && (state === "told" || state === "ringing"))
    .map(({ name }) => name);
  return names.length > 0 ? `also rings: ${[...new Set(names)].join(", ")}` : "";
}

/** Who is in the call beside oneself. */
export function othersIn({ participants, you }: Pick<Call, "participants" | "you">): string {
  return participants
    .filter(({ party }) => party !== you)
    .map(({ name }) => name)
    .join(", ");
}

/** How it stands with somebody whom one may call, in words; nothing hinders where there are none. */
export const standsWords = {
  free: "",
  busy: "in a call",
  quiet: "does not want to be disturbed",
  away: "not here now",
} as const;

/** Why one's own call came to nothing, by what it says of whom one called. */
function sayUnreached({ rung }: Pick<Call, "rung">): string {
  const words: Readonly<Partial<Record<Call["rung"][number]["state"], string>>> = {
    busy: "is in another call",
    quiet: "does not want to be disturbed now",
    unreachable: "is not here now",
  };
  const said = rung.flatMap(({ name, state }) => (words[state] ? [`${name} ${words[state]}`] : []));
  return said.length > 0 ? said.join("; ") : "Nobody could be reached";
}

/** That a bell is silent for a while, and until when. */
export function sayMuted({ from, untilMs }: MutedBell, time: (ms: number) => string): string {
  return `The bell of ${from.name} is silent until ${time(untilMs)}: it rang too often and nobody answered.`;
}

/** One sentence about what became of a call, for the notice that replaces the ring and for the history. */
export function sayOutcome(call: Call): string {
  const { answeredBy, endedBy, endReason, you, reply } = call;
  const name = (who: { readonly party: string; readonly name: string } | undefined) =>
    who === undefined ? "somebody" : who.party === you ? "you" : who.name;
  if (answeredBy) return `Answered by ${name(answeredBy)}`;
  if (call.from.party === you && (endReason === "busy" || endReason === "unreachable")) return sayUnreached(call);
  switch (endReason) {
    case "declined":
      return `Declined by ${name(endedBy)}${reply ? `: “${reply}”` : ""}`;
    case "opened":
      return `The door was opened${endedBy ? ` by ${name(endedBy)}` : ""}`;
    case "cancelled":
      return "Given up before anybody answered";
    case "restarted":
      return "Ended because the hub was restarted";
    case "busy":
      return "Busy";
    case "unreachable":
      return "Nobody could be reached";
    case "missed":
      return call.from.party === you && call.rung.length === 1
        ? `${name(call.rung[0])} did not answer`
        : "Nobody answered";
    case "ended":
      return "Ended";
    default:
      return "Still rings";
  }
}

/** True for a call that nobody took, and that one might have. */
export function isMissed({ state, answeredBy, endReason, from, you }: Call): boolean {
  if (state !== "ended" || answeredBy || from.party === you) return false;
  return (
    endReason === "missed" || endReason === "cancelled" || endReason === "restarted" || endReason === "unreachable"
  );
}

/** How long people talked: "0:41"; empty when nobody did. */
export function talkedFor({ answeredMs, endedMs }: Times): string {
  return answeredMs === undefined || endedMs === undefined ? "" : timer(endedMs - answeredMs);
}
