import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { habitFrom } from "../../hub/habits.ts";
import { transcodeConfig } from "../../hub/transcode-config.ts";
import { type Log, silentLog } from "../../util/log.ts";

const sdp = { "content-type": "application/sdp" };
const trickle = { "content-type": "application/trickle-ice-sdpfrag" };
const fragment = (lines: readonly string[]) => [...lines, ""].join("\r\n");
const candidate = "candidate:1 1 udp 2130706431 192.168.1.9 54321 typ host generation 0";

const post = (rig: Rig, as: Person | undefined, id = "front", body: string = offerSdp) =>
  rig.call("POST", `/whep/${id}`, { as, headers: sdp, body });

async function people(rig: Rig) {
  const root = await rig.person({ name: "Root", administrator: true });
  const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view", "listen", "talk"] }] });
  const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view"] }] });
  return { root, anna, ben };
}

describe("WHEP", () => {
  it("answers an offer, takes candidates, and ends on DELETE", async () => {
    await using rig = await startRig({ front: "fake://x/?video&audio" });
    const { anna } = await people(rig);
    const answer = await post(rig, anna);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("content-type"), "application/sdp");
    assert.match(answer.text, /^v=0/);
    const location = answer.headers.get("location") ?? "";
    assert.match(location, /^\/whep\/front\/[\w-]{22}$/);
    const body = fragment(["a=ice-ufrag:abcd", "a=ice-pwd:x", "m=video 9 RTP/AVP 0", "a=mid:0", `a=${candidate}`]);
    const etag = answer.headers.get("etag") ?? "";
    const patched = await rig.call("PATCH", location, { as: anna, headers: { ...trickle, "if-match": etag }, body });
    assert.equal(patched.status, 204, patched.text);
    assert.deepEqual(rig.webrtc.viewers[0]?.candidates, [candidate]);
    assert.equal((await rig.call("DELETE", location, { as: anna })).status, 200);
    await rig.webrtc.viewers[0]?.disposed;
    assert.equal((await rig.call("DELETE", location, { as: anna })).status, 404);
    assert.equal(rig.web.viewings.size, 0);
  });

  it("gives sound with the right to listen, a microphone with the right to talk, and writes it down", async () => {
    await using rig = await startRig({ front: "fake://x/?video&audio" });
    const { anna, ben } = await people(rig);
    await post(rig, anna);
    await post(rig, ben);
    const [first, second] = rig.webrtc.viewers.map(({ request }) => request);
    assert.equal(first?.audio?.format.codec, "opus");
    assert.equal(first?.acceptMicrophone, true);
    assert.equal(second?.audio, undefined);
    assert.equal(second?.acceptMicrophone, false);
    assert.equal(second?.video?.format.codec, "h264");
    const lines = rig.identity.audit.list().map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);
    assert.deepEqual(lines, ["Ben view front", "Anna listen front"]);
  });

  it("gives a muted tile no sound, says of nobody that they listened to it, and says it once for a sitting", async () => {
    await using rig = await startRig({ front: "fake://x/?video&audio" });
    const { anna } = await people(rig);
    const mute = offerSdp.replace(/m=audio[\s\S]*?(?=m=|$)/, "");
    for (let turn = 0; turn < 3; turn++) {
      const answer = await post(rig, anna, "front", mute);
      assert.equal(answer.status, 201, answer.text);
      assert.equal(rig.webrtc.viewers.at(-1)?.request.audio, undefined);
      await rig.call("DELETE", answer.headers.get("location") ?? "", { as: anna });
    }
    const told = () => rig.identity.audit.list().map(({ action }) => action);
    assert.deepEqual(told(), ["view"]);
    await post(rig, anna);
    assert.deepEqual(told(), ["listen", "view"]);
  });

  it("gives no microphone for a device that is only looked at, but to who may add it", async () => {
    await using rig = await startRig({});
    const { root } = await people(rig);
    const device = await rig.hub.devices.preview({ name: "New", address: "fake://x/?video" });
    assert.equal((await post(rig, root, device.id)).status, 201);
    const holder = await rig.person({ name: "Eve", grants: [{ scope: "*", rights: ["administer"] }] });
    assert.equal((await post(rig, holder, device.id)).status, 201);
    assert.deepEqual(
      rig.webrtc.viewers.map(({ request }) => request.acceptMicrophone),
      [true, true],
      "as for every right to it",
    );
  });

  it("converts a device's sound once for all viewers", async () => {
    await using rig = await startRig({ front: "fake://x/?video&audio" });
    const { anna } = await people(rig);
    await Promise.all([post(rig, anna), post(rig, anna), post(rig, anna)]);
    assert.equal(rig.conversions.tracks, 1);
    assert.equal(new Set(rig.webrtc.viewers.map(({ request }) => request.audio)).size, 1);
  });

  it("another person's session is as good as none", async () => {
    await using rig = await startRig({ front: "fake://x/?video", yard: "fake://x/?video" });
    const { anna, ben, root } = await people(rig);
    const location = (await post(rig, anna)).headers.get("location") ?? "";
    for (const as of [ben, root]) {
      assert.equal((await rig.call("DELETE", location, { as })).status, 404);
      const patched = await rig.call("PATCH", location, { as, headers: trickle, body: fragment([`a=${candidate}`]) });
      assert.equal(patched.status, 404);
    }
    assert.equal((await rig.call("DELETE", location.replace("front", "yard"), { as: anna })).status, 404);
    assert.equal(rig.web.viewings.size, 1);
  });

  it("a token stands in for cookie and page header; a cookie does not", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const { anna } = await people(rig);
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "player", grants: everything });
    const headers = { ...sdp, authorization: `Bearer ${secret}`, "x-doorward": "" };
    const answer = await rig.call("POST", "/whep/front", { headers, body: offerSdp });
    assert.equal(answer.status, 201);
    const location = answer.headers.get("location") ?? "";
    assert.equal(
      (await rig.call("DELETE", location, { headers: { authorization: headers.authorization, "x-doorward": "" } }))
        .status,
      200,
    );
    const forged = await rig.call("POST", "/whep/front", {
      as: anna,
      headers: { ...sdp, "x-doorward": "" },
      body: offerSdp,
    });
    assert.equal(forged.json.code, "not-our-page");
  });

  it("refuses a stale ETag, an ICE restart, and what is no trickle message", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const { anna } = await people(rig);
    const location = (await post(rig, anna)).headers.get("location") ?? "";
    const patch = async (body: string, headers: Record<string, string> = {}) =>
      (await rig.call("PATCH", location, { as: anna, headers: { ...trickle, ...headers }, body })).status;
    assert.equal(await patch(fragment(["a=mid:0"]), { "if-match": '"other"' }), 412);
    assert.equal(await patch(fragment(["a=ice-ufrag:wxyz"])), 422);
    assert.equal(await patch("hello"), 400);
    assert.equal(await patch(fragment(["a=candidate:nonsense"])), 400);
    assert.equal(await patch("{}", { "content-type": "application/json" }), 415);
    assert.equal(rig.web.viewings.size, 1);
  });

  it("says why there is no picture", async () => {
    await using rig = await startRig({ locked: "fake://x/?refuse", modern: "fake://x/?video&h265" });
    const { anna } = await people(rig);
    const locked = await post(rig, anna, "locked");
    assert.equal(locked.status, 503);
    assert.match(String(locked.json["detail"]), /wrong password/);
    rig.hub.pictures.follow(transcodeConfig.parse({ max: 0 }));
    const modern = await post(rig, anna, "modern");
    assert.equal(modern.status, 406);
    assert.equal(modern.json.code, "codec-unsupported");
    assert.match(String(modern.json["detail"]), /cannot show H\.265, and the hub is set to convert none/);
    assert.equal(
      (await post(rig, anna, "modern", offerSdp.replace("m=video", "m=x").replace("H264", "H265"))).status,
      400,
    );
    assert.equal((await post(rig, anna, "modern", "")).status, 400);
    assert.equal(rig.web.viewings.size, 0);
  });

  it("converts a picture that is not offered, once for all who need it, and says so", async () => {
    await using rig = await startRig({ modern: "fake://x/?video&h265" });
    const { anna, ben } = await people(rig);
    const answers = [await post(rig, anna, "modern"), await post(rig, ben, "modern")];
    for (const { status, headers } of answers) {
      assert.equal(status, 201);
      assert.equal(headers.get("doorward-converted"), "h265; why=codec");
    }
    assert.equal(rig.conversions.pictures, 1);
    const asIs = await post(rig, anna, "modern", offerSdp.replaceAll("H264", "H265"));
    assert.equal(asIs.headers.get("doorward-converted"), null);
    assert.equal(rig.hub.pictures.list()[0]?.viewers, 2);
  });

  it("is what the hub learns of when a camera is opened, and the hub's own looking is not", async () => {
    await using rig = await startRig({ front: "fake://x/?video", yard: "fake://x/?video" });
    const { anna } = await people(rig);
    using _demand = rig.hub.devices.get("yard")?.demand();
    assert.equal((await post(rig, anna)).status, 201);
    await rig.identity.store.settled();
    const learnt = (id: string) => habitFrom(rig.identity.store.get("device-habits", id));
    assert.equal(
      learnt("front")?.scores.reduce((sum, score) => sum + score),
      1,
    );
    assert.equal(learnt("yard"), undefined);
  });

  it("bounds how many pictures one person opens", async () => {
    await using rig = await startRig({ front: "fake://x/?video" }, { whep: { maxViewersPerUser: 2 } });
    const { anna, ben } = await people(rig);
    assert.equal((await post(rig, anna)).status, 201);
    assert.equal((await post(rig, anna)).status, 201);
    assert.equal((await post(rig, anna)).json.code, "too-many-viewers");
    assert.equal((await post(rig, ben)).status, 201);
  });

  it("counts those that are only being opened, too", async () => {
    await using rig = await startRig({ front: "fake://x/?video" }, { whep: { maxViewersPerUser: 2 } });
    const { anna } = await people(rig);
    const answers = await Promise.all(Array.from({ length: 6 }, () => post(rig, anna)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 429, 429, 429, 429]);
    assert.equal(rig.web.viewings.size, 2);
  });

  it("tells players the ICE servers, with TURN credentials that are short-lived and their own", async () => {
    const turn = { urls: ["turn:turn.example.org:3478?transport=udp"], secret: "0123456789abcdef" };
    await using rig = await startRig(
      { front: "fake://x/?video" },
      { whep: { stunServers: ["stun:stun.example.org:3478"], turn } },
    );
    const { anna } = await people(rig);
    const links = [await post(rig, anna), await post(rig, anna)].map(({ headers }) => headers.get("link") ?? "");
    assert.match(
      links[0] ?? "",
      /^<stun:stun.example.org:3478>; rel="ice-server", <turn:[^>]+>; rel="ice-server"; username="\d+:[\w-]{22}"; credential="[^"]{28}"; credential-type="password"$/,
    );
    assert.notEqual(links[0], links[1]);
    assert.ok(!links.join().includes(turn.secret));
  });
});

