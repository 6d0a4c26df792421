import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { routeEntries } from "../../../test/route-table.ts";
import { offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";

const password = "correct horse";

/** What the browser has after an answer set its session's cookie. */
function as(person: Person, answer: { readonly headers: Headers }): Person {
  const cookie = answer.headers.getSetCookie().find((one) => one.startsWith("doorward=")) ?? "";
  return { ...person, cookie: cookie.split(";")[0] ?? "" };
}

async function locked(rig: Rig, person: Person): Promise<Person> {
  const answer = await rig.call("POST", "/api/v1/session/panel", { as: person, body: {} });
  assert.equal(answer.status, 204, answer.text);
  return as(person, answer);
}

describe("a screen that is locked to the panel", () => {
  it("sees and speaks as its person may, and sets nothing up, whoever signed in there", async () => {
    await using rig = await startRig({ yard: "fake://x/?video&speaker" });
    const root = await rig.person({ name: "Root", password, administrator: true });
    const panel = await locked(rig, root);
    const session = await rig.call("GET", "/api/v1/session", { as: panel });
    assert.deepEqual(
      [session.json["panel"], (session.json["user"] as { administrator: boolean }).administrator],
      [true, false],
    );
    const whep = { as: panel, headers: { "content-type": "application/sdp" }, body: offerSdp };
    assert.equal((await rig.call("POST", "/whep/yard", whep)).status, 201);
    const { json } = await rig.call("GET", "/api/v1/devices", { as: panel });
    const [yard] = json["devices"] as { rights: string[]; settings?: object; address?: string }[];
    assert.deepEqual(yard?.rights, ["view", "listen", "talk", "page", "peek", "ptz", "unlock"]);
    assert.deepEqual([yard?.settings, yard?.address], [undefined, undefined]);
    const refused = async (method: string, path: string, body?: object) =>
      (await rig.call(method, path, { as: panel, ...(body && { body }) })).status;
    assert.deepEqual(
      [
        await refused("PATCH", "/api/v1/devices/yard", { name: "Mine" }),
        await refused("GET", "/api/v1/users"),
        await refused("GET", "/api/v1/audit"),
        await refused("GET", "/metrics"),
        await refused("POST", "/api/v1/tokens", { name: "t", grants: [{ scope: "*", rights: ["view"] }] }),
        await refused("POST", "/api/v1/session/confirm", { password }),
        await refused("POST", "/api/v1/session/password", { password, newPassword: "another horse" }),
        await refused("POST", "/api/v1/logout", {}),
      ],
      [404, 403, 403, 403, 403, 403, 403, 403],
    );
  });

  it("changes nothing of its person's own: of what asks for no right it may speak, watch and answer", async () => {
    await using rig = await startRig();
    const panel = await locked(rig, await rig.person({ name: "Root", password, administrator: true }));
    const refused: string[] = [];
    for (const { method, path, right, proof } of routeEntries) {
      if (right !== "signed-in" || method === "GET") continue;
      const { status, json } = await rig.call(method, path.replaceAll(/:\w+/g, "x"), { as: panel, body: {} });
      if (proof) assert.equal(json.code, "panel-locked", path);
      else if (status === 403 && json.code === "panel-locked") refused.push(`${method} ${path}`);
    }
    assert.deepEqual(refused, ["PATCH /api/v1/wall", "POST /api/v1/say/hosts/offers", "PATCH /api/v1/ringing"]);
    assert.equal((await rig.call("GET", "/api/v1/wall", { as: panel })).status, 200);
  });

  it("has ended the session that was open there, with all that it had open", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", password, administrator: true });
    const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers: { cookie: root.cookie } });
    await once(socket, "open");
    const closed = once(socket, "close");
    await locked(rig, root);
    assert.equal((await closed)[0], 4001);
    assert.equal((await rig.call("GET", "/api/v1/users", { as: root })).status, 401);
  });

  it("is opened by an administrator's password, and by no other", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Root", password, administrator: true });
    const child = await rig.person({ name: "Child", password: "a small horse", grants: [] });
    assert.equal(
      (await rig.call("POST", "/api/v1/session/panel/leave", { as: child, body: { name: "Root", password } })).json
        .code,
      "not-locked",
    );
    const panel = await locked(rig, child);
    const leave = (body: object) => rig.call("POST", "/api/v1/session/panel/leave", { as: panel, body });
    assert.equal((await leave({ name: "Root", password: "wrong" })).status, 401);
    assert.equal((await leave({ name: "Child", password: "a small horse" })).status, 403);
    const left = await leave({ name: "Root", password });
    assert.equal(left.status, 204, left.text);
    const own = as(child, left);
    const session = await rig.call("GET", "/api/v1/session", { as: own });
    assert.deepEqual([session.json["panel"], (session.json["user"] as { name: string }).name], [undefined, "Child"]);
    // The other's password proves nothing for this person.
    const token = { name: "t", grants: [{ scope: "*", rights: ["view"] }] };
    assert.equal((await rig.call("POST", "/api/v1/tokens", { as: own, body: token })).json.code, "password-needed");
    assert.equal((await leave({ name: "Root", password })).status, 401);
    await rig.identity.store.settled();
    assert.deepEqual(
      rig.identity.audit
        .list()
        .filter(({ action }) => action.startsWith("panel"))
        .map(({ actor, action }) => `${actor} ${action}`),
      ["Root panel-left", "Child panel-locked"],
    );
  });

  it("stays locked over a restart of the hub", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", password, administrator: true });
    const panel = await locked(rig, root);
    const found = rig.identity.credentials.find(panel.cookie.split("=")[1] ?? "");
    assert.deepEqual([found?.panel, found?.limits?.length], [true, 1]);
    const [row] = rig.identity.store.read("SELECT panel FROM sessions WHERE id = ?", found?.credentialId ?? "");
    assert.equal(row?.["panel"], 1);
  });
});
