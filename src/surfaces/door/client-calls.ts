import type { CallEvent, CallResult, HubCalls } from "../../hub/call-api.ts";
import type { CallInfo, CallParty } from "../../hub/call-info.ts";
import type { FromHub, ToHub } from "../../protocols/door/messages.ts";
import { WireError } from "../../util/errors.ts";
import type { HouseClient } from "./client-house.ts";

/** Options of {@link ClientCalls}. */
export interface ClientCallsOptions {
  readonly calls: HubCalls;
  readonly client: HouseClient;
  /** May it answer this call? */
  readonly mayAnswer: (call: CallInfo) => boolean;
  /** True while a station's press is passed on: what it said of it is told then. */
  readonly isPressing: () => boolean;
}

/** A ring is remembered as told to a client for so many calls. */
const maxTold = 32;

/**
 * The calls of one client while it is connected: it is told of a ring once, rings as `client:<its id>`, and answers with
 * its first sound to the station that rings, or by `call` where it announced that.
 */
export class ClientCalls implements Disposable {
  readonly #told = new Set<string>();
  readonly #held = new DisposableStack();
  readonly #options: ClientCallsOptions;

  constructor(options: ClientCallsOptions) {
    this.#options = options;
    const { calls, mayAnswer, isPressing } = options;
    this.#held.use(calls.onChange((event) => this.#changed(event)));
    // A ring is told when it happens, and not again to whoever connects later: programs would take it for another.
    let isNew = true;
    const ring = (call: CallInfo) => {
      if (!isNew && !isPressing()) this.tell(call, {});
    };
    this.#held.use(calls.addRinger({ ...this.#party, mayAnswer, ring, stop: () => {} }));
    isNew = false;
    for (const call of calls.list()) {
      if (call.state !== "ended") this.#changed({ call, change: call.state });
    }
  }

  /** Tells of a ring what the station said of it, unless this client knows of the call. */
  tell(call: CallInfo, payload: Readonly<Record<string, unknown>>, event = "ring"): void {
    if (call.state !== "ringing" || this.#told.has(call.id) || call.from.party === this.#party.party) return;
    this.#told.add(call.id);
    const [oldest] = this.#told;
    if (this.#told.size > maxTold && oldest !== undefined) this.#told.delete(oldest);
    const { deviceId = call.from.party, bell } = call.from;
    const about = Object.keys(payload).length > 0 || bell === undefined ? payload : { bell };
    this.#options.client.event(deviceId, { type: "event", event, payload: about });
    // An older program says nothing of it: that it was told is all that can be known.
    if (!this.#options.client.connection.features.has("calls")) this.#options.calls.confirm(call.id, this.#party.party);
  }

  /** It has sound with this station now: whoever speaks with a visitor has answered. */
  spokenWith(stationId: string): void {
    const { calls, client, mayAnswer } = this.#options;
    const call = calls.list().find(({ from }) => from.deviceId === stationId);
    if (!call || !client.may("talk", stationId) || !mayAnswer(call) || this.#takesPart(call)) return;
    if (call.state === "ringing") calls.answer(call.id, this.#party);
    else calls.join(call.id, this.#party);
  }

  /**
   * It does not want the call that rings for it, of the station that it names or of the one that it was told of last. Undefined
   * when none does.
   */
  declined(of: { readonly station: string | undefined; readonly reply: unknown }): CallInfo | undefined {
    const { calls, client, mayAnswer } = this.#options;
    const ringing = calls.list().filter((call) => call.state === "ringing" && mayAnswer(call));
    const meant = of.station ?? client.toldOf;
    const call = ringing.findLast(({ from }) => from.deviceId === meant) ?? (of.station ? undefined : ringing.at(-1));
    if (!call) return undefined;
    const reply = typeof of.reply === "string" && of.reply.trim() !== "" ? of.reply.slice(0, 300) : undefined;
    const { state, call: after } = calls.decline(call.id, this.#party, { reply });
    return state === "done" ? after : undefined;
  }

  /** Its sound with this station is over. */
  left(stationId: string): void {
    const { calls } = this.#options;
    for (const call of calls.list()) {
      if (call.from.deviceId === stationId && call.state === "answered" && this.#takesPart(call)) {
        calls.end(call.id, this.#party);
      }
    }
  }

  /** What it says of a call. Throws WireError `call_refused`. */
  receive({ call_id: id, action, reply }: ToHub<"call">): void {
    const { calls, mayAnswer } = this.#options;
    const call = calls.get(id);
    if (!call || !(mayAnswer(call) || this.#takesPart(call))) throw refused(id, { state: "refused", reason: "over" });
    if (action === "ringing") {
      calls.confirm(id, this.#party.party);
      return;
    }
    const result = this.#do(action, { id, reply });
    if (result.state === "refused") throw refused(id, result);
  }

  /** The client is gone: what it took part in goes on without it, or ends. */
  [Symbol.dispose](): void {
    const { calls } = this.#options;
    this.#held.dispose();
    for (const call of calls.list()) if (this.#takesPart(call)) calls.end(call.id, this.#party);
  }

  get #party(): CallParty {
    const { clientId, name } = this.#options.client;
    return { party: `client:${clientId}`, name };
  }

  #do(
    action: "answer" | "decline" | "end",
    { id, reply }: { readonly id: string; readonly reply: string | undefined },
  ): CallResult {
    const { calls } = this.#options;
    if (action === "answer") return calls.answer(id, this.#party);
    if (action === "decline") return calls.decline(id, this.#party, { reply });
    return calls.end(id, this.#party);
  }

  #takesPart({ participants }: CallInfo): boolean {
    return participants.some(({ party }) => party === this.#party.party);
  }

  #changed({ call, change, by, reason }: CallEvent): void {
    const { client, mayAnswer } = this.#options;
    if (!client.connection.features.has("calls") || !(mayAnswer(call) || this.#takesPart(call))) return;
    if (change === "rung" || change === "confirmed") return;
    const { id, state, from, lock } = call;
    const message: FromHub<"call"> = { type: "call", call_id: id, change, state, name: from.name, lock };
    client.connection.say({
      ...message,
      ...(from.deviceId !== undefined && { station: from.deviceId }),
      ...(from.bell !== undefined && { bell: from.bell }),
      ...(by && { by: by.name }),
      ...(reason !== undefined && { reason }),
    });
  }
}

function refused(id: string, { reason, by }: CallResult): WireError {
  const details = { call_id: id, why: reason ?? "over", ...(by && { by: by.name }) };
  return new WireError(`the call is not there for that: ${details.why}`, { code: "call_refused", fields: details });
}
