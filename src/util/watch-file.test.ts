import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { watch } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock, systemClock } from "./clock.ts";
import { watchFile } from "./watch-file.ts";

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "doorward-watch-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

/** A stop that ends with the test. */
function stopper() {
  const stop = new AbortController();
  return { signal: stop.signal, [Symbol.dispose]: () => stop.abort() };
}

describe("watching a file", () => {
  it("sees it replaced through a symbolic link", async () => {
    await using at = await folder();
    using stop = stopper();
    await mkdir(join(at.path, "real"));
    await writeFile(join(at.path, "real", "a"), "one");
    await symlink(join("real", "a"), join(at.path, "link"));
    const changed = Promise.withResolvers<void>();
    let armed = Promise.withResolvers<void>();
    const { watch: nodeWatch } = await import("node:fs");
    let count = 0;
    const counted = ((...parts: Parameters<typeof watch>) => {
      if (++count === 2) armed.resolve();
      return nodeWatch(...parts);
    }) as typeof watch;
    watchFile(join(at.path, "link"), {
      onChange: changed.resolve,
      onProblem: assert.fail,
      clock: systemClock,
      signal: stop.signal,
      watch: counted,
    });
    await armed.promise;
    await writeFile(join(at.path, "real", "new"), "two");
    await rename(join(at.path, "real", "new"), join(at.path, "real", "a"));
    await changed.promise;
    armed = Promise.withResolvers();
  });

  for (const [how, broken] of [
    [
      "at once",
      () => {
        throw Object.assign(new Error("too many open files, watch"), { code: "EMFILE" });
      },
    ],
    [
      "later",
      () => {
        const watcher = new EventEmitter();
        setImmediate(() => watcher.emit("error", new Error("no space left on device, watch")));
        return watcher;
      },
    ],
  ] as const) {
    it(`polls when the system has no watch left (${how}), and says so once`, async () => {
      await using at = await folder();
      using stop = stopper();
      const path = join(at.path, "a");
      await writeFile(path, "one");
      const clock = new ManualClock();
      const problem = Promise.withResolvers<string>();
      const changed = Promise.withResolvers<void>();
      let told = 0;
      watchFile(path, {
        onChange: changed.resolve,
        onProblem: (message) => {
          told++;
          problem.resolve(message);
        },
        clock,
        signal: stop.signal,
        watch: broken as unknown as typeof watch,
      });
      assert.match(await problem.promise, /^a cannot be watched \(.*, watch\): it is looked at every 2 s$/);
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      await writeFile(path, "another");
      let over = false;
      void changed.promise.then(() => {
        over = true;
      });
      while (!over) await clock.advance(500);
      assert.equal(told, 1);
    });
  }
});
