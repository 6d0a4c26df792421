import assert from "node:assert/strict";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { createSayCommand } from "./say.ts";

/** Runs the command against a hub that answers as told; gives what was asked and what was written. */
async function say(
  args: readonly string[],
  answer: {
    readonly status?: number;
    readonly json?: unknown;
    readonly lines?: readonly unknown[];
    readonly tty?: true;
  } = {},
) {
  const asked: { url: string; headers: Record<string, string>; body: unknown }[] = [];
  const written: string[] = [];
  const command = createSayCommand({
    env: { DOORWARD_TOKEN: "dw_secret" },
    fetch: async (url, init) => {
      asked.push({
        url: String(url),
        headers: init?.headers as Record<string, string>,
        body: init?.body instanceof Uint8Array ? Buffer.from(init.body).toString() : JSON.parse(String(init?.body)),
      });
      const { status = 202, json = { state: "granted", hearing: [{ deviceId: "front", state: "playing" }] } } = answer;
      const lines = answer.lines ?? [json];
      // In pieces that end anywhere, as a network gives them.
      const pieces =
        lines
          .map((line) => `${JSON.stringify(line)}\n`)
          .join("")
          .match(/[\s\S]{1,7}/g) ?? [];
      return new Response(Readable.toWeb(Readable.from(pieces.map((piece) => Buffer.from(piece)))) as ReadableStream, {
        status,
      });
    },
  });
  const stream = { write: (text: string) => written.push(text), ...(answer.tty && { isTTY: true }) };
  const signal = new AbortController().signal;
  const context = { stdout: stream, stderr: stream, signal, clock: new ManualClock(), log: silentLog };
  const code = await command.run(args, context);
  return { code, asked, written: written.join("") };
}

