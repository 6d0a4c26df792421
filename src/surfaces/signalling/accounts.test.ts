import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signallingHouse as house } from "../../../test/signalling-house.ts";

describe("accounts and devices of the agents' protocol", () => {
  it("let somebody register, pair a device by its code, and watch it from then on", async () => {
    await using home = await house();
    const account = { username: "ann", email: "ann@example.org", password: "long-enough" };
    const registered = await home.post("/api/auth/register", account);
    assert.equal(registered.status, 200);
    assert.deepEqual((await home.post("/api/auth/register", account)).json, { detail: "Username already exists" });
    const { json } = await home.post("/api/auth/login", { username: "ann", password: "long-enough" });
    const token = String(json["access_token"]);
    assert.equal((await home.post("/api/auth/login", { username: "ann", password: "wrong" })).status, 401);
    await home.post("/api/devices/register", { device_id: "Shed_1", device_name: "Shed" });
    const agent = await home.agent({ device_id: "Shed_1" });
    assert.equal((await agent.next("hello_ack")).payload["device_id"], "Shed_1");
    assert.deepEqual((await home.get("/api/devices", token)).json, []);
    const code = (await home.post("/api/pairing/generate?device_id=Shed_1", {})).json["code"];
    const paired = await home.post("/api/devices/pair", { pairing_code: code }, token);
    assert.deepEqual(paired.json["device"], { device_id: "shed-1", device_name: "Shed" });
    assert.equal((await home.post("/api/devices/pair", { pairing_code: code }, token)).status, 404);
    const list = (await home.get("/api/devices", token)).json as unknown as { device_id: string; is_online: boolean }[];
    assert.deepEqual(
      list.map(({ device_id, is_online }) => [device_id, is_online]),
      [["shed-1", true]],
    );
    const viewer = await home.viewer(token);
    viewer.say("watch_request", { device_id: "Shed_1" });
    await viewer.next("watch_ready");
  });

  it("let a page pair that shows its token in the body, and no other token there", async () => {
    await using home = await house();
    const token = await home.token("ann", []);
    await home.post("/api/devices/register", { device_id: "shed" });
    const { code: pairing_code } = (await home.post("/api/pairing/generate?device_id=shed", {})).json;
    for (const wrong of [{}, { token: "dwt_no" }, { token: "" }, { token: 7 }]) {
      assert.equal((await home.post("/api/devices/pair", { pairing_code, ...wrong })).status, 401);
    }
    assert.equal((await home.post("/api/devices/pair", { pairing_code, token })).status, 200);
  });

  it("add nobody and tell nothing where an administrator lets people and devices in", async () => {
    await using home = await house({ open: false });
    const account = { username: "eve", password: "long-enough" };
    assert.equal((await home.post("/api/auth/register", account)).status, 403);
    assert.equal((await home.get("/api/devices")).status, 401);
    assert.equal((await home.get("/api/devices/yard/status")).status, 404);
    assert.equal((await home.post("/api/pairing/generate?device_id=yard", {})).status, 404);
    const token = await home.token("ann");
    assert.equal((await home.get(`/api/devices?token=${token}`)).status, 401);
    assert.equal((await home.get("/api/devices", token)).status, 200);
  });

  it("let an administrator take in a waiting device by its code; nobody guesses one", async () => {
    await using home = await house({ open: false });
    const hello = { device_id: "shed", token: "dwd_own", claims: true };
    await (await home.agent(hello)).closed;
    const made = await home.post("/api/pairing/generate?device_id=shed", {}, "dwd_own");
    const pair = (token: string, pairing_code: unknown) => home.post("/api/devices/pair", { pairing_code }, token);
    const ann = await home.token("ann");
    assert.equal((await pair(ann, made.json["code"])).status, 403);
    const again = await home.post("/api/pairing/generate?device_id=shed", {}, "dwd_own");
    const admin = await home.token("adm", [{ scope: "*", rights: ["view", "administer"] }]);
    assert.equal((await pair(admin, again.json["code"])).status, 200);
    const agent = await home.agent(hello);
    await agent.next("hello_ack");
    const third = (await home.post("/api/pairing/generate?device_id=shed", {}, "dwd_own")).json["code"];
    const wrong = String((Number(third) + 1) % 1_000_000).padStart(6, "0");
    for (let guess = 0; guess < 20; guess++) assert.equal((await pair(ann, wrong)).status, 404);
    assert.equal((await pair(ann, third)).status, 404);
  });
});
