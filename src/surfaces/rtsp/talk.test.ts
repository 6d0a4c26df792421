import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RtspHouse, startRtspHouse } from "../../../test/rtsp-house.ts";
import { basic, RtspPeer } from "../../../test/rtsp-peer.ts";
import { within } from "../../../test/within.ts";
import { encodeG711 } from "../../codecs/g711/index.ts";
import { serializeRtp } from "../../protocols/rtp/packet.ts";
import { parseSdp } from "../../protocols/sdp/index.ts";

const yard = "rtsp://127.0.0.1/yard";
const require = { Require: "www.onvif.org/ver20/backchannel" };
const tone = new Int16Array(160).map((_, i) => 8000 * Math.sin((i * Math.PI) / 10));
const blocks = {
  loud: encodeG711("pcmu", new Uint8Array(tone.buffer)),
  silent: encodeG711("pcmu", new Uint8Array(320)),
};

/** Somebody who has set up the way back. */
async function talker(house: RtspHouse, token = house.token) {
  const peer = await RtspPeer.connect(house.port);
  const described = await peer.ask("DESCRIBE", yard, { ...basic(token), ...require });
  assert.equal(described.status, 200);
  const medium = parseSdp(Buffer.from(described.body).toString()).media.find(
    ({ direction }) => direction === "sendonly",
  );
  assert.deepEqual(
    medium?.payloads.map(({ encoding, clockRateHz }) => `${encoding}/${clockRateHz}`),
    ["PCMU/8000", "PCMA/8000"],
  );
  const transport = { Transport: "RTP/AVP/TCP;unicast;interleaved=4-5" };
  assert.equal((await peer.ask("SETUP", `${yard}/${medium?.control}`, { ...transport, ...require })).status, 200);
  assert.equal((await peer.ask("PLAY", yard, require)).status, 200);
  let sequence = 65_530;
  const say = (block: Uint8Array, skip = 0) => {
    sequence = (sequence + 1 + skip) & 0xffff;
    peer.send(4, serializeRtp({ payloadType: 0, marker: false, sequence, timestamp: 0, ssrc: 7, payload: block }));
  };
  const told = async () => {
    const body = { "Content-Type": "text/parameters" };
    return Buffer.from((await peer.ask("GET_PARAMETER", yard, body, "talk\r\n")).body)
      .toString()
      .trim();
  };
  return { peer, say, told, [Symbol.dispose]: () => peer[Symbol.dispose]() };
}

/** Resolves when the floor of the device is held by this name, or by nobody. */
async function untilHeld({ rig }: RtspHouse, name: string | undefined): Promise<void> {
  const holder = () => rig.hub.turns.holder("yard").holder?.name;
  const changed = Promise.withResolvers<void>();
  using _watch = rig.hub.turns.onChange(() => holder() === name && changed.resolve());
  if (holder() !== name) await within(`the floor is ${name}'s`, changed.promise, 5000);
}

describe("ONVIF's back channel", { concurrency: 4 }, () => {
  it("takes the floor with the first sound, brings it to the speaker, and gives it back when none comes", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu" });
    const { rig } = house;
    using talk = await talker(house);
    talk.say(blocks.silent);
    assert.equal(await talk.told(), "talk: nothing was said yet");
    for (let n = 0; n < 10; n++) talk.say(blocks.loud, n === 5 ? 2 : 0);
    await untilHeld(house, "Person 1");
    assert.equal(await talk.told(), "talk: granted");
    await untilHeld(house, undefined);
    assert.equal(await talk.told(), "talk: released (silent)");
    assert.equal(rig.camera.heard.length, 10, "nothing of what was said is lost");
    assert.deepEqual(rig.camera.heard[0]?.data, blocks.loud);
    assert.equal(rig.hub.voices.lost.network, 2);
    for (let n = 0; n < 3; n++) talk.say(blocks.loud);
    await untilHeld(house, "Person 1");
    assert.equal(rig.identity.audit.list().filter(({ action }) => action === "talk").length, 2);
  });

  it("does not speak over somebody, and says who it is", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu" });
    using first = await talker(house);
    using second = await talker(house, await house.tokenFor([{ scope: "*", rights: ["view", "talk"] }]));
    first.say(blocks.loud);
    await untilHeld(house, "Person 1");
    second.say(blocks.loud);
    assert.equal(await second.told(), "talk: refused (held): Person 1 speaks");
    assert.equal(house.rig.camera.heard.length, 1);
  });

  it("is there for who may talk, through what has a speaker", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu", hall: "fake://x/?video" });
    const viewer = await house.tokenFor([{ scope: "*", rights: ["view"] }]);
    using peer = await RtspPeer.connect(house.port);
    const refused = await peer.ask("DESCRIBE", yard, { ...basic(viewer), ...require });
    assert.deepEqual([refused.status, refused.headers.get("Unsupported")], [551, "www.onvif.org/ver20/backchannel"]);
    assert.equal((await peer.ask("DESCRIBE", "rtsp://x/hall", { ...basic(house.token), ...require })).status, 551);
    const plain = await peer.ask("DESCRIBE", yard, basic(house.token));
    assert.doesNotMatch(Buffer.from(plain.body).toString(), /sendonly|recvonly/, "who does not ask is not told");
  });

  it("passes over what is no sound, and ends with the connection", async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu" });
    using talk = await talker(house);
    for (const packet of [Uint8Array.of(1, 2), new Uint8Array(9000).fill(0x80), new Uint8Array(12).fill(0x80)]) {
      talk.peer.send(4, packet);
    }
    assert.equal(await talk.told(), "talk: nothing was said yet");
    talk.say(blocks.loud);
    await untilHeld(house, "Person 1");
    talk.peer.socket.destroy();
    await untilHeld(house, undefined);
    assert.equal(house.rig.hub.voices.size, 0);
  });
});
