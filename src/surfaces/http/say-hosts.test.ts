import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";

const house = { front: "fake://x/?video&speaker&area=House", back: "fake://x/?video&speaker&area=House" };
const talk = [{ scope: "*", rights: ["view" as const, "talk" as const] }];

async function media() {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? "");
    answer.end("sound");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, host, [Symbol.dispose]: () => void server.close() };
}

describe("a sound at an address", () => {
  it("is said to a device, an area or all once an administrator lists its host", async () => {
    await using rig = await startRig(house);
    using server = await media();
    const root = await rig.person({ name: "Root", administrator: true });
    const guest = await rig.person({ name: "Guest", grants: talk });
    const url = `${server.host}/tts.mp3?token=secret`;
    const say = async (body: Record<string, unknown>) => {
      const { status, json } = await rig.call("POST", "/api/v1/say", { as: guest, body: { url, ...body } });
      const hearing = (json["hearing"] ?? []) as readonly { readonly deviceId: string }[];
      return { status, json, to: hearing.map(({ deviceId }) => deviceId).sort() };
    };
    const refused = await say({ all: true });
    assert.deepEqual([refused.status, refused.json.code], [422, "host-not-listed"]);
    assert.match(
      String(refused.json["detail"]),
      /^http:\/\/127\.0\.0\.1:\d+ is not one of the addresses that sounds are fetched from\. An administrator adds it/,
    );
    assert.deepEqual(server.asked, []);
    const listed = await rig.call("POST", "/api/v1/say/hosts", { as: root, body: { host: server.host } });
    assert.deepEqual(listed.json, { hosts: [{ host: server.host, configured: false }], offers: [] });
    for (const [whom, to] of [
      [{ device: "front" }, ["front"]],
      [{ area: "House" }, ["back", "front"]],
      [{ all: true, priority: 1, volume: 0.5 }, ["back", "front"]],
      [{ to: ["front", "back"] }, ["back", "front"]],
    ] as const) {
      const said = await say(whom);
      assert.deepEqual([said.status, said.to], [202, to], JSON.stringify(said.json));
    }
    assert.deepEqual(server.asked, Array(4).fill("/tts.mp3?token=secret"));
    assert.equal((await say({ device: "nobody" })).status, 404);
    for (const body of [{}, { device: "front", all: true }, { all: false }, { all: true, volume: 0 }]) {
      assert.equal((await say(body)).status, 400, JSON.stringify(body));
    }
    await rig.call("DELETE", `/api/v1/say/hosts?host=${encodeURIComponent(server.host)}`, { as: root });
    assert.equal((await say({ all: true })).json.code, "host-not-listed");
  });

  it("may be offered by a token of an administrator's, who is asked all the same", async () => {
    await using rig = await startRig(house);
    const root = await rig.person({ name: "Root", administrator: true });
    const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "Home Assistant", grants: talk });
    const headers = { authorization: `Bearer ${secret}` };
    const hosts = ["http://ha.local:8123", "https://ha.example.org/"];
    const offer = () =>
      rig.call("POST", "/api/v1/say/hosts/offers", { headers, body: { hosts, by: "Home Assistant" } });
    assert.deepEqual([(await offer()).status, (await offer()).json], [202, { listed: [] }]);
    assert.equal((await rig.call("POST", "/api/v1/say/hosts", { headers, body: { host: hosts[0] } })).status, 403);
    const { json } = await rig.call("GET", "/api/v1/say/hosts", { as: root });
    const offers = json["offers"] as readonly { readonly host: string; readonly by: string }[];
    assert.deepEqual(
      offers.map(({ host, by }) => [host, by]),
      [
        ["http://ha.local:8123", "Home Assistant (Root)"],
        ["https://ha.example.org", "Home Assistant (Root)"],
      ],
    );
    await rig.call("POST", "/api/v1/say/hosts", { as: root, body: { host: offers[0]?.host } });
    const left = await rig.call("DELETE", `/api/v1/say/hosts?host=${offers[1]?.host}`, { as: root });
    assert.deepEqual(left.json, { hosts: [{ host: "http://ha.local:8123", configured: false }], offers: [] });
    assert.deepEqual((await offer()).json, { listed: ["http://ha.local:8123"] });
    const bad = await rig.call("POST", "/api/v1/say/hosts/offers", {
      headers,
      body: { hosts: ["http://169.254.169.254"], by: "x" },
    });
    assert.deepEqual([bad.status, bad.json.code], [422, "bad-host"]);
  });
});
