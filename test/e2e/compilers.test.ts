import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { nodeOptions } from "../../bin/supervise.mjs";
import { startFake, unitsOf } from "../../src/drivers/elementary/fake.ts";
import { makeClip } from "../ffmpeg.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "doorward.js");

/** V8 says so of each function that it compiles beyond bytecode and baseline (`--trace-opt`). */
const compiled = /^\[compiling method/;
/** So it says of a whole collection that somebody asked for while much was under way; of the one of an idle program it says "(reduce)" (`--trace-gc`). */
const collected = /: Mark-Compact \d.*testing;/;

test("a hub that has started collects what that left, compiles nothing, and does with its first camera", {
  timeout: 60_000,
}, async () => {
  await using camera = await startFake({ codec: "h264", units: unitsOf(makeClip({ codec: "h264" })), frameRate: 25 });
  const folder = await mkdtemp(join(tmpdir(), "doorward-compilers-"));
  const config = join(folder, "doorward.yaml");
  const head = "webrtc: { udpPort: 0 }\nwhip: { udpPort: 0 }\nmdns: 'off'\n";
  await writeFile(config, head);
  const options = ["hub", "--json", "--http-port", "0", "--https-port", "0"];
  const hub = spawn(process.execPath, [...nodeOptions, "--trace-opt", "--trace-gc", program, ...options], {
    ...{ cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
  });
  try {
    const lines = createInterface(hub.stdout);
    let [count, collections] = [0, 0];
    const collects = Promise.withResolvers<void>();
    const first = new Promise<void>((resolve) => {
      lines.on("line", (line) => {
        if (collected.test(line)) {
          collections++;
          collects.resolve();
        }
        if (!compiled.test(line)) return;
        count++;
        resolve();
      });
    });
    let said = "";
    while (!said.startsWith("{")) [said] = (await once(lines, "line")) as [string];
    const { httpUrl } = JSON.parse(said) as { readonly httpUrl: string };
    assert.equal((await fetch(httpUrl)).status, 200);
    await collects.promise;
    assert.deepEqual([count, collections], [0, 1]);
    await writeFile(config, `${head}devices: { yard: { address: "${camera.address}", warm: true } }\n`);
    await first;
  } finally {
    const ended = once(hub, "exit");
    hub.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true });
  }
});
