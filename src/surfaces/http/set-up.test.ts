import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";

const person = { name: "Anna", password: "correct horse" };

describe("set-up", () => {
  it("serves nothing but the page, its files and the set-up before the first administrator", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const open = ["/", "/cameras/front", "/assets/app-1234.js", "/api/v1/session", "/health"];
    for (const path of open) assert.equal((await rig.call("GET", path)).status, 200, path);
    const closed = ["/api/v1/devices", "/api/v1/users", "/metrics", "/api/v1/openapi.json", "/api/v1/audit"];
    for (const path of closed) {
      const answer = await rig.call("GET", path);
      assert.equal(answer.status, 403, path);
      assert.equal(answer.json.code, "setup-needed");
    }
    assert.equal((await rig.call("POST", "/api/v1/login", { body: person })).json.code, "setup-needed");
    assert.equal((await rig.call("GET", "/api/v1/session")).json["setupNeeded"], true);
  });

  it("keeps the code in a file that only its owner reads, until it is used", async () => {
    await using rig = await startRig();
    const path = join(rig.dataDir, "setup-code");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path, "utf8").trim(), rig.identity.setupCode?.code);
    assert.match(rig.identity.setupCode?.code ?? "", /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const code = rig.identity.setupCode?.code.toLowerCase().replaceAll("-", " ") ?? "";
    const done = await rig.call("POST", "/api/v1/setup", { body: { ...person, code } });
    assert.equal(done.status, 201);
    assert.equal(done.json["setupNeeded"], false);
    assert.deepEqual((done.json["user"] as { administrator: boolean }).administrator, true);
    assert.ok(!existsSync(path));
    const again = await rig.call("POST", "/api/v1/setup", { body: { ...person, name: "Eve", code } });
    assert.equal(again.json.code, "setup-done");
  });

  it("refuses a wrong code, a weak password and an unprintable name", async () => {
    await using rig = await startRig();
    const code = rig.identity.setupCode?.code ?? "";
    const setUp = async (body: object) => (await rig.call("POST", "/api/v1/setup", { body })).json.code;
    assert.equal(await setUp({ ...person, code: "AAAA-AAAA-AAAA-AAAA" }), "wrong-code");
    assert.equal(await setUp({ ...person, code: "" }), "wrong-code");
    assert.equal(await setUp({ ...person, code, password: "short" }), "invalid");
    assert.equal(await setUp({ ...person, code, name: "a\u0000b" }), "invalid");
    assert.equal(await setUp({ ...person, code, name: "  " }), "invalid");
    assert.equal(await setUp({ ...person, code, admin: true }), "invalid");
    assert.equal(rig.identity.users.hasAdministrator, false);
  });

  it("tells of a code alone whether it is right, and nothing else", async () => {
    await using rig = await startRig();
    const code = rig.identity.setupCode?.code ?? "";
    const ask = async (typed: string) => {
      const { status, json } = await rig.call("POST", "/api/v1/setup/code", { body: { code: typed } });
      return [status, status === 204 ? undefined : json.code];
    };
    assert.deepEqual(await ask("0000-0000-0000-0000"), [403, "wrong-code"]);
    assert.deepEqual(await ask(code.toLowerCase()), [204, undefined]);
    assert.deepEqual(await ask(code), [204, undefined], "it is not used up");
    assert.equal((await rig.call("POST", "/api/v1/setup", { body: { ...person, code } })).status, 201);
    assert.deepEqual(await ask(code), [409, "setup-done"]);
  });

  it("says when the code is void", async () => {
    await using rig = await startRig();
    const code = rig.identity.setupCode?.code ?? "";
    rig.identity.setupCode?.[Symbol.dispose]();
    const late = await rig.call("POST", "/api/v1/setup", { body: { ...person, code } });
    assert.equal(late.status, 410);
    assert.equal(late.json.code, "setup-code-expired");
  });

  it("allows ten tries a minute", async () => {
    await using rig = await startRig();
    const body = { ...person, code: "0000-0000-0000-0000" };
    for (let n = 0; n < 5; n++) {
      assert.equal((await rig.call("POST", "/api/v1/setup", { body })).status, 403);
      assert.equal((await rig.call("POST", "/api/v1/setup/code", { body: { code: body.code } })).status, 403);
    }
    assert.equal((await rig.call("POST", "/api/v1/setup", { body })).status, 429);
    assert.equal((await rig.call("POST", "/api/v1/setup/code", { body: { code: body.code } })).status, 429);
  });

  it("makes one administrator however many set up at once", async () => {
    await using rig = await startRig();
    const code = rig.identity.setupCode?.code ?? "";
    const tries = [1, 2, 3, 4].map((n) =>
      rig.call("POST", "/api/v1/setup", { body: { ...person, name: `Anna ${n}`, code } }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, 409, 409, 409]);
    assert.equal(rig.identity.users.list().length, 1);
  });
});
