import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { type RtspHouse, startRtspHouse } from "../../../test/rtsp-house.ts";
import { basic, RtspPeer } from "../../../test/rtsp-peer.ts";
import { within } from "../../../test/within.ts";
import { serializeRtcp } from "../../protocols/rtp/rtcp-write.ts";
import { parseTransports } from "../../protocols/rtsp/transport-header.ts";
import { ManualClock } from "../../util/clock.ts";

const yard = "rtsp://127.0.0.1/yard";
const tcp = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };
const camera = { yard: "fake://x/?video" };

async function connected(house: RtspHouse): Promise<RtspPeer> {
  const peer = await RtspPeer.connect(house.port);
  assert.equal((await peer.ask("OPTIONS", "*")).status, 200);
  return peer;
}

const isOpen = ({ socket }: RtspPeer) => !socket.destroyed && !socket.readableEnded;

describe("how long an RTSP client may stay", { concurrency: 4 }, () => {
  it("15 s without a token", async () => {
    const clock = new ManualClock();
    await using house = await startRtspHouse(camera, { clock });
    using stranger = await connected(house);
    using known = await connected(house);
    await known.ask("DESCRIBE", yard, basic(house.token));
    await clock.advance(16_000);
    await stranger.closed;
    assert.equal((await known.ask("OPTIONS", "*")).status, 200);
  });

  it("a minute without asking for anything, or with a session that does not run; a request keeps it", async () => {
    const clock = new ManualClock();
    await using house = await startRtspHouse(camera, { clock });
    using idle = await connected(house);
    await idle.ask("DESCRIBE", yard, basic(house.token));
    using kept = await connected(house);
    await kept.ask("SETUP", `${yard}/trackID=0`, { ...basic(house.token), ...tcp });
    await clock.advance(50_000);
    assert.equal((await kept.ask("GET_PARAMETER", yard)).status, 200);
    await clock.advance(15_000);
    await idle.closed;
    assert.equal((await kept.ask("GET_PARAMETER", yard)).status, 200);
    await clock.advance(65_000);
    await kept.closed;
  });

  it("over UDP a minute without a report; each report keeps it", async () => {
    const clock = new ManualClock();
    await using house = await startRtspHouse(camera, { clock });
    const data = Uint8Array.of(0, 0, 0, 1, 0x65, 1, 2, 3);
    (await house.track("yard", "video")).write({ data, timestampUs: 0, key: true });
    const rtcp = createSocket("udp4");
    rtcp.bind(0, "127.0.0.1");
    await once(rtcp, "listening");
    const { port } = rtcp.address();
    using peer = await connected(house);
    const wanted = { Transport: `RTP/AVP;unicast;client_port=${port - 1}-${port}` };
    const setUp = await peer.ask("SETUP", `${yard}/trackID=0`, { ...basic(house.token), ...wanted });
    const [, server = 0] = parseTransports(setUp.headers.get("Transport") ?? "")[0]?.serverPorts ?? [];
    assert.equal((await peer.ask("PLAY", yard)).status, 200);
    const [first] = (await within("a sender report", once(rtcp, "message"))) as [Buffer];
    assert.equal(first[1], 200);
    const report = serializeRtcp([{ type: "receiver-report", ssrc: 7, reports: [] }]);
    for (let n = 0; n < 3; n++) {
      await clock.advance(45_000);
      await new Promise((sent) => rtcp.send(report, server, "127.0.0.1", sent));
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
    assert.ok(isOpen(peer));
    await clock.advance(65_000);
    await peer.closed;
    rtcp.close();
  });

  it("no more than 64 strangers of one address stand at the door, and whoever has a token makes room", async () => {
    await using house = await startRtspHouse(camera);
    const strangers = await Promise.all(Array.from({ length: 64 }, () => connected(house)));
    const refused = connect(house.port, "127.0.0.1");
    refused.on("error", () => {});
    await once(refused, "close");
    await strangers[0]?.ask("DESCRIBE", yard, basic(house.token));
    using next = await connected(house);
    assert.ok(isOpen(next));
    for (const peer of strangers) peer.socket.destroy();
  });
});
