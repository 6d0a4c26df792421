import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CallInfo } from "../hub/call-info.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { createCallCommand } from "./call.ts";
import { createCallsCommand } from "./calls.ts";
import type { Command } from "./command.ts";
import type { HubApiDeps } from "./hub-api.ts";
import { createRingCommand } from "./ring.ts";

const door = { party: "device:door", name: "Front door", deviceId: "door" } as const;
const anna = { party: "person:a", name: "Anna" } as const;
const ringing: CallInfo = {
  id: "c1",
  from: door,
  to: [],
  state: "ringing",
  rung: [{ ...anna, state: "told" }],
  participants: [door],
  lock: true,
  startedMs: Date.parse("2026-01-10T08:00:00Z"),
};
const missed: CallInfo = { ...ringing, id: "c0", state: "ended", participants: [], endReason: "missed", startedMs: 0 };

/** Runs a command against a hub that answers each path as told. */
async function run(
  make: (deps: HubApiDeps) => Command,
  args: readonly string[],
  answers: Readonly<Record<string, unknown>>,
) {
  const asked: string[] = [];
  const written: string[] = [];
  const command = make({
    env: { DOORWARD_TOKEN: "dw_secret" },
    fetch: async (url, init) => {
      const { pathname } = new URL(String(url));
      asked.push(`${init?.method} ${pathname} ${init?.body ?? ""}`.trim());
      return new Response(JSON.stringify(answers[pathname]), { status: pathname in answers ? 200 : 404 });
    },
  });
  const stream = { write: (text: string) => written.push(text) };
  const { signal } = new AbortController();
  const context = { stdout: stream, stderr: stream, signal, clock: new ManualClock(), log: silentLog };
  const code = await command.run(args, context);
  return { code, asked, written: written.join("") };
}

describe("doorward calls", () => {
  const list = { "/api/v1/calls": { running: [ringing], calls: [{ ...ringing, hasSnapshot: true }, missed] } };

  it("lists what runs and what was before, each once", async () => {
    const { written } = await run(createCallsCommand, [], list);
    assert.equal(
      written,
      "2026-01-10 08:00:00Z  c1  Front door: rings at Anna\n1970-01-01 00:00:00Z  c0  Front door: missed\n",
    );
    assert.equal((await run(createCallsCommand, ["--missed"], list)).written.split("\n").length, 2);
  });

  it("answers the only call that runs, and declines one with a reply", async () => {
    const answered = { ...ringing, state: "answered", answeredBy: anna };
    const one = await run(createCallsCommand, ["answer"], { ...list, "/api/v1/calls/c1/answer": answered });
    assert.match(one.written, /Front door: answered by Anna/);
    const declined = await run(createCallsCommand, ["decline", "c1", "--reply", "Not now."], {
      "/api/v1/calls/c1/decline": { ...ringing, state: "ended", endReason: "declined", endedBy: anna },
    });
    assert.deepEqual(declined.asked, ['POST /api/v1/calls/c1/decline {"reply":"Not now."}']);
    assert.match(declined.written, /declined by Anna/);
    await assert.rejects(
      run(createCallsCommand, ["end"], { "/api/v1/calls": { running: [], calls: [] } }),
      /no call runs/,
    );
    await assert.rejects(run(createCallsCommand, ["dance"], list), /none of list/);
  });

  it("has a bell pressed by doorward ring", async () => {
    const rung = await run(createRingCommand, ["door", "--bell", "2"], {
      "/api/v1/devices/door/ring": { state: "ringing", call: "c1" },
    });
    assert.deepEqual([rung.asked, rung.written], [['POST /api/v1/devices/door/ring {"bell":"2"}'], "rings: call c1\n"]);
    await assert.rejects(run(createRingCommand, ["door", "--to", "all"], {}), /either/);
  });
});

describe("doorward call", () => {
  it("says where it rings, and fails when nobody can be rung", async () => {
    const rings = await run(createCallCommand, ["Anna"], { "/api/v1/calls": ringing });
    assert.deepEqual([rings.code, rings.written], [0, "rings at Anna: call c1\n"]);
    const nobody = { ...ringing, rung: [], state: "ended", endReason: "unreachable" };
    const none = await run(createCallCommand, ["Anna"], { "/api/v1/calls": nobody });
    assert.deepEqual([none.code, none.written], [1, "nobody can be rung: unreachable\n"]);
    await assert.rejects(run(createCallCommand, [], {}), /whom/);
  });
});
