import assert from "node:assert/strict";
import { test } from "node:test";
import { type LoggedDevice, TalkLog } from "./talk-log.ts";

const held = (id: string, turnId?: string, name = "Anna"): LoggedDevice =>
  ({
    id,
    speaker: { holder: turnId === undefined ? undefined : { turnId, name, priority: 0, sinceMs: 1000 } },
  }) as unknown as LoggedDevice;

test("a talk to several is one line, with all that it reached and its end", () => {
  const log = new TalkLog();
  log.see([held("hall", "t1"), held("yard")], 1000);
  log.see([held("hall", "t1"), held("yard", "t1")], 2000);
  assert.equal(log.talks[0]?.untilMs, undefined, "it lasts");
  log.see([held("hall"), held("yard")], 8000);
  log.see([held("hall"), held("yard")], 9000);
  const [talk, ...others] = log.talks;
  assert.deepEqual(others, []);
  assert.deepEqual(talk?.deviceIds, ["hall", "yard"]);
  assert.equal(talk?.untilMs, 8000);
});

test("the newest stands first, and old ones are forgotten", () => {
  const log = new TalkLog();
  for (let turn = 0; turn < 60; turn++) log.see([held("hall", `t${turn}`)], turn);
  assert.equal(log.talks.length, 50);
  assert.equal(log.talks[0]?.turnId, "t59");
});

test("who heard this page is noted at its own talk only", () => {
  const log = new TalkLog();
  log.see([held("hall", "t1", "Ben"), held("yard", "t2")], 1000);
  const heard = [{ deviceId: "yard", state: "playing" }] as const;
  log.said({ name: "Anna", sinceMs: 1200, heard });
  assert.deepEqual(
    log.talks.map((talk) => [talk.name, talk.heard?.length]),
    [
      ["Ben", undefined],
      ["Anna", 1],
    ],
  );
  log.said({ name: "Anna", sinceMs: 90_000, heard: [] });
  assert.equal(log.talks[1]?.heard?.length, 1);
});
