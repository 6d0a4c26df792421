import type { CallEvent } from "../../hub/call-api.ts";
import type { CallInfo } from "../../hub/call-info.ts";
import type { LockState } from "../../hub/lock-result.ts";
import type { BellEvent } from "./entities.ts";

/** What the event entity of a bell is told; undefined for a change that is no event there. */
export function bellEvent({ call, change, by, reason }: CallEvent): string | undefined {
  const type = typeOf(call, change);
  if (!type) return undefined;
  const who = change === "ringing" ? undefined : (by ?? call.endedBy);
  return JSON.stringify({
    event_type: type,
    call_id: call.id,
    caller: call.from.name,
    ...(call.from.bell !== undefined && { bell: call.from.bell }),
    ...(who && { by: who.name }),
    ...(reason !== undefined && { reason }),
  });
}

function typeOf(call: CallInfo, change: CallEvent["change"]): BellEvent | undefined {
  if (change === "ringing") return "ring";
  if (change === "answered" || change === "missed") return change;
  if (change === "ended") return call.endReason === "declined" ? "declined" : "ended";
  return undefined;
}

/** How calls stand, of those that concern somebody: one that rings is shown before one that is answered. */
export function callMessage(calls: readonly CallInfo[]): string {
  const call = calls.find(({ state }) => state === "ringing") ?? calls[0];
  if (!call) return JSON.stringify({ state: "idle" });
  return JSON.stringify({
    state: call.state,
    call_id: call.id,
    caller: call.from.name,
    ...(call.from.bell !== undefined && { bell: call.from.bell }),
    ...(call.answeredBy && { answered_by: call.answeredBy.name }),
    participants: call.participants.map(({ name }) => name),
    started: new Date(call.startedMs).toISOString(),
    ...(call.answeredMs !== undefined && { answered: new Date(call.answeredMs).toISOString() }),
    calls: calls.length,
  });
}

const lockWords = { locked: "LOCKED", opening: "UNLOCKING", open: "UNLOCKED", failed: "JAMMED" } as const;

/** How a lock stands, and what came of the last wish. */
export function lockMessage({ state, last }: LockState): string {
  return JSON.stringify({
    state: lockWords[state],
    ...(last && { result: last.sentence, by: last.by, at: new Date(last.atMs).toISOString() }),
  });
}