describe("whoever leaves while a camera is still being reached", () => {
  it("leaves nothing of it in the log", async () => {
    const said: string[] = [];
    const note = (_: object, message: string) => void said.push(message);
    const log: Log = { ...silentLog, warn: note, error: note, child: () => log };
    const ids = ["front", "yard", "gate"];
    await using rig = await startRig(Object.fromEntries(ids.map((id) => [id, "fake://x/?silent"])), { log });
    const { anna } = await people(rig);
    for (const id of ids) {
      const leave = new AbortController();
      const asked = fetch(new URL(`/whep/${id}`, rig.url), {
        method: "POST",
        headers: { ...sdp, cookie: anna.cookie, "x-doorward": "1", origin: new URL(rig.url).origin },
        body: offerSdp,
        signal: leave.signal,
      });
      while (!rig.camera.running.has(id)) await rig.call("GET", "/health");
      leave.abort();
      await assert.rejects(asked);
      for (let round = 0; round < 5; round++) await rig.call("GET", "/health"); // the hub has noticed meanwhile
    }
    assert.deepEqual(said, []);
  });
});

describe("viewers are let go within a second", () => {
  async function watching() {
    const rig = await startRig({ front: "fake://x/?video&audio" });
    const all = await people(rig);
    const location = (await post(rig, all.anna)).headers.get("location") ?? "";
    const [viewer] = rig.webrtc.viewers;
    assert.ok(viewer);
    return { rig, ...all, viewer, location };
  }

  const causes: Readonly<Record<string, (at: Awaited<ReturnType<typeof watching>>) => Promise<unknown>>> = {
    "log-out": ({ rig, anna }) => rig.call("POST", "/api/v1/logout", { as: anna }),
    "a change of rights": ({ rig, anna, root }) =>
      rig.call("PATCH", `/api/v1/users/${anna.id}`, { as: root, body: { grants: [{ scope: "*", rights: ["view"] }] } }),
    "a new password": ({ rig, anna, root }) =>
      rig.call("PATCH", `/api/v1/users/${anna.id}`, { as: root, body: { password: "another word" } }),
    "the person's removal": ({ rig, anna, root }) => rig.call("DELETE", `/api/v1/users/${anna.id}`, { as: root }),
    "the device's removal": ({ rig, root }) => rig.call("DELETE", "/api/v1/devices/front", { as: root }),
    "the end of the connection": async ({ viewer }) => viewer.fail("failed"),
    "the end of the hub": async ({ rig }) => rig[Symbol.asyncDispose](),
  };

  for (const [cause, act] of Object.entries(causes)) {
    it(`by ${cause}`, async () => {
      const at = await watching();
      await using _rig = at.rig;
      const startMs = performance.now();
      await act(at);
      await at.viewer.disposed;
      await new Promise(setImmediate);
      assert.ok(performance.now() - startMs < 1000);
      assert.equal(at.rig.web.viewings.size, 0);
      assert.equal(at.rig.identity.attachments.size, 0);
    });
  }

  it("by another area that takes their right, and nobody else's picture ends", async () => {
    await using rig = await startRig({ front: "fake://x/?video&audio&area=House" });
    const { root, anna } = await people(rig);
    const house = { scope: "area:House", rights: ["view", "listen"] as const };
    const carl = await rig.person({ name: "Carl", grants: [{ ...house, rights: [...house.rights] }] });
    const dora = await rig.person({
      name: "Dora",
      grants: [
        { ...house, rights: [...house.rights] },
        { scope: "area:Yard", rights: ["view"] },
      ],
    });
    for (const person of [root, anna, carl, dora]) assert.equal((await post(rig, person)).status, 201);
    await rig.call("PATCH", "/api/v1/devices/front", { as: root, body: { area: "Yard" } });
    const [, , carls, doras] = rig.webrtc.viewers;
    await Promise.all([carls?.disposed, doras?.disposed]);
    await new Promise(setImmediate);
    assert.equal(rig.web.viewings.size, 2, "Root's and Anna's go on; Dora may not listen there");
  });

  it("also when rights end while the answer is being made", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const { anna } = await people(rig);
    const gate = Promise.withResolvers<void>();
    const asked = rig.webrtc.hold(gate.promise);
    const answer = post(rig, anna);
    await asked;
    await rig.call("POST", "/api/v1/logout", { as: anna });
    gate.resolve();
    assert.equal((await answer).status, 404);
    await rig.webrtc.viewers[0]?.disposed;
    assert.equal(rig.web.viewings.size, 0);
  });

  it("and nothing keeps the device running", async () => {
    const { rig, anna, location } = await watching();
    await using _rig = rig;
    const track = rig.hub.devices.get("front")?.track("video");
    assert.equal(track?.readerCount, 1);
    await rig.call("DELETE", location, { as: anna });
    assert.equal(track?.readerCount, 0);
  });
});

