import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { createChimeCommand } from "./chime.ts";
import type { Command } from "./command.ts";
import type { HubApiDeps } from "./hub-api.ts";
import { createRingCommand } from "./ring.ts";

/** Runs a command against a hub that answers as told; gives what was asked and what was written. */
async function run(
  make: (deps: HubApiDeps) => Command,
  args: readonly string[],
  answer: { readonly status?: number; readonly json?: unknown } = {},
) {
  const asked: unknown[] = [];
  const written: string[] = [];
  const command = make({
    env: { DOORWARD_TOKEN: "dw_secret" },
    fetch: async (url, init) => {
      const { pathname, search } = new URL(String(url));
      const { body, method } = init ?? {};
      const sent = body instanceof Uint8Array ? Buffer.from(body).toString() : body && JSON.parse(String(body));
      asked.push([method, `${pathname}${search}`, ...(sent === undefined ? [] : [sent])]);
      const { status = 200, json } = answer;
      return new Response(status === 204 ? null : JSON.stringify(json), { status });
    },
  });
  const stream = { write: (text: string) => written.push(text) };
  const { signal } = new AbortController();
  const code = await command.run(args, {
    stdout: stream,
    stderr: stream,
    signal,
    clock: new ManualClock(),
    log: silentLog,
  });
  return { code, asked, written: written.join("") };
}

const bell = { name: "Big Ben", builtIn: false, seconds: 2.5 };

describe("doorward chime", () => {
  it("lists what there is", async () => {
    const json = { chimes: [{ name: "doorbell", builtIn: true, seconds: 2.65 }, bell] };
    const { code, written } = await run(createChimeCommand, ["list"], { json });
    assert.deepEqual([code, written], [0, "doorbell  2.6 s  the hub's own\nBig Ben  2.5 s\n"]);
  });

  it("adds a file under its own or another name, unless it is too large or not there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-chime-"));
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    const [file, large] = [join(folder, "Big Ben.wav"), join(folder, "large.wav")];
    await writeFile(file, "RIFF");
    await writeFile(large, "");
    await truncate(large, 6 * 2 ** 20);
    const added = await run(createChimeCommand, ["add", file], { json: bell });
    assert.deepEqual(added.asked, [["POST", "/api/v1/chimes?name=Big+Ben", "RIFF"]]);
    assert.equal(added.written, "added the chime Big Ben  2.5 s\n");
    const named = await run(createChimeCommand, ["add", file, "--name", "Noon"], { json: bell });
    assert.deepEqual(named.asked, [["POST", "/api/v1/chimes?name=Noon", "RIFF"]]);
    await assert.rejects(run(createChimeCommand, ["add", large]), /larger than 5 MiB/);
    await assert.rejects(run(createChimeCommand, ["add", join(folder, "none.wav")]), /none\.wav cannot be read/);
  });

  it("removes one and plays one", async () => {
    const removed = await run(createChimeCommand, ["remove", "Big", "Ben"], { status: 204 });
    assert.deepEqual(removed.asked, [["DELETE", "/api/v1/chimes/Big%20Ben"]]);
    const json = { state: "granted", hearing: [{ deviceId: "kitchen", name: "Kitchen", state: "playing" }] };
    const played = await run(createChimeCommand, ["play", "gong", "--to", "device:kitchen"], { json });
    assert.deepEqual(played.asked, [["POST", "/api/v1/say", { to: ["device:kitchen"], chime: "gong", priority: 0 }]]);
    assert.deepEqual([played.code, played.written], [0, "heard by 1 of 1\n"]);
  });

  it("says that it waits for its turn", async () => {
    const json = { state: "queued", position: 2, holder: { name: "Anna" }, hearing: [] };
    const { written } = await run(createChimeCommand, ["play", "gong", "--to", "all"], { json });
    assert.equal(written, "waits: Anna is speaking, number 2 in line\n");
  });

  it("fails with the hub's sentence, and knows wrong usage", async () => {
    const detail = "there is no chime Ding";
    await assert.rejects(
      run(createChimeCommand, ["remove", "Ding"], { status: 404, json: { detail } }),
      /^FatalError: there is no chime Ding$/,
    );
    for (const args of [[], ["lost"], ["add"], ["remove"], ["play", "gong"], ["play", "--to", "all"]]) {
      await assert.rejects(run(createChimeCommand, args), { name: "Error" }, args.join(" "));
    }
  });
});

describe("doorward ring", () => {
  it("rings rooms and says where", async () => {
    const json = { state: "granted", deviceIds: ["kitchen", "hall"], chime: "gong" };
    const { asked, written } = await run(createRingCommand, ["--to", "area:House", "--chime", "gong"], { json });
    assert.deepEqual(asked, [["POST", "/api/v1/ring", { to: ["area:House"], priority: 0, chime: "gong" }]]);
    assert.equal(written, "rings at kitchen, hall\n");
    const later = { state: "queued", position: 1, deviceIds: ["kitchen"], chime: "doorbell" };
    const waits = await run(createRingCommand, ["--to", "device:kitchen"], { json: later });
    assert.equal(waits.written, "will ring at kitchen: next in line\n");
  });

  it("knows wrong usage", async () => {
    for (const args of [
      [],
      ["kitchen", "hall"],
      ["kitchen", "--to", "all"],
      ["--bell", "2"],
      ["--to", " "],
      ["--to", "all", "--priority", "5"],
    ]) {
      await assert.rejects(run(createRingCommand, args), { name: "Error" }, args.join(" "));
    }
  });
});
