import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { entryOf } from "../../bin/bundle.cjs";
import { nodeOptions } from "../../bin/supervise.mjs";
import { startFake, unitsOf } from "../../src/drivers/elementary/fake.ts";
import { makeClip } from "../ffmpeg.ts";

const root = join(import.meta.dirname, "..", "..");
const program = join(root, "bin", "doorward.js");
const head = "webrtc: { udpPort: 0 }\nwhip: { udpPort: 0 }\nmdns: 'off'\n";

/** V8 says so of each function that it compiles beyond bytecode and baseline (`--trace-opt`). */
const compiled = /^\[compiling method/;
/** So it says of a whole collection that somebody asked for while much was under way; of the one of an idle program it says "(reduce)" (`--trace-gc`). */
const collected = /: Mark-Compact \d.*testing;/;

/** A hub with these options of its process, which is ended with its scope. */
async function startHub(config: string, env: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-compilers-"));
  const path = join(folder, "doorward.yaml");
  await writeFile(path, config);
  const options = ["hub", "--json", "--http-port", "0", "--https-port", "0"];
  const hub = spawn(process.execPath, [...nodeOptions, "--trace-opt", "--trace-gc", program, ...options], {
    ...{ cwd: folder, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } },
  });
  return {
    path,
    lines: createInterface(hub.stdout),
    [Symbol.asyncDispose]: async () => {
      const ended = once(hub, "exit");
      hub.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

test("a hub that has started collects what that left, compiles nothing, and does with its first camera", {
  timeout: 60_000,
}, async () => {
  await using camera = await startFake({ codec: "h264", units: unitsOf(makeClip({ codec: "h264" })), frameRate: 25 });
  await using hub = await startHub(head);
  const { lines } = hub;
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
  await writeFile(hub.path, `${head}devices: { yard: { address: "${camera.address}", warm: true } }\n`);
  await first;
});

test("what was compiled for a start serves the next one, also of a hub that had work at once", {
  timeout: 60_000,
}, async () => {
  if (!entryOf(root, {}).endsWith(".cjs")) {
    execFileSync(process.execPath, [join(root, "scripts", "bundle.mjs")], { cwd: root });
  }
  await using camera = await startFake({ codec: "h264", units: unitsOf(makeClip({ codec: "h264" })), frameRate: 25 });
  const cache = await mkdtemp(join(tmpdir(), "doorward-compiled-"));
  try {
    const config = `${head}devices: { yard: { address: "${camera.address}", warm: true } }\n`;
    const kept = async () => {
      await using hub = await startHub(config, { NODE_COMPILE_CACHE: cache, DOORWARD_BUNDLE: "on" });
      // By then it has V8's compilers back, with whose settings nothing that is written serves a start.
      for await (const line of hub.lines) if (compiled.test(line)) break;
      const files = globSync("*/bundle-*/*.compiled", { cwd: cache }).sort();
      return files.map((file) => `${file} ${statSync(join(cache, file)).mtimeMs}`);
    };
    const first = await kept();
    assert.ok(first.length > 20, `${first.length} files`);
    assert.deepEqual(await kept(), first);
    assert.deepEqual(await kept(), first, "nor did it write anything at its end");
  } finally {
    await rm(cache, { recursive: true });
  }
});
