import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { childModule, WorkerProcess } from "./process.ts";

type ToChild = { readonly say: Uint8Array } | { readonly die: number };
interface FromChild {
  readonly said: Uint8Array;
}

const children = new URL("../../test/workers/", import.meta.url);

function echo(name = "echo") {
  const clock = new ManualClock();
  const heard: Uint8Array[] = [];
  let wake = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<string>();
  const worker = new WorkerProcess<ToChild, FromChild>({
    name: "echo",
    module: childModule(name, new URL("this.ts", children).href),
    clock,
    log: silentLog,
    idleMs: 1000,
    onMessage: ({ said }) => {
      heard.push(said);
      wake.resolve();
    },
    onLost: lost.resolve,
  });
  const next = async () => {
    if (heard.length === 0) await wake.promise;
    wake = Promise.withResolvers();
    return heard.shift();
  };
  return { worker, clock, next, lost: lost.promise };
}

/** Resolves when no such process runs any more; one that nobody has buried yet does not run. */
async function gone(pid: number): Promise<void> {
  const running = () => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      return false;
    }
  };
  while (running()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("a worker process", () => {
  it("starts with the first lease and passes bytes both ways", async () => {
    const { worker, next } = echo();
    await using _ = worker;
    assert.equal(worker.pid, undefined);
    assert.equal(worker.post({ say: new Uint8Array(1) }), false);
    using lease = await worker.lease();
    assert.ok(worker.pid !== undefined && lease);
    const sent = Promise.withResolvers<void>();
    assert.equal(worker.post({ say: Uint8Array.of(1, 2, 3) }, sent.resolve), true);
    assert.deepEqual(new Uint8Array((await next())!), Uint8Array.of(1, 2, 3));
    await sent.promise;
  });

  it("says that it was lost, and starts again at the next lease", async () => {
    const { worker, lost, next } = echo();
    await using _ = worker;
    using _first = await worker.lease();
    const { pid } = worker;
    worker.post({ die: 7 });
    assert.equal(await lost, "exit code 7");
    assert.equal(worker.pid, undefined);
    using _second = await worker.lease();
    assert.notEqual(worker.pid, pid);
    worker.post({ say: Uint8Array.of(9) });
    assert.deepEqual(new Uint8Array((await next())!), Uint8Array.of(9));
  });

  it("says which signal killed it", async () => {
    const { worker, lost } = echo();
    await using _ = worker;
    using _lease = await worker.lease();
    process.kill(worker.pid!, "SIGKILL");
    assert.equal(await lost, "SIGKILL");
  });

  it("ends when nobody has leased it for a while, and not before", async () => {
    const { worker, clock } = echo();
    await using _ = worker;
    const lease = await worker.lease();
    const pid = worker.pid!;
    await clock.advance(5000);
    assert.equal(worker.pid, pid);
    lease[Symbol.dispose]();
    await clock.advance(999);
    assert.equal(worker.pid, pid);
    using again = await worker.lease();
    await clock.advance(5000);
    assert.equal(worker.pid, pid);
    again[Symbol.dispose]();
    await clock.advance(1000);
    assert.equal(worker.pid, undefined);
    await gone(pid);
  });

  it("tells whoever leases it that it cannot start", async () => {
    const { worker } = echo("broken");
    await using _ = worker;
    await assert.rejects(worker.lease(), { code: "worker-start" });
    await assert.rejects(worker.lease(), { code: "worker-start" });
  });

  it("leaves nothing behind when it is disposed", async () => {
    const { worker, clock } = echo();
    using _ = await worker.lease();
    const pid = worker.pid!;
    await worker[Symbol.asyncDispose]();
    await gone(pid);
    assert.equal(clock.pending, 0);
    await assert.rejects(worker.lease(), { code: "worker-closed" });
  });

  it("starts nothing for a lease that was still waiting when it was disposed", async () => {
    const { worker } = echo();
    const lease = worker.lease();
    lease.catch(() => {});
    await worker[Symbol.asyncDispose]();
    await assert.rejects(lease, { code: "worker-closed" });
    assert.equal(worker.pid, undefined);
  });

  it("does not outlive its parent", async () => {
    const parent = fork(new URL("parent.ts", children), { execArgv: [] });
    const [pid] = (await once(parent, "message")) as [number];
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await gone(pid);
  });
});

describe("a worker process that was taken over", () => {
  it("gets at no file of the hub, starts nothing, and does not know the hub's key", async () => {
    const folder = mkdtempSync(join(tmpdir(), "doorward-worker-"));
    const secret = join(folder, "key");
    writeFileSync(secret, "canary");
    process.env["DOORWARD_KEY"] = "canary";
    const answer = Promise.withResolvers<Record<string, string>>();
    await using worker = new WorkerProcess<{ readonly secret: string }, { readonly got: Record<string, string> }>({
      name: "curious",
      module: childModule("curious", new URL("this.ts", children).href),
      clock: new ManualClock(),
      log: silentLog,
      onMessage: ({ got }) => answer.resolve(got),
    });
    try {
      using _lease = await worker.lease();
      worker.post({ secret });
      const denied = "ERR_ACCESS_DENIED";
      const expected = { read: denied, write: denied, spawn: denied, thread: denied, environment: "nothing" };
      assert.deepEqual(await answer.promise, expected);
      const environ = readFileSync(`/proc/${worker.pid}/environ`, "utf8");
      assert.ok(!environ.includes("canary"));
    } finally {
      delete process.env["DOORWARD_KEY"];
      rmSync(folder, { recursive: true });
    }
  });
});
