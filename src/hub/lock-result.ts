import { DoorwardError, messageOf } from "../util/errors.ts";
import type { OpeningAnswer } from "./openings.ts";

/** What came of it. */
export interface UnlockResult {
  readonly opened: boolean;
  /** For people. */
  readonly sentence: string;
  /** For programs: `opened`, `no-lock`, `offline`, `timeout`, `relay-host`, `legacy_station`, or what the station said. */
  readonly code: string;
  /** It was opened for somebody else, or by an earlier wish of this name. */
  readonly joined: boolean;
}

/** How a lock stands, as far as the hub knows. */
export interface LockState {
  readonly state: "locked" | "opening" | "open" | "failed";
  /** What came of the last wish. */
  readonly last?: { readonly by: string; readonly sentence: string; readonly atMs: number };
}

/** What went wrong, as an answer. */
export function failure(error: unknown): OpeningAnswer {
  const reason = error instanceof DoorwardError ? error.code : "error";
  return { status: "error", payload: { reason, sentence: messageOf(error) } };
}

/** What a station would have said. */
export function answerOf({ opened, code, sentence }: UnlockResult): OpeningAnswer {
  return opened ? { status: "ok", payload: {} } : { status: "error", payload: { reason: code, sentence } };
}

/** An answer for people and programs; `first` for whoever made it open. */
export function resultOf(
  { status, payload }: OpeningAnswer,
  { name, first }: { readonly name: string; readonly first: boolean },
): UnlockResult {
  const joined = !first;
  if (status === "ok") return { opened: true, sentence: `${name} is open`, code: "opened", joined };
  const code = String(payload["reason"] ?? "error").slice(0, 64);
  const why = String(payload["sentence"] ?? payload["reason"] ?? "no reason given").slice(0, 256);
  return { opened: false, sentence: `${name} was not opened: ${why}`, code, joined };
}
