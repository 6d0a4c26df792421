import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../identity/store.ts";
import { ManualClock } from "../util/clock.ts";
import { CallHistory } from "./call-history.ts";
import type { CallInfo } from "./call-info.ts";
import { CallTimes } from "./call-times.ts";

const ringing: CallInfo = {
  id: "c1",
  from: { party: "device:door", name: "Front door", deviceId: "door" },
  to: [],
  state: "ringing",
  rung: [{ party: "person:a", name: "Anna", state: "told" }],
  participants: [{ party: "device:door", name: "Front door", deviceId: "door" }],
  lock: false,
  startedMs: 1000,
};

test("a call is kept as it stood last, newest first, with its picture", async () => {
  await using store = openStore({ path: ":memory:" });
  const history = new CallHistory(store);
  history.follow({ call: ringing, change: "ringing" });
  history.addSnapshot("c1", Uint8Array.of(0xff, 0xd8));
  history.addSnapshot("c1", new Uint8Array(300_000));
  const missed: CallInfo = { ...ringing, state: "ended", participants: [], endReason: "missed", endedMs: 46_000 };
  history.follow({ call: missed, change: "missed" });
  history.follow({ call: { ...ringing, id: "c2", startedMs: 2000 }, change: "ringing" });
  await store.settled();
  assert.deepEqual(
    history.list({ limit: 10 }).map(({ call, hasSnapshot }) => [call.id, call.endReason, hasSnapshot]),
    [
      ["c2", undefined, false],
      ["c1", "missed", true],
    ],
  );
  assert.deepEqual(history.list({ limit: 10, before: 2000 })[0]?.call, missed);
  assert.deepEqual([...(history.snapshot("c1") ?? [])], [0xff, 0xd8]);
  assert.deepEqual([history.get("c3"), history.snapshot("c3")], [undefined, undefined]);
});

test("what a crash left running is over after the next start, and says why", async () => {
  await using store = openStore({ path: ":memory:" });
  new CallHistory(store).follow({ call: ringing, change: "ringing" });
  await store.settled();
  const history = new CallHistory(store);
  assert.deepEqual(
    history.endLeftovers(9000).map(({ id }) => id),
    ["c1"],
  );
  await store.settled();
  const { state, endReason, endedMs, participants } = history.get("c1")?.call ?? ringing;
  assert.deepEqual([state, endReason, endedMs, participants], ["ended", "restarted", 9000, []]);
  assert.deepEqual(history.endLeftovers(9000), []);
});

test("the first live picture is timed from the ring, and from the answer unless it was there before", async () => {
  const clock = new ManualClock();
  const times = new CallTimes(clock);
  const answered = { ...ringing, state: "answered" } as const;
  const seen = () => (["ring_to_picture", "answer_to_picture"] as const).map((name) => times.histogram(name).sumS);
  times.picture("c1");
  times.follow({ call: ringing, change: "ringing" });
  await clock.advance(400);
  times.picture("c1");
  times.picture("c1");
  times.follow({ call: answered, change: "answered" });
  assert.deepEqual(seen(), [0.4, 0]);
  times.follow({ call: { ...ringing, id: "c2" }, change: "ringing" });
  await clock.advance(1000);
  times.follow({ call: { ...answered, id: "c2" }, change: "answered" });
  await clock.advance(250);
  times.picture("c2");
  assert.deepEqual(seen(), [1.65, 0.25]);
  assert.equal(times.histogram("answer_to_picture").count, 2);
});

test("ring, answer and first word are timed, each once, and ends are counted by reason", async () => {
  const clock = new ManualClock();
  const times = new CallTimes(clock);
  times.firstWord("c1");
  times.follow({ call: ringing, change: "ringing" });
  await clock.advance(80);
  times.follow({ call: ringing, change: "confirmed" });
  times.follow({ call: ringing, change: "confirmed" });
  await clock.advance(2920);
  times.follow({ call: { ...ringing, state: "answered" }, change: "answered" });
  await clock.advance(250);
  times.firstWord("c1");
  times.firstWord("c1");
  times.follow({ call: { ...ringing, state: "ended", endReason: "ended" }, change: "ended" });
  const [confirmed, answered, word] = (["ring_to_confirmed", "ring_to_answer", "answer_to_first_word"] as const).map(
    (name) => times.histogram(name),
  );
  assert.deepEqual([confirmed?.count, answered?.sumS, word?.sumS], [1, 3, 0.25]);
  assert.deepEqual(confirmed?.counts.slice(0, 3), [0, 1, 1]);
  assert.equal(times.ends.get("ended"), 1);
});