describe("other sites", () => {
  const origin = "https://dashboard.example";

  it("may not watch unless they are listed", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const { anna } = await people(rig);
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "player", grants: everything });
    const headers = { ...sdp, authorization: `Bearer ${secret}`, origin };
    assert.equal((await rig.call("POST", "/whep/front", { headers, body: offerSdp })).status, 403);
    assert.equal((await rig.call("OPTIONS", "/whep/front", { headers: { origin } })).status, 403);
  });

  it("that are listed may watch with a token, and nothing else", async () => {
    await using rig = await startRig({ front: "fake://x/?video" }, { whep: { allowedOrigins: [origin] } });
    const { anna } = await people(rig);
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "player", grants: everything });
    const preflight = await rig.call("OPTIONS", "/whep/front", {
      headers: { origin, "access-control-request-method": "POST" },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/);
    const headers = { ...sdp, authorization: `Bearer ${secret}`, "x-doorward": "", origin };
    const answer = await rig.call("POST", "/whep/front", { headers, body: offerSdp });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get("access-control-allow-origin"), origin);
    assert.match(answer.headers.get("access-control-expose-headers") ?? "", /location/);
    assert.equal(answer.headers.get("access-control-allow-credentials"), null);
    assert.equal((await rig.call("GET", "/api/v1/devices", { headers })).status, 403);
    const cookie = await rig.call("POST", "/whep/front", { as: anna, headers: { ...sdp, origin }, body: offerSdp });
    assert.equal(cookie.status, 401);
  });
});
