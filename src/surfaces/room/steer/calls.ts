import { parseRoomJson, type RoomCall, roomCallSchema, roomTopicOf } from "../../../protocols/room/topics.ts";
import type { Clock } from "../../../util/clock.ts";
import type { Log } from "../../../util/log.ts";
import { Seldom } from "../../../util/seldom.ts";
import type { MessageBus } from "../../bus.ts";

/** Options of {@link followCalls}. */
export interface CallsOptions {
  readonly bus: MessageBus;
  /** Rings whoever is called, by the name of the room; a sentence where that is nobody. */
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

/** Rings for calls that come over MQTT. One that the broker had kept, and one of a hub, is none. */
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
