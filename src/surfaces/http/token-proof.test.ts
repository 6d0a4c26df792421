import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { it } from "node:test";
import { everything, startRig } from "../../../test/web-rig.ts";
import { tokenProof, tokenTag } from "../../identity/token-proof.ts";

it("a hub proves that it knows a token, and where it was asked, to who shows no token", async () => {
  await using rig = await startRig({ yard: "fake://x/?video" });
  const { credentials } = rig.identity;
  const root = await rig.person({ name: "Root", administrator: true });
  const { id, secret } = await credentials.makeToken(root.id, { name: "home", grants: everything });
  const key = createHash("sha256").update(secret).digest();
  const nonce = randomBytes(24).toString("base64url");
  const ask = (body: object) => rig.call("POST", "/api/v1/proof", { body });
  const { hostname, port } = new URL(rig.url);
  const at = { scheme: "http", address: hostname, port: Number(port) } as const;

  const answer = await ask({ token: tokenTag(key), nonce });
  assert.deepEqual(answer.json, { proof: tokenProof(key, { nonce, at }) });
  assert.notEqual(answer.json["proof"], tokenProof(key, { nonce, at: { ...at, port: 1 } }), "it names the place");
  assert.notDeepEqual((await ask({ token: tokenTag(key), nonce: `${nonce}x` })).json, answer.json);

  const stranger = createHash("sha256").update("dwt_other").digest();
  assert.equal((await ask({ token: tokenTag(stranger), nonce })).status, 404);
  assert.equal((await ask({ token: tokenTag(key), nonce: "short" })).status, 400);
  await credentials.end({ userId: root.id, via: "token", id }).kept;
  assert.equal((await ask({ token: tokenTag(key), nonce })).status, 404, "one that was taken away proves nothing");
});
