import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

/**
 * A supervisor over a child that does the next thing of a list at each start, as `up` (says so) or `memory` (what it was
 * told of that), and then its end: a number to exit with, `SIGKILL`, or `wait` until it is told to stop.
 */
function supervised(steps: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "doorward-supervise-"));
  const starts = join(folder, "starts");
  writeFileSync(starts, "");
  writeFileSync(
    join(folder, "child.mjs"),
    `import { appendFileSync, readFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(starts)}, "x");
     const step = ${JSON.stringify(steps)}[readFileSync(${JSON.stringify(starts)}, "utf8").length - 1];
     const [first, last] = step.split(" ").length === 2 ? step.split(" ") : ["", step];
     const end = () => {
       if (last === "wait") console.log("waiting " + process.pid);
       else if (last === "SIGKILL") process.kill(process.pid, last);
       else process.exit(Number(last));
     };
     process.on("message", (message) => message === "stop" && process.exit(0));
     process.on("disconnect", () => { console.log("orphan ends"); process.exit(0); });
     for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(99));
     if (first === "memory") console.log("memory", process.env.MALLOC_ARENA_MAX, process.env.MALLOC_MMAP_THRESHOLD_);
     if (first === "up") process.send("up", end); else end();`,
  );
  const module = new URL("../bin/supervise.mjs", import.meta.url).href;
  writeFileSync(
    join(folder, "parent.mjs"),
    `import { supervise } from ${JSON.stringify(module)};
     process.exit(await supervise([process.execPath, ${JSON.stringify(join(folder, "child.mjs"))}], { firstDelayMs: 10 }));`,
  );
  const parent = spawn(process.execPath, [join(folder, "parent.mjs")], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const heard = Promise.withResolvers<number>();
  const closed = once(parent, "close");
  for (const stream of [parent.stdout, parent.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk;
      const pid = /waiting (\d+)/.exec(said)?.[1];
      if (pid) heard.resolve(Number(pid));
    });
  }
  return {
    parent,
    waiting: heard.promise,
    end: async () => {
      const [code] = await closed;
      return { code: code as number | null, starts: readFileSync(starts, "utf8").length, said };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

describe("the supervisor of npm start", () => {
  it("starts again what crashed, and ends with the code of what ended as asked", async () => {
    using run = supervised(["up SIGKILL", "up 70", "75", "0"]);
    const { code, starts, said } = await run.end();
    assert.equal(code, 0);
    assert.equal(starts, 4);
    assert.match(said, /the hub ended \(SIGKILL\); it is started again in 0\.01 s/);
    assert.match(said, /the hub ended \(exit code 70\)/);
  });

  it("lets its child give freed memory back", async () => {
    using run = supervised(["memory 0"]);
    assert.match((await run.end()).said, /^memory 1 32768$/m);
  });

  it("waits longer after each crash", async () => {
    using run = supervised(["up 70", "up 70", "up 70", "0"]);
    const waits = [...(await run.end()).said.matchAll(/again in ([\d.]+) s/g)].map(([, seconds]) => Number(seconds));
    assert.deepEqual(waits, [0.01, 0.02, 0.04]);
  });

  it("does not start again what a person has to mend", async () => {
    for (const code of [1, 2, 130]) {
      using run = supervised([`${code}`]);
      const end = await run.end();
      assert.deepEqual([end.code, end.starts, end.said], [code, 1, ""]);
    }
  });

  it("gives up on what was never up, with its code", async () => {
    using run = supervised(["70", "70", "70", "70", "70", "0"]);
    const { code, starts, said } = await run.end();
    assert.deepEqual([code, starts], [70, 5]);
    assert.match(said, /ended 5 times before it was up/);
  });

  it("hands on the wish to end, so that the child ends cleanly", async () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      using run = supervised(["up wait"]);
      await run.waiting;
      run.parent.kill(signal);
      const { code, starts } = await run.end();
      assert.deepEqual([code, starts], [0, 1], signal);
    }
  });

  it("takes its child along when it is killed", async () => {
    using run = supervised(["up wait"]);
    await run.waiting;
    run.parent.kill("SIGKILL");
    // The pipe closes when the child has gone as well.
    assert.match((await run.end()).said, /orphan ends/);
  });
});
