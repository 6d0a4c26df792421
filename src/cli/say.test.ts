import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { createSayCommand } from "./say.ts";

/** Runs the command against a hub that answers as told; gives what was asked and what was written. */
async function say(args: readonly string[], answer: { readonly status?: number; readonly json?: unknown } = {}) {
  const asked: { url: string; headers: Record<string, string>; body: unknown }[] = [];
  const written: string[] = [];
  const command = createSayCommand({
    env: { DOORWARD_TOKEN: "dw_secret" },
    fetch: async (url, init) => {
      asked.push({
        url: String(url),
        headers: init?.headers as Record<string, string>,
        body: JSON.parse(String(init?.body)),
      });
      const { status = 202, json = { state: "granted", hearing: [{ deviceId: "front", state: "playing" }] } } = answer;
      return new Response(JSON.stringify(json), { status });
    },
  });
  const stream = { write: (text: string) => written.push(text) };
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
        headers: { authorization: "Bearer dw_secret", "content-type": "application/json" },
        body: { to: ["area:House", "device:yard"], text: "Dinner is ready", priority: 0 },
      },
    ]);
    assert.equal(written, "heard by 1 of 2\n  yard: cannot speak through Yard: it did not answer within 10 s\n");
  });

  it("plays a file, urgently, at another hub, in JSON", async () => {
    const args = ["--file", "gong.wav", "--to", "all", "--priority", "2", "--hub", "https://hub.local:8443", "--json"];
    const { asked, written } = await say(args);
    assert.equal(asked[0]?.url, "https://hub.local:8443/api/v1/say");
    assert.deepEqual(asked[0]?.body, { to: ["all"], file: "gong.wav", priority: 2 });
    assert.deepEqual(JSON.parse(written).hearing, [{ deviceId: "front", state: "playing" }]);
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
      ["hi", "--to", "kitchen"],
      ["--to", "all"],
      ["hi", "--file", "x.wav", "--to", "all"],
      ["hi", "--to", "all", "--priority", "9"],
      ["hi", "--to", "all", "--hub", "ftp://x"],
    ]) {
      await assert.rejects(say(args), { name: "Error" }, args.join(" "));
    }
  });
});
