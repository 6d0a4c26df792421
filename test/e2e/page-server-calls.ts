import type { CallView, PastCall } from "../../web/src/api.ts";

/** What a scripted hub answers about calls. */
export interface ScriptedCalls {
  readonly running: CallView[];
  /** The history, newest first. */
  calls: PastCall[];
  /** Who is there and can be called, or why not. */
  callable: object[];
  /** What was asked of calls: `answer c1`. */
  readonly asked: string[];
}

/** A picture of somebody before a door. */
const visitor = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" fill="#7d8b96"/><circle cx="80" cy="38" r="16" fill="#d9b48f"/><path d="M48 90c0-24 14-34 32-34s32 10 32 34" fill="#334"/></svg>`;

/** Answers what is about calls, by `METHOD /path` with `:id` in place of an id; undefined for anything else. */
export function callsApi(
  call: string,
  {
    calls,
    id,
    act,
    raw,
  }: { readonly calls: ScriptedCalls; readonly id: string; readonly act: string; readonly raw: string },
): unknown {
  const [, device, wish] = /^POST \/api\/v1\/devices\/([^/]+)\/(unlock|ring\/unmute)$/.exec(raw) ?? [];
  if (device) {
    calls.asked.push(`${wish} ${device}`);
    return wish === "unlock" ? { state: "opened", sentence: "The door was opened." } : {};
  }
  switch (call) {
    case "GET /api/v1/calls":
      return { running: calls.running, calls: calls.calls, replies: ["I am coming.", "Please leave it at the door."] };
    case "GET /api/v1/calls/:id":
      return calls.calls.find((one) => one.id === id);
    case "GET /api/v1/calls/:id/snapshot":
      return visitor;
    case "POST /api/v1/calls/:id/answer":
    case "POST /api/v1/calls/:id/decline":
    case "POST /api/v1/calls/:id/end": {
      calls.asked.push(`${act} ${id}`);
      const found = calls.running.find((one) => one.id === id);
      return found && { ...found, state: act === "answer" ? "answered" : "ended" };
    }
    case "POST /api/v1/calls":
      calls.asked.push("call");
      return { id: "made" };
    case "POST /api/v1/push":
      calls.asked.push("push");
      return { id: "p1", name: "Phone", addedMs: Date.now() };
    case "POST /api/v1/push/:id/test":
      calls.asked.push("push test");
      return { state: "taken" };
    case "GET /api/v1/callable":
      return { present: [], callable: calls.callable };
    case "PATCH /api/v1/ringing":
      return { doNotDisturb: true, quiet: [] };
    case "GET /api/v1/ringing":
      return { doNotDisturb: false, quiet: [{ from: "22:00", to: "07:00" }] };
    case "GET /api/v1/push":
      return { available: true, key: "", subscriptions: [{ id: "p1", name: "Phone", addedMs: Date.now() }] };
    default:
      return undefined;
  }
}
