import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { statement } from "./statement.ts";
import { openConnection } from "./store-writer.ts";
import { ThreadWriter } from "./thread-writer.ts";

async function writer(clock: ManualClock) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-writer-"));
  const path = join(folder, "x.sqlite");
  const database = openConnection(path, { waitMs: 2500 });
  database.exec("CREATE TABLE said (word TEXT)");
  const thread = new ThreadWriter({ path, clock });
  return {
    say: (word: string) => thread.commit([[statement("INSERT INTO said VALUES (?)", word)]]),
    said: () =>
      database
        .prepare("SELECT word FROM said")
        .all()
        .map((row) => row["word"]),
    thread,
    [Symbol.asyncDispose]: async () => {
      await thread.close();
      database.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Threads of this process, as Linux tells them. */
const threads = () => readdirSync("/proc/self/task").length;

describe("the thread that writes", () => {
  it("ends when nothing was written for half a minute, and what comes then is kept by another", async (t) => {
    if (process.platform !== "linux") return t.skip("threads are counted in /proc");
    const clock = new ManualClock();
    await using one = await writer(clock);
    await one.say("first");
    const busy = threads();
    await clock.advance(29_000);
    await one.say("second");
    await clock.advance(29_000);
    assert.equal(threads(), busy);
    await clock.advance(1_000);
    await one.thread.close();
    assert.ok(threads() < busy);
    await one.say("third");
    assert.deepEqual(one.said(), ["first", "second", "third"]);
    return undefined;
  });

  it("loses nothing of what comes while it ends", async () => {
    const clock = new ManualClock();
    await using one = await writer(clock);
    await one.say("first");
    await clock.advance(30_000);
    await one.say("second");
    assert.deepEqual(one.said(), ["first", "second"]);
  });
});
