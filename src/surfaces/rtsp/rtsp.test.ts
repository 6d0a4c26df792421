import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startRtspHouse } from "../../../test/rtsp-house.ts";
import { basic, RtspPeer } from "../../../test/rtsp-peer.ts";
import { parseRtp } from "../../protocols/rtp/packet.ts";
import { parseSdp } from "../../protocols/sdp/index.ts";
import { silentLog } from "../../util/log.ts";
import { placeOf } from "./place.ts";

const yard = "rtsp://127.0.0.1/yard";
const tcp = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };
const key = { data: Uint8Array.of(0, 0, 0, 1, 0x65, 1, 2, 3), timestampUs: 0, key: true };

describe("an RTSP address", () => {
  const meant: Readonly<Record<string, ReturnType<typeof placeOf>>> = {
    "rtsp://hub:8554/yard": { deviceId: "yard", label: "main" },
    "rtsp://hub:8554/yard/": { deviceId: "yard", label: "main" },
    "rtsp://hub/yard/main": { deviceId: "yard", label: "main" },
    "rtsps://x:y@hub/yard/sub?a=b": { deviceId: "yard", label: "sub" },
    "rtsp://hub/front%2Ddoor/trackID=1": { deviceId: "front-door", label: "main", control: "trackID=1" },
    "rtsp://hub/yard/sub/trackid=0/": { deviceId: "yard", label: "sub", control: "trackID=0" },
    "rtsp://hub/yard?x=1/trackID=0": { deviceId: "yard", label: "main", control: "trackID=0" },
    "/yard": { deviceId: "yard", label: "main" },
    "rtsp://hub/": undefined,
    "rtsp://hub/yard/big": undefined,
    "rtsp://hub/a/b/c": undefined,
    "*": undefined,
    [`rtsp://hub/${"a".repeat(600)}`]: undefined,
  };
  for (const [uri, place] of Object.entries(meant)) {
    it(`${uri.slice(0, 60)} ${place ? "is understood" : "means nothing"}`, () => {
      if (uri === "*") assert.equal(placeOf(uri)?.deviceId, "*");
      else assert.deepEqual(placeOf(uri), place);
    });
  }
});

