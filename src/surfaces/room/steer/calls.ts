import type { HubCalls } from "../../../hub/call-api.ts";
import { parseRoomJson, type RoomCall, roomCallSchema, roomTopicOf } from "../../../protocols/room/topics.ts";
import type { Clock } from "../../../util/clock.ts";
import type { Log } from "../../../util/log.ts";
import { Seldom } from "../../../util/seldom.ts";
import type { MessageBus } from "../../bus.ts";

/** Options of {@link followCalls}. */
export interface CallsOptions {
  readonly bus: MessageBus;
  /** Calls or rings whoever is meant, by the name of the room; a sentence where that is nobody. */
  readonly ring: (call: RoomCall) => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What hubs write into their calls, so that no hub answers another's. */
const ownSource = "hub";
/** Somebody who presses again and again rings once. */
const againMs = 1000;
const sayEveryMs = 60_000;
/** More calls of all within {@link againMs} are no calls. */
const maxCalls = 8;

/** Passes on calls that come over MQTT. One that the broker had kept, and one of a hub, is none. */
export function followCalls({ bus, ring, clock, log }: CallsOptions): Disposable {
  const held = new DisposableStack();
  const recent = new Map<string, Disposable>();
  const seldom = new Seldom({ clock, everyMs: sayEveryMs });
  held.use(
    bus.onCommand(roomTopicOf({ kind: "call" }), ({ payload }) => {
      const call = parseRoomJson(payload, roomCallSchema);
      if (!call || call.source === ownSource) return;
      const key = `${call.caller}\n${call.target}`.toLowerCase();
      if (recent.has(key) || recent.size >= maxCalls) return;
      recent.set(
        key,
        clock.timer(againMs, () => recent.delete(key)),
      );
      const refusal = ring(call);
      if (refusal === undefined) return;
      const { target, caller } = call;
      if (seldom.isNews(key)) log.warn({ target, caller }, `MQTT: ${caller} calls ${target}: ${refusal}`);
    }),
  );
  held.defer(() => {
    for (const timer of recent.values()) timer[Symbol.dispose]();
  });
  return held;
}

/** Tells stations of a call that the hub makes: they ring by themselves, with what they hear of us or their own beep. */
export function tellCall(bus: MessageBus, call: Omit<RoomCall, "source">): boolean {
  return bus.command(roomTopicOf({ kind: "call" }), JSON.stringify({ ...call, source: ownSource }));
}

/** Options of {@link tellCalls}. */
export interface TellCallsOptions {
  readonly bus: MessageBus;
  readonly calls: Pick<HubCalls, "onChange">;
  /** What the room of a station is called, by its device; undefined for what is no station, or is not there. */
  readonly roomOf: (deviceId: string) => string | undefined;
  /** True for a call that came over MQTT: all have heard of it. */
  readonly isTold?: (callId: string) => boolean;
}

/** Shows stations who calls them, once for each call: the ringing itself is the hub's. */
export function tellCalls({ bus, calls, roomOf, isTold }: TellCallsOptions): Disposable {
  const told = new Map<string, Set<string>>();
  return calls.onChange(({ call }) => {
    if (call.state === "ended") told.delete(call.id);
    if (call.state !== "ringing" || isTold?.(call.id)) return;
    const already = told.get(call.id) ?? new Set();
    told.set(call.id, already);
    for (const { deviceId, state } of call.rung) {
      if (deviceId === undefined || (state !== "told" && state !== "ringing") || already.has(deviceId)) continue;
      const target = roomOf(deviceId);
      if (target === undefined) continue;
      already.add(deviceId);
      tellCall(bus, { target, caller: call.from.name.slice(0, 64) });
    }
  });
}
