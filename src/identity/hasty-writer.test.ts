import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Clock, ManualClock } from "../util/clock.ts";
import { HastyWriter } from "./hasty-writer.ts";
import { statement } from "./statement.ts";
import { DirectWriter, openConnection } from "./store-writer.ts";

async function rig(clock: Clock = new ManualClock()) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-hasty-"));
  const path = join(folder, "x.sqlite");
  const database = openConnection(path, { waitMs: 2500 });
  database.exec("CREATE TABLE said (word TEXT)");
  const direct = new DirectWriter(openConnection(path, { waitMs: 2500 }));
  const waited: string[] = [];
  const writer = new HastyWriter({
    path,
    clock,
    patient: {
      commit: async (batch) => {
        waited.push(...batch.flatMap((change) => change.map(({ values }) => String(values[0]))));
        if (database.isTransaction) database.exec("ROLLBACK");
        return direct.commit(batch);
      },
      close: () => direct.close(),
    },
  });
  return {
    database,
    waited,
    say: (word: string, durable?: boolean) =>
      writer.commit([[statement("INSERT INTO said VALUES (?)", word)]], durable === undefined ? {} : { durable }),
    said: () =>
      database
        .prepare("SELECT word FROM said")
        .all()
        .map(({ word }) => String(word)),
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe("what writes bookkeeping at once", () => {
  it("leaves to the patient one what has to outlive a power cut", async () => {
    await using one = await rig();
    assert.deepEqual(await one.say("note", false), [{ kind: "kept", rows: [1] }]);
    await one.say("change", true);
    await one.say("unsaid");
    assert.deepEqual(one.waited, ["change", "unsaid"]);
    assert.deepEqual(one.said(), ["note", "change", "unsaid"]);
  });

  it("waits for no other program's lock", async () => {
    await using one = await rig();
    await one.say("before", false);
    one.database.exec("BEGIN IMMEDIATE");
    await one.say("locked", false);
    await one.say("after", false);
    assert.deepEqual(one.waited, ["locked"]);
    assert.deepEqual(one.said(), ["before", "locked", "after"]);
  });

  it("gives a slow medium over for good", async () => {
    const clock = new ManualClock();
    let late = 0;
    await using one = await rig({ ...clock, nowUs: () => late++ * 21_000 } as unknown as Clock);
    for (const word of ["slow", "second", "third"]) await one.say(word, false);
    assert.deepEqual(one.waited, ["second", "third"]);
    assert.deepEqual(one.said(), ["slow", "second", "third"]);
  });

  it("lets the log be moved into the file now and then", async () => {
    await using one = await rig();
    for (let n = 1; n <= 512; n++) await one.say(`${n}`, false);
    assert.deepEqual(one.waited, ["256", "512"]);
    assert.equal(one.said().length, 512);
  });
});
