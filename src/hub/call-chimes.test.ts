import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { HubDevice, HubTurns, TurnRequest } from "./api.ts";
import type { HubCalls, Ringer } from "./call-api.ts";
import { CallChimes } from "./call-chimes.ts";
import type { CallInfo } from "./call-info.ts";
import { Rings } from "./rings.ts";

const call: CallInfo = {
  id: "c1",
  from: { party: "device:door", name: "Front door", deviceId: "door" },
  to: [],
  state: "ringing",
  rung: [],
  participants: [],
  lock: false,
  startedMs: 0,
};

/** A kitchen whose loudspeaker plays what it is given, and who is told that it can be heard. */
function rig() {
  const clock = new ManualClock();
  const turns: { readonly request: TurnRequest; readonly done: PromiseWithResolvers<void>; cancelled: boolean }[] = [];
  const take: HubTurns["take"] = (request) => {
    const done = Promise.withResolvers<void>();
    const turn = { request, done, cancelled: false };
    turns.push(turn);
    request.onState({ state: "granted", hearing: [] });
    const cancel = () => {
      turn.cancelled = true;
      done.resolve();
    };
    return { done: done.promise, finish: () => {}, cancel, [Symbol.dispose]: cancel };
  };
  const rings = new Rings({
    turns: { take } as HubTurns,
    chimes: { get: () => ({ name: "doorbell" }), sound: () => ({ live: false }) } as never,
    reached: () => ["kitchen"],
    clock,
    log: silentLog,
  });
  const ringers = new Set<Ringer>();
  const confirmed: string[] = [];
  const calls = {
    confirm: (id: string, party: string) => confirmed.push(`${id} ${party}`),
    addRinger: (ringer: Ringer) => {
      ringers.add(ringer);
      return { [Symbol.dispose]: () => ringers.delete(ringer) };
    },
  } as unknown as HubCalls;
  const chimes = new CallChimes({ calls, rings, clock, log: silentLog });
  const kitchen = { id: "kitchen", name: "Kitchen", settings: { enabled: true }, speaker: {} } as unknown as HubDevice;
  return { clock, turns, ringers, confirmed, chimes, kitchen };
}

test("a device with a loudspeaker rings again and again, says so once it is heard, and is silent at once", async () => {
  const { clock, turns, ringers, confirmed, chimes, kitchen } = rig();
  chimes.follow(kitchen.id, kitchen);
  const [ringer] = ringers;
  ringer?.ring(call);
  assert.deepEqual(turns[0]?.request.to, ["device:kitchen"]);
  turns[0]?.request.onHearing?.([{ deviceId: "kitchen", state: "connecting" }]);
  assert.deepEqual(confirmed, []);
  turns[0]?.request.onHearing?.([{ deviceId: "kitchen", state: "playing" }]);
  assert.deepEqual(confirmed, ["c1 device:kitchen"]);
  turns[0]?.done.resolve();
  await clock.advance(2500);
  assert.equal(turns.length, 2);
  ringer?.stop(call, "answered");
  assert.equal(turns[1]?.cancelled, true);
  await clock.advance(60_000);
  assert.deepEqual([turns.length, clock.pending], [2, 0]);
});

test("one that comes, goes, or has its loudspeaker no more can be rung, or not", () => {
  const { ringers, chimes, kitchen } = rig();
  const deaf = { id: "camera", name: "Camera", settings: { enabled: true } } as unknown as HubDevice;
  chimes.follow(kitchen.id, kitchen);
  chimes.follow(deaf.id, deaf);
  assert.deepEqual(
    [...ringers].map(({ party }) => party),
    ["device:kitchen"],
  );
  chimes.follow(kitchen.id, undefined);
  assert.equal(ringers.size, 0);
});
