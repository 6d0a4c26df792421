import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { Change, Outcome } from "./statement.ts";
import { statement } from "./statement.ts";
import type { StoreWriter } from "./store-writer.ts";
import { maxNotes, type StoreHealth, WriteQueue } from "./write-queue.ts";

const full = () => Object.assign(new Error("database or disk is full"), { errcode: 13 });
const change = (text: string): Change => [statement(text)];

/** A writer that keeps what it is given, fails while `broken`, and hangs while `held`. */
function rig(options: { readonly gatherMs?: number } = {}) {
  const clock = new ManualClock();
  const batches: string[][] = [];
  const durable: (boolean | undefined)[] = [];
  const health: StoreHealth[] = [];
  const state: { broken: boolean; held: Promise<void> | undefined } = { broken: false, held: undefined };
  const writer: StoreWriter = {
    commit: async (batch, how) => {
      durable.push(how?.durable);
      await state.held;
      if (state.broken) throw full();
      batches.push(batch.map(([first]) => first?.sql ?? ""));
      return batch.map((): Outcome => ({ kind: "kept", rows: [1] }));
    },
    close: async () => {},
  };
  const onHealth = (now: StoreHealth) => void health.push(now);
  const queue = new WriteQueue({ writer, clock, log: silentLog, gatherMs: options.gatherMs ?? 100, onHealth });
  return { clock, batches, durable, health, state, queue, kept: () => batches.flat() };
}

describe("write queue", () => {
  it("writes what came while it was writing with one wait for the disk", async () => {
    const { queue, batches, state } = rig();
    const hold = Promise.withResolvers<void>();
    state.held = hold.promise;
    const all = ["a", "b", "c", "d"].map((text) => queue.write(change(text)));
    hold.resolve();
    await Promise.all(all);
    assert.deepEqual(batches, [["a"], ["b", "c", "d"]]);
  });

  it("gathers notes, and takes them along with what somebody waits for", async () => {
    const { queue, batches, clock } = rig();
    queue.note(change("n1"));
    queue.note(change("n2"));
    await clock.advance(99);
    assert.deepEqual(batches, []);
    await clock.advance(1);
    assert.deepEqual(batches, [["n1", "n2"]]);
    queue.note(change("n3"));
    await queue.write(change("w"));
    assert.deepEqual(batches.at(-1), ["w", "n3"]);
  });

  it("tells apart what a power cut may take from what it may not", async () => {
    const { queue, durable, clock } = rig();
    queue.note(change("n1"));
    await clock.advance(100);
    queue.note(change("n2"));
    await queue.write(change("w"));
    queue.note(change("n3"));
    const insisted = queue.insist(change("i"), "i");
    await clock.advance(100);
    await insisted;
    assert.deepEqual(durable, [false, true, true]);
  });

  it("refuses what somebody waits for at once while the disk is full, and keeps notes for later", async () => {
    const { queue, state, health, clock, kept } = rig();
    state.broken = true;
    queue.note(change("note"));
    await assert.rejects(queue.write(change("w")), { code: "store", kind: "full", message: /disk is full/ });
    assert.equal(queue.health.fault?.kind, "full");
    assert.equal(queue.health.waiting, 1);
    state.broken = false;
    await clock.advance(5000);
    assert.deepEqual(kept(), ["note"]);
    assert.deepEqual(
      health.map(({ fault }) => fault?.kind),
      ["full", undefined],
    );
  });

  it("finds out by itself that writing works again, when nothing waits", async () => {
    const { queue, state, clock } = rig();
    state.broken = true;
    await assert.rejects(queue.write(change("w")));
    await clock.advance(60_000);
    assert.equal(queue.health.fault?.kind, "full");
    assert.ok(queue.health.failures > 10);
    state.broken = false;
    await clock.advance(5000);
    assert.equal(queue.health.fault, undefined);
  });

  it("bounds notes, counts the lost ones, and never throws", async () => {
    const { queue, state, clock, kept } = rig();
    state.broken = true;
    for (let n = 0; n < maxNotes + 7; n++) queue.note(change(`n${n}`));
    for (let n = 0; n < 100; n++) queue.note(change(`seen${n}`), "seen");
    assert.equal(queue.health.waiting, maxNotes);
    assert.equal(queue.health.lost, 107);
    state.broken = false;
    await clock.advance(60_000);
    assert.equal(kept().length, maxNotes);
  });

  it("writes only the newest of notes with one key", async () => {
    const { queue, clock, kept } = rig();
    queue.note(change("seen 1"), "seen");
    queue.note(change("seen 2"), "seen");
    await clock.advance(100);
    assert.deepEqual(kept(), ["seen 2"]);
  });

  it("insists: says at once that it could not be written, and writes it when it can", async () => {
    const { queue, state, clock, kept } = rig();
    assert.equal(await queue.insist(change("one"), "1"), true);
    state.broken = true;
    assert.equal(await queue.insist(change("two"), "2"), false);
    state.broken = false;
    await clock.advance(5000);
    assert.deepEqual(kept(), ["one", "two"]);
  });

  it("tells of a disk that does not answer, and lets nobody wait for ever", async () => {
    const { queue, state, clock } = rig();
    const hold = Promise.withResolvers<void>();
    state.held = hold.promise;
    const waits = assert.rejects(queue.write(change("w")), { kind: "silent" });
    const insisted = queue.insist(change("i"), "i");
    await clock.advance(3000);
    assert.equal(await insisted, false);
    assert.equal(queue.health.fault?.kind, "silent");
    await clock.advance(9000);
    await waits;
    hold.resolve();
    await clock.advance(5000);
    assert.equal(queue.health.fault, undefined);
  });

  it("writes what waits when it ends, and does not hang on a disk that fails", async () => {
    const good = rig();
    good.queue.note(change("last"));
    await good.queue.close();
    assert.deepEqual(good.kept(), ["last"]);
    const bad = rig();
    bad.state.broken = true;
    bad.queue.note(change("last"));
    await bad.queue.close();
    await assert.rejects(bad.queue.write(change("late")), { code: "store" });
  });
});