describe("the RTSP surface", { concurrency: 4 }, () => {
  it("describes a camera, sets it up, plays it, and ends", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&audio" });
    const track = await house.track("yard", "video");
    using peer = await RtspPeer.connect(house.port);
    assert.match((await peer.ask("OPTIONS", "*")).headers.get("Public") ?? "", /DESCRIBE.*GET_PARAMETER/);
    const described = await peer.ask("DESCRIBE", yard, basic(house.token));
    assert.equal(described.status, 200);
    assert.equal(described.headers.get("Content-Base"), `${yard}/`);
    const { media, name } = parseSdp(Buffer.from(described.body).toString());
    assert.equal(name, "yard");
    assert.deepEqual(
      media.map(({ kind, control, payloads }) => [kind, control, payloads[0]?.encoding]),
      [
        ["video", "trackID=0", "H264"],
        ["audio", "trackID=1", "MPEG4-GENERIC"],
      ],
    );
    const setUp = await peer.ask("SETUP", `${yard}/trackID=0`, tcp);
    assert.match(setUp.headers.get("Transport") ?? "", /^RTP\/AVP\/TCP;unicast;interleaved=0-1;ssrc=[0-9A-F]{8}$/);
    assert.match(setUp.headers.get("Session") ?? "", /^[0-9a-f]{24};timeout=60$/);
    track.write(key);
    const play = await peer.ask("PLAY", yard);
    const [, sequence] = /url=.*\/yard\/trackID=0;seq=(\d+)$/.exec(play.headers.get("RTP-Info") ?? "") ?? [];
    await peer.until("a packet", () => peer.frames.some(({ channel }) => channel === 0));
    const packet = parseRtp(peer.frames.find(({ channel }) => channel === 0)?.payload ?? new Uint8Array());
    assert.equal(packet.sequence, Number(sequence));
    assert.deepEqual([...packet.payload], [0x65, 1, 2, 3]);
    await peer.until("a sender report", () => peer.frames.some(({ channel }) => channel === 1));
    assert.equal((await peer.ask("GET_PARAMETER", yard)).status, 200);
    assert.equal((await peer.ask("PAUSE", yard)).status, 200);
    assert.equal((await peer.ask("PLAY", yard)).status, 200);
    assert.equal((await peer.ask("TEARDOWN", yard)).status, 200);
    assert.equal(track.readerCount, 0);
    assert.ok(house.rig.identity.audit.list().some(({ action, subject }) => action === "listen" && subject === "yard"));
  });

  it("asks for a token, and gives nothing for a wrong one", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    using peer = await RtspPeer.connect(house.port);
    const without = await peer.ask("DESCRIBE", yard);
    assert.equal(without.status, 401);
    assert.ok(without.headers.all("WWW-Authenticate").includes('Basic realm="Doorward"'));
    assert.equal((await peer.ask("DESCRIBE", yard, basic("dwt_guessed"))).status, 401);
    const session = (await house.rig.person({ name: "Eve", administrator: true })).cookie.split("=")[1] ?? "";
    assert.equal((await peer.ask("DESCRIBE", yard, basic(session))).status, 401, "a page's session is no password");
    assert.equal((await peer.ask("DESCRIBE", yard, basic(house.token))).status, 200);
    assert.equal((await peer.ask("SETUP", `${yard}/trackID=0`, tcp)).status, 200, "it is known on this connection");
  });

  it("puts off wrong tokens from an address that was wrong ten times, and still takes right ones from there", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    using known = await RtspPeer.connect(house.port);
    await known.ask("DESCRIBE", yard, basic(house.token));
    using guesser = await RtspPeer.connect(house.port);
    for (let n = 0; n < 10; n++) assert.equal((await guesser.ask("DESCRIBE", yard, basic(`dwt_${n}`))).status, 401);
    const refused = await guesser.ask("DESCRIBE", yard, basic("dwt_old"));
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get("Retry-After")) > 0);
    using neighbour = await RtspPeer.connect(house.port);
    assert.equal((await neighbour.ask("DESCRIBE", yard, basic(house.token))).status, 200);
    assert.equal((await known.ask("SETUP", `${yard}/trackID=0`, tcp)).status, 200);
  });

  it("shows what one may see, and says the same of what one may not see and of what is not there", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&audio", hall: "fake://x/?video" });
    const token = await house.tokenFor([{ scope: "device:yard", rights: ["view"] }]);
    using peer = await RtspPeer.connect(house.port);
    const described = await peer.ask("DESCRIBE", yard, basic(token));
    assert.deepEqual(
      parseSdp(Buffer.from(described.body).toString()).media.map(({ kind }) => kind),
      ["video"],
    );
    const hidden = await peer.ask("DESCRIBE", "rtsp://127.0.0.1/hall", basic(token));
    const missing = await peer.ask("DESCRIBE", "rtsp://127.0.0.1/attic", basic(token));
    assert.deepEqual([hidden.status, hidden.reason], [missing.status, missing.reason]);
    assert.equal(missing.status, 404);
    assert.equal((await peer.ask("DESCRIBE", `${yard}/sub`, basic(token))).status, 404, "it has no small picture");
  });

  it("shows the small picture under its own address, and opens that source alone", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&audio&sub" });
    using peer = await RtspPeer.connect(house.port);
    const described = await peer.ask("DESCRIBE", `${yard}/sub`, basic(house.token));
    assert.equal(described.status, 200);
    assert.equal(parseSdp(Buffer.from(described.body).toString()).media.length, 1);
    assert.deepEqual([...house.rig.camera.running.keys()], ["yard/sub"]);
  });

  it("refuses each with the status that is meant for it", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&audio", lost: "fake://x/?lost" });
    using peer = await RtspPeer.connect(house.port);
    const auth = basic(house.token);
    const refused = async (method: string, uri: string, headers = {}) => (await peer.ask(method, uri, headers)).status;
    assert.equal(await refused("PLAY", yard, auth), 455);
    assert.equal(await refused("PLAY", yard, { Session: "other" }), 454);
    assert.equal(await refused("SETUP", yard, { ...auth, ...tcp }), 459);
    assert.equal(await refused("SETUP", `${yard}/trackID=7`, tcp), 404);
    assert.equal(await refused("SETUP", `${yard}/trackID=0`, { Transport: "RTP/AVP;multicast" }), 461);
    assert.equal(await refused("SETUP", `${yard}/trackID=0`), 461);
    assert.equal(await refused("RECORD", yard), 405);
    assert.equal(await refused("DESCRIBE", yard, { Require: "implicit-play" }), 551);
    assert.equal(await refused("DESCRIBE", "rtsp://127.0.0.1/lost"), 503);
    assert.equal(await refused("SETUP", `${yard}/trackID=0`, tcp), 200);
    assert.equal(await refused("GET_PARAMETER", yard, { Session: "0123" }), 454);
    assert.equal(await refused("DESCRIBE", "rtsp://127.0.0.1/other"), 455, "while a session is open");
  });

  it("answers noise once, and hangs up", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    for (const noise of [
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "\x03\x00\x00\x13garbage\r\n\r\n",
      `${"A".repeat(20_000)}\n`,
    ]) {
      using peer = await RtspPeer.connect(house.port);
      peer.socket.write(Buffer.from(noise, "latin1"));
      assert.equal((await peer.answer()).status, 400);
      await peer.closed;
    }
  });

  it("shows nothing to whom it was described, and who has lost the right to it since", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video", hall: "fake://x/?video" });
    const { rig } = house;
    const grants = [{ scope: "*", rights: ["view" as const] }];
    const anna = await rig.person({ name: "Anna", grants });
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "nvr", grants });
    using peer = await RtspPeer.connect(house.port);
    assert.equal((await peer.ask("DESCRIBE", yard, basic(secret))).status, 200);
    assert.equal((await peer.ask("OPTIONS", "*")).status, 200);
    await rig.identity.users.update(anna.id, { grants: [{ scope: "device:hall", rights: ["view"] }] });
    await peer.closed;
    using again = await RtspPeer.connect(house.port);
    assert.equal((await again.ask("SETUP", `${yard}/trackID=0`, { ...basic(secret), ...tcp })).status, 404);
    assert.equal((await again.ask("DESCRIBE", "rtsp://127.0.0.1/hall")).status, 200);
    await rig.hub.devices.remove("hall");
    await again.closed;
  });

  it("writes one line for a client that is refused again and again", async () => {
    const lines: string[] = [];
    const note = (_fields: object, text: string) => {
      lines.push(text);
    };
    await using house = await startRtspHouse({ yard: "fake://x/?video" }, { log: { ...silentLog, info: note } });
    using peer = await RtspPeer.connect(house.port);
    for (let n = 0; n < 5; n++) assert.equal((await peer.ask("RECORD", yard)).status, 405);
    assert.deepEqual(
      lines.filter((line) => line.startsWith("RTSP refused")),
      ["RTSP refused: Method Not Allowed"],
    );
  });

  it("ends when the token does, and when the device is removed", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video", hall: "fake://x/?video" });
    const { rig } = house;
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view"] }] });
    const grants = [{ scope: "*", rights: ["view" as const] }];
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "nvr", grants });
    const watch = async (id: string) => {
      const peer = await RtspPeer.connect(house.port);
      await peer.ask("SETUP", `rtsp://127.0.0.1/${id}/trackID=0`, { ...basic(secret), ...tcp });
      assert.equal((await peer.ask("PLAY", `rtsp://127.0.0.1/${id}`)).status, 200);
      return peer;
    };
    using first = await watch("yard");
    using second = await watch("hall");
    await rig.hub.devices.remove("yard");
    await first.closed;
    assert.equal((await second.ask("GET_PARAMETER", "*")).status, 200);
    await rig.identity.users.remove(anna.id);
    await second.closed;
  });
});
