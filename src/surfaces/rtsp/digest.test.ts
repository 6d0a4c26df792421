import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RtspHouse, startRtspHouse } from "../../../test/rtsp-house.ts";
import { basic, RtspPeer } from "../../../test/rtsp-peer.ts";
import { authorize, type DigestAlgorithm, parseChallenges } from "../../protocols/rtsp/auth.ts";

const uri = "rtsp://127.0.0.1/yard";

/** DESCRIBE with the answer to the challenge of this algorithm. */
async function describeBy(
  house: RtspHouse,
  options: { readonly algorithm: DigestAlgorithm; readonly username: string; readonly password: string },
) {
  using peer = await RtspPeer.connect(house.port);
  const offered = parseChallenges((await peer.ask("DESCRIBE", uri)).headers.all("WWW-Authenticate"));
  const schemes = offered.map((one) => (one.scheme === "digest" ? one.algorithm : "basic"));
  const challenge = offered.find((one) => one.scheme === "digest" && one.algorithm === options.algorithm);
  if (!challenge) return { status: 401, schemes };
  const Authorization = authorize(challenge, { ...options, method: "DESCRIBE", uri });
  const { status } = await peer.ask("DESCRIBE", uri, { Authorization });
  return { status, schemes, Authorization };
}

describe("Digest with tokens", { concurrency: 4 }, () => {
  for (const algorithm of ["SHA-256", "MD5"] as const) {
    it(`${algorithm}: with x and with one's own name, and no other token`, async () => {
      await using house = await startRtspHouse({ yard: "fake://x/?video" });
      for (const username of ["x", "Person 1"]) {
        const answer = await describeBy(house, { algorithm, username, password: house.token });
        assert.deepEqual(answer.schemes, ["SHA-256", "MD5", "basic"]);
        assert.equal(answer.status, 200, username);
      }
      assert.equal((await describeBy(house, { algorithm, username: "x", password: "dwt_other" })).status, 401);
    });
  }

  it("offers Basic alone to who failed, and learns the name from that", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    const admin = { algorithm: "MD5", username: "admin", password: house.token } as const;
    assert.equal((await describeBy(house, admin)).status, 401);
    assert.deepEqual((await describeBy(house, admin)).schemes, ["basic"]);
    using peer = await RtspPeer.connect(house.port);
    assert.equal((await peer.ask("DESCRIBE", uri, basic(house.token, "admin"))).status, 200);
    await house.rig.identity.store.settled();
    assert.equal(house.rig.identity.digests.of("admin").length, 1);
  });

  it("is of no use on another connection, and ends with its token", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    const { identity } = house.rig;
    const known = { algorithm: "SHA-256", username: "x", password: house.token } as const;
    const { Authorization = "" } = await describeBy(house, known);
    using other = await RtspPeer.connect(house.port);
    const stolen = await other.ask("DESCRIBE", uri, { Authorization });
    assert.equal(stolen.status, 401);
    assert.match(stolen.headers.get("WWW-Authenticate") ?? "", /stale=true/);
    const { userId, credentialId } = identity.credentials.find(house.token) ?? assert.fail();
    await identity.users.endCredential({ userId, via: "token", id: credentialId });
    assert.equal((await describeBy(house, known)).status, 401);
    assert.deepEqual(identity.digests.of("x"), []);
  });

  it("keeps nothing that could be read, or shown as a token", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    const { store } = house.rig.identity;
    const kept = store.read("SELECT value FROM kept WHERE kind = 'digest'").map(({ value }) => String(value));
    assert.equal(kept.length, 1);
    assert.match(kept[0] ?? "", /^"sealed:1:[\w-]+"$/);
    const [key] = house.rig.identity.digests.of("x");
    using peer = await RtspPeer.connect(house.port);
    for (const text of [key?.sha256 ?? "", key?.md5 ?? ""]) {
      assert.equal((await peer.ask("DESCRIBE", uri, basic(text))).status, 401);
    }
  });
});
