import assert from "node:assert/strict";
import { test } from "node:test";
import { everything, startRig } from "../../../test/web-rig.ts";
import type { Grant } from "../../identity/policy.ts";

const authorization = (token: string, how: "Basic" | "Bearer") =>
  how === "Bearer" ? `Bearer ${token}` : `Basic ${btoa(`camera:${token}`)}`;

test("a camera's webhook presses the bell with a token that may talk there, whatever its body is", async () => {
  await using rig = await startRig({ front: "fake://x/?video", yard: "fake://x/?video" });
  const root = await rig.person({ name: "Root", administrator: true });
  const grants: Grant[] = [{ scope: "device:front", rights: ["talk"] }];
  const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "camera", grants });
  const hook = (path: string, init: RequestInit = {}) => fetch(new URL(`/api/v1/devices/${path}`, rig.url), init);

  const xml = { "content-type": "text/xml; charset=UTF-8", authorization: authorization(secret, "Basic") };
  const body = "<EventNotificationAlert><eventType>doorbell</eventType></EventNotificationAlert>";
  const rung = await hook("front/hook/ring?bell=upper", { method: "POST", headers: xml, body });
  assert.equal(rung.status, 200, await rung.clone().text());
  const first = (await rung.json()) as { readonly state: string; readonly call: string };
  assert.equal(rig.hub.calls.get(first.call)?.from.bell, "upper");
  const broken = { ...xml, "content-type": "application/json" };
  const again = await hook("front/hook/ring?bell=upper", { method: "POST", headers: broken, body: "{nonsense" });
  assert.equal(((await again.json()) as { readonly state: string }).state, "joined");

  const got = await hook("front/hook/ring", { headers: { authorization: authorization(secret, "Bearer") } });
  assert.equal(got.status, 200);
  assert.equal((await hook("yard/hook/ring", { headers: xml })).status, 404);
  const nobody = await hook("front/hook/ring");
  assert.deepEqual([nobody.status, nobody.headers.get("www-authenticate")?.slice(0, 5)], [401, "Basic"]);
  assert.equal((await hook("front/hook/ring", { headers: { cookie: root.cookie } })).status, 401);
  await rig.identity.store.settled();
  assert.equal(rig.identity.audit.list().filter(({ action }) => action === "bell-rung").length, 2);
});

test("a token in the address counts only where the configuration says so", async () => {
  await using rig = await startRig({ front: "fake://x/?video" });
  const root = await rig.person({ name: "Root", administrator: true });
  const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "camera", grants: everything });
  const hook = () => fetch(new URL(`/api/v1/devices/front/hook/ring?token=${secret}`, rig.url));
  assert.equal((await hook()).status, 401);
  const { calls, house } = rig.hub.rules();
  const groups = {};
  const floor = { longestTalkS: 0 } as never;
  rig.hub.follow({ groups, floor, house, calls: { ...calls, hookTokenInUrl: true } });
  assert.equal((await hook()).status, 200);
});
