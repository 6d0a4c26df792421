import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { tone } from "../../src/drivers/yoosee/testing.ts";
import { temporaryFolder } from "./page-browser.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "doorward.js");

describe("doorward talk that is ended from outside", () => {
  for (const signals of [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGHUP", "SIGHUP"], ["SIGINT", "SIGINT"]] as const) {
    it(`${signals.join(" and ")}: gives the camera's speaker back`, { timeout: 60_000 }, async () => {
      await using folder = await temporaryFolder();
      await using camera = await startFakeYoosee();
      const file = join(folder.path, "long.wav");
      await writeFile(file, wavFile(new Int16Array(tone(30_000).buffer), 8000));
      const args = [program, "talk", "--ip", `127.0.0.1:${camera.port}`, "--file", file, "--auto-exit"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      const ended = once(child, "exit");
      await camera.waitFor((event) => event.type === "record");
      // A terminal that is gone takes no more output.
      if (signals[0] === "SIGHUP") for (const stream of [child.stdout, child.stderr]) stream.destroy();
      else for (const stream of [child.stdout, child.stderr]) stream.resume();
      for (const signal of signals) child.kill(signal);
      await camera.waitFor((event) => event.type === "control" && event.verb === "CLOSE");
      assert.deepEqual(await ended, [130, null]);
      assert.equal(camera.decoderOpen, false);
    });
  }
});
