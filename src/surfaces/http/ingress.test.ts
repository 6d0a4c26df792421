import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { offerSdp, type Rig, startRig } from "../../../test/web-rig.ts";
import { putStatement } from "../../identity/store.ts";

/** Where the Supervisor of these tests asks from; everybody else comes from 127.0.0.1. */
const supervisor = "127.0.0.2";
const prefix = "/api/hassio_ingress/a-token_of.64";
const anna = {
  "x-remote-user-id": "0a1b",
  "x-remote-user-name": "Anna.H",
  "x-remote-user-display-name": "Ännä".normalize(),
};
const ben = { "x-remote-user-id": "2c3d", "x-remote-user-name": "ben" };

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly from?: string;
}

/** Asks as Home Assistant's Supervisor does, or from elsewhere. */
function ask(rig: Rig, path: string, { method = "GET", headers = {}, body, from = supervisor }: Asked = {}) {
  const outside = { host: "home.example.org", "x-ingress-path": prefix, "x-forwarded-host": "home.example.org" };
  const bytes = Object.entries({ ...outside, "x-forwarded-proto": "https", ...headers }).map(
    ([name, value]) => [name, Buffer.from(value, "utf8").toString("latin1")] as const,
  );
  return new Promise<{ status: number; headers: Readonly<Record<string, unknown>>; text: string }>(
    (resolve, reject) => {
      const url = new URL(path, rig.url.replace("localhost", "127.0.0.1"));
      const request = httpRequest(url, { method, localAddress: from, headers: Object.fromEntries(bytes) });
      request.on("error", reject);
      request.on("response", (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      request.end(body);
    },
  );
}

const session = async (rig: Rig, asked: Asked) =>
  JSON.parse((await ask(rig, "/api/v1/session", asked)).text) as {
    readonly setupNeeded: boolean;
    readonly user?: {
      readonly id: string;
      readonly name: string;
      readonly administrator: boolean;
      readonly grants: object[];
    };
  };

describe("the ingress of Home Assistant", () => {
  it("signs its people in; who comes first administers the hub where nobody is named", async () => {
    await using rig = await startRig({ yard: "fake://x/?video" }, { http: { ingress: { supervisor } } });
    const [first, again] = await Promise.all([session(rig, { headers: anna }), session(rig, { headers: anna })]);
    assert.equal(first.user?.name, "Ännä");
    assert.equal(first.user?.administrator, true);
    assert.equal(first.setupNeeded, false);
    assert.equal(again.user?.id, first.user?.id);
    const second = await session(rig, { headers: ben });
    assert.deepEqual(
      [second.user?.name, second.user?.administrator, second.user?.grants],
      ["ben", false, [{ scope: "*", rights: ["view", "listen", "talk"] }]],
    );
    assert.equal((await ask(rig, "/api/v1/users", { headers: ben })).status, 403);
    assert.equal((await ask(rig, "/api/v1/users", { headers: anna })).status, 200);
    assert.equal((await session(rig, {})).user, undefined);
    const write = { method: "DELETE", headers: { ...anna, "x-doorward": "1" } };
    assert.equal(
      (await ask(rig, `/api/v1/users/${second.user?.id}`, write)).status,
      204,
      "their password is not asked for",
    );
    assert.equal((await ask(rig, `/api/v1/users/${first.user?.id}`, { ...write, headers: anna })).status, 403);
  });

  it("makes those administrators who are named, and nobody else", async () => {
    const ingress = { supervisor, administrators: ["BEN"], rights: ["view" as const] };
    await using rig = await startRig({}, { http: { ingress } });
    assert.equal((await session(rig, { headers: anna })).setupNeeded, true);
    assert.equal((await session(rig, { headers: ben })).user?.administrator, true);
    const other = await session(rig, { headers: anna });
    assert.deepEqual(other.user?.grants, [{ scope: "*", rights: ["view"] }]);
    assert.equal(other.user?.administrator, false);
  });

  it("writes down when somebody who was here before is made an administrator", async () => {
    await using rig = await startRig({}, { http: { ingress: { supervisor, administrators: ["ben"] } } });
    const { users, store, audit } = rig.identity;
    const known = await users.create({ name: "ben", administrator: false, grants: [] });
    await store.write(putStatement("home-assistant-person", "2c3d", known.id));
    assert.equal((await session(rig, { headers: ben })).user?.administrator, true);
    const found = audit.list().find(({ action }) => action === "user-changed");
    assert.deepEqual([found?.actor, found?.subject, found?.detail], ["Home Assistant", "ben", "administrator"]);
  });

  it("gives nobody the name and the rights of somebody whom the hub knew", async () => {
    await using rig = await startRig({}, { http: { ingress: { supervisor } } });
    await rig.person({ name: "ben", administrator: true });
    const { user } = await session(rig, { headers: ben });
    assert.deepEqual([user?.name, user?.administrator], ["ben (Home Assistant)", false]);
  });

  it("believes nobody else: neither from another address, nor by a forwarded one, nor where it is off", async () => {
    await using rig = await startRig({}, { http: { ingress: { supervisor } } });
    const forged = { ...anna, "x-forwarded-for": supervisor, host: "localhost" };
    assert.equal((await session(rig, { headers: forged, from: "127.0.0.1" })).user, undefined);
    assert.equal((await ask(rig, "/api/v1/session", { headers: anna, from: "127.0.0.1" })).status, 421);
    const page = await ask(rig, "/", { headers: forged, from: "127.0.0.1" });
    assert.equal(page.headers["x-frame-options"], "DENY");
    await using off = await startRig();
    assert.equal((await session(off, { headers: { ...anna, host: "localhost" } })).user, undefined);
    assert.equal((await ask(off, "/api/v1/session", { headers: anna })).status, 421);
  });

  it("shows the page under its path, in a frame of its own origin", async () => {
    await using rig = await startRig({ yard: "fake://x/?video&audio" }, { http: { ingress: { supervisor } } });
    const page = await ask(rig, "/", { headers: anna });
    assert.equal(page.headers["x-frame-options"], undefined);
    assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'self'/);
    const headers = { ...anna, "x-doorward": "1", "content-type": "application/sdp" };
    const whep = await ask(rig, "/whep/yard", { method: "POST", headers, body: offerSdp });
    assert.equal(whep.status, 201, whep.text);
    assert.ok(String(whep.headers["location"]).startsWith(`${prefix}/whep/yard/`));
    const odd = { ...headers, "x-ingress-path": '/"><script>' };
    const refused = await ask(rig, "/whep/yard", { method: "POST", headers: odd, body: offerSdp });
    assert.ok(String(refused.headers["location"]).startsWith("/whep/yard/"));
  });

  it("counts no session's cookie, which several people of Home Assistant share, and gives none", async () => {
    await using rig = await startRig({}, { http: { ingress: { supervisor } } });
    const root = await rig.person({ name: "Root", password: "correct horse", administrator: true });
    const secret = root.cookie.split("=")[1] ?? "";
    const cookie = `doorward=${secret}; __Host-doorward=${secret}`;
    for (const [who, name] of [[anna, "Ännä"] as const, [ben, "ben"] as const]) {
      const seen = await session(rig, { headers: { ...who, cookie } });
      assert.deepEqual([seen.user?.name.normalize(), seen.user?.administrator], [name.normalize(), false]);
      assert.equal((await ask(rig, "/api/v1/users", { headers: { ...who, cookie } })).status, 403);
    }
    assert.equal((await session(rig, { headers: { cookie } })).user, undefined, "nor where nobody is named");
    const headers = { ...anna, "x-doorward": "1", "content-type": "application/json" };
    const post = (path: string, body: object) =>
      ask(rig, path, { method: "POST", headers, body: JSON.stringify(body) });
    const given = { name: "Root", password: "correct horse" };
    for (const [path, body] of [
      ["/api/v1/session/panel", {}],
      ["/api/v1/session/panel/leave", given],
      ["/api/v1/login", given],
      ["/api/v1/setup", { code: "1", ...given }],
      ["/api/v1/invitation/accept", { invitation: "x", password: "correct horse" }],
    ] as const) {
      const answer = await post(path, body);
      assert.deepEqual([answer.status, JSON.parse(answer.text).code], [409, "by-ingress"], path);
      assert.equal(answer.headers["set-cookie"], undefined, path);
    }
    assert.equal((await rig.call("POST", "/api/v1/login", { body: given })).status, 200, "elsewhere as ever");
  });

  it("opens the page's socket for whom it brings, and to no other site", async () => {
    await using rig = await startRig({}, { http: { ingress: { supervisor } } });
    const open = (origin: string) => {
      const url = rig.url.replace("http", "ws").replace("localhost", "127.0.0.1");
      const headers = { ...ben, host: "home.example.org", "x-forwarded-host": "home.example.org" };
      const socket = new WebSocket(new URL("/api/v1/events", url), { localAddress: supervisor, origin, headers });
      return new Promise<string>((resolve) => {
        socket.on("message", (data) => {
          resolve(JSON.parse(String(data)).type);
          socket.close();
        });
        socket.on("error", (error) => resolve(error.message));
      });
    };
    assert.doesNotMatch(await open("https://home.example.org"), /40\d/);
    assert.match(await open("https://elsewhere.example.org"), /403/);
  });
});