describe("doorward say", () => {
  it("says words to channels of a running hub and tells who hears them", async () => {
    const hearing = [
      { deviceId: "front", state: "playing" },
      { deviceId: "yard", state: "failed", reason: "cannot speak through Yard: it did not answer within 10 s" },
    ];
    const { code, asked, written } = await say(["Dinner", "is", "ready", "--to", "area:House", "--to", "device:yard"], {
      json: { state: "granted", hearing },
    });
    assert.equal(code, 0);
    assert.deepEqual(asked, [
      {
        url: "http://localhost:8480/api/v1/say",
        headers: {
          authorization: "Bearer dw_secret",
          "content-type": "application/json",
          accept: "application/x-ndjson, application/json",
        },
        body: { to: ["area:House", "device:yard"], text: "Dinner is ready", priority: 0 },
      },
    ]);
    const why = "cannot speak through Yard: it did not answer within 10 s";
    assert.equal(written, `heard by 1 of 2: yard does not hear it (${why})\n`);
  });

  it("tells live who hears them, in one line of a terminal", async () => {
    const yard = { deviceId: "yard", name: "Yard" };
    const front = { deviceId: "front", name: "Front door" };
    const lines = [
      {
        state: "granted",
        hearing: [
          { ...front, state: "connecting" },
          { ...yard, state: "connecting" },
        ],
      },
      {
        state: "granted",
        hearing: [
          { ...front, state: "playing" },
          { ...yard, state: "connecting" },
        ],
      },
      {
        state: "granted",
        hearing: [
          { ...front, state: "playing" },
          { ...yard, state: "failed", code: "offline", reason: "x" },
        ],
      },
      { state: "released", reason: "done", lost: { network: 0, speaker: 0 } },
    ];
    const told = [
      "heard by 0 of 2: Front door is being called, Yard is being called",
      "heard by 1 of 2: Yard is being called",
      "heard by 1 of 2: Yard is offline",
    ];
    const { code, written } = await say(["hi", "--to", "all"], { lines });
    assert.deepEqual([code, written], [0, told.map((line) => `${line}\n`).join("")]);
    const terminal = await say(["hi", "--to", "all"], { lines, tty: true });
    assert.equal(terminal.written, `${told.map((line) => `\r\x1b[K${line}`).join("")}\n`);
  });

  it("fails when nobody heard it, or it was stopped", async () => {
    const nobody = [{ state: "granted", hearing: [{ deviceId: "yard", state: "failed", code: "offline" }] }];
    assert.equal((await say(["hi", "--to", "all"], { lines: nobody })).code, 1);
    const heard = { state: "granted", hearing: [{ deviceId: "yard", state: "playing" }] };
    const lines = [heard, { state: "pre-empted", holder: { name: "Anna" } }];
    await assert.rejects(say(["hi", "--to", "all"], { lines }), /^FatalError: stopped: Anna took the floor$/);
    await assert.rejects(say(["hi", "--to", "all"], { lines: [heard, { state: "failed", reason: "lost" }] }), /lost/);
  });

  it("sends a sound of this machine, unless it is too large or not there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-say-"));
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
    const [gong, large] = [join(folder, "gong.wav"), join(folder, "large.wav")];
    await writeFile(gong, "RIFF");
    await writeFile(large, "");
    await truncate(large, 17 * 2 ** 20);
    const { asked, code } = await say(["--upload", gong, "--to", "area:House", "--to", "all", "--priority", "1"]);
    assert.equal(asked[0]?.url, "http://localhost:8480/api/v1/say/sound?to=area%3AHouse&to=all&priority=1");
    assert.deepEqual(
      [asked[0]?.body, asked[0]?.headers["content-type"], code],
      ["RIFF", "application/octet-stream", 0],
    );
    await assert.rejects(say(["--upload", large, "--to", "all"]), /larger than 16 MiB/);
    await assert.rejects(say(["--upload", join(folder, "none.wav"), "--to", "all"]), /none\.wav cannot be read/);
    await assert.rejects(say(["hi", "--upload", gong, "--to", "all"]), { name: "Error" });
  });

  it("plays a file, urgently, at another hub, in JSON", async () => {
    const args = ["--file", "gong.wav", "--to", "all", "--priority", "2", "--hub", "https://hub.local:8443", "--json"];
    const { asked, written } = await say(args);
    assert.equal(asked[0]?.url, "https://hub.local:8443/api/v1/say");
    assert.deepEqual(asked[0]?.body, { to: ["all"], file: "gong.wav", priority: 2 });
    assert.deepEqual(JSON.parse(written).hearing, [{ deviceId: "front", state: "playing" }]);
  });

  it("plays what stands at an address, at a loudness of its own", async () => {
    const url = "http://homeassistant.local:8123/api/tts_proxy/a.mp3";
    const { asked } = await say(["--url", url, "--to", "area:House", "--volume", "0.5"]);
    assert.deepEqual(asked[0]?.body, { to: ["area:House"], url, priority: 0, volume: 0.5 });
  });

  it("fails with one sentence", async () => {
    const held = { detail: "Not said: held.", holder: { name: "Anna" } };
    await assert.rejects(
      say(["hi", "--to", "all"], { status: 409, json: held }),
      /^FatalError: not said: Anna is speaking$/,
    );
    await assert.rejects(say(["hi", "--to", "all"], { status: 401, json: {} }), /does not know this token/);
    await assert.rejects(
      say(["hi", "--to", "device:x"], { status: 404, json: {} }),
      /nothing is there under this name/,
    );
    await assert.rejects(say(["hi", "--to", "all"], { status: 500, json: "?" }), /the hub answered 500/);
  });

  it("knows wrong usage", async () => {
    for (const args of [
      ["hi"],
      ["hi", "--to", " "],
      ["--to", "all"],
      ["hi", "--file", "x.wav", "--to", "all"],
      ["--url", "http://x", "--file", "x.wav", "--to", "all"],
      ["hi", "--to", "all", "--volume", "0"],
      ["hi", "--to", "all", "--priority", "9"],
      ["hi", "--to", "all", "--hub", "ftp://x"],
    ]) {
      await assert.rejects(say(args), { name: "Error" }, args.join(" "));
    }
  });
});
