import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { parseRtp } from "../../src/protocols/rtp/packet.ts";
import { systemClock } from "../../src/util/clock.ts";
import { playInto, startRtspHouse } from "../rtsp-house.ts";
import { basic, RtspPeer } from "../rtsp-peer.ts";
import { within } from "../within.ts";

const yard = "rtsp://127.0.0.1/yard";
const tcp = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };

/** Ten pictures, the first a key frame: 20 kB each, so 16 Mbit/s at 100 a second. */
const pictures = Array.from({ length: 10 }, (_, n) => {
  const data = new Uint8Array(20_000).fill(0x55);
  data.set([0, 0, 0, 1, n === 0 ? 0x65 : 0x41]);
  return { data, key: n === 0 };
});

async function player(port: number, token: string): Promise<RtspPeer> {
  const peer = await RtspPeer.connect(port);
  await peer.ask("SETUP", `${yard}/trackID=0`, { ...basic(token), ...tcp });
  assert.equal((await peer.ask("PLAY", yard)).status, 200);
  return peer;
}

describe("readers that are slow", () => {
  it("take nothing from others, and are let go when they take nothing", { timeout: 60_000 }, async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    const track = await house.track("yard", "video");
    using _playing = playInto(track, pictures, { rate: 100 });
    using quick = await player(house.port, house.token);
    const slow = await Promise.all(Array.from({ length: 5 }, () => player(house.port, house.token)));
    for (const peer of slow) peer.socket.pause();
    const beforeMiB = process.memoryUsage().rss / 2 ** 20;
    await within(
      "the slow ones are let go",
      Promise.all(
        slow.map(({ closed, socket }) => {
          // A paused socket does not notice its end: it reads on once the hub has had time to give it up.
          systemClock.timer(20_000, () => socket.resume());
          return closed;
        }),
      ),
      40_000,
    );
    const rtp = quick.frames.filter(({ channel }) => channel === 0).map(({ payload }) => parseRtp(payload));
    const gaps = rtp.filter(
      ({ sequence }, n) => n > 0 && sequence !== ((rtp[n - 1]?.sequence ?? 0) + 1) % 2 ** 16,
    ).length;
    assert.equal(gaps, 0);
    const markers = rtp.filter(({ marker }) => marker).length;
    const written = track.counters.frames;
    assert.ok(written - markers < 30, `${markers} of ${written} pictures came`);
    assert.equal(track.dropped.droppedSlow, 0, "the hub's own track does not feel it");
    console.log(
      `${markers} pictures, ${rtp.length} packets; the process grew by ${Math.round(process.memoryUsage().rss / 2 ** 20 - beforeMiB)} MiB with what the test keeps`,
    );
  });
});

const lines = [
  "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
  `DESCRIBE ${yard} RTSP/1.0\r\nCSeq: 2\r\nRequire: www.onvif.org/ver20/backchannel\r\n\r\n`,
  `SETUP ${yard}/trackID=0 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`,
  `SETUP ${yard}/trackID=1 RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;unicast;client_port=28400-28401\r\n\r\n`,
  `PLAY ${yard} RTSP/1.0\r\nCSeq: 4\r\n\r\n$\x01\x00\x08\x80\xc9\x00\x01\x00\x00\x00\x07`,
  "GET_PARAMETER * RTSP/1.0\r\nCSeq: 5\r\nContent-Length: 6\r\n\r\ntalk\r\n",
];

/** What everybody says first who has a token: it is whole, or the hub would take them for somebody who guesses. */
const known = (token: string) =>
  `DESCRIBE ${yard} RTSP/1.0\r\nCSeq: 0\r\nAuthorization: ${basic(token)["Authorization"]}\r\n\r\n`;

/** The same bytes with some changed, left out, doubled or put in. */
function spoilt(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const next = Math.min(bytes.length, at + randomInt(1, 120));
    const piece = Buffer.from(bytes.subarray(at, next));
    const how = randomInt(6);
    if (how === 0) piece[randomInt(piece.length)] = randomInt(256);
    if (how === 1) parts.push(piece);
    if (how === 2) parts.push(Buffer.from(Array.from({ length: randomInt(40) }, () => randomInt(256))));
    if (how !== 3) parts.push(piece);
    at = next;
  }
  return Buffer.concat(parts);
}

describe("the first picture", () => {
  it("comes at once, whatever the camera's key frame interval", { timeout: 60_000 }, async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video" });
    const track = await house.track("yard", "video");
    const seldom = [...pictures.slice(0, 1), ...Array.from({ length: 249 }, () => pictures[1] ?? assert.fail())];
    using _playing = playInto(
      track,
      seldom.map(({ data, key }) => ({ data: data.subarray(0, 4000), key })),
    );
    await systemClock.sleep(1500);
    const times: number[] = [];
    for (let n = 0; n < 20; n++) {
      const beganMs = performance.now();
      using peer = await player(house.port, house.token);
      const isWhole = () => peer.frames.some(({ channel, payload }) => channel === 0 && parseRtp(payload).marker);
      await peer.until("a picture", isWhole);
      times.push(performance.now() - beganMs);
    }
    const [p50 = 0, p95 = 0] = [times.toSorted((a, b) => a - b)[10], times.toSorted((a, b) => a - b)[18]];
    console.log(`from the connection to a whole key picture, ms: p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)}`);
    assert.ok(p50 < 200, `${p50} ms`);
  });
});

describe("garbage", () => {
  it("is answered or hung up on, and leaves the hub serving", { timeout: 120_000 }, async () => {
    await using house = await startRtspHouse({ yard: "fake://x/?video&speaker=pcmu" });
    const track = await house.track("yard", "video");
    using _playing = playInto(track, pictures, { rate: 25 });
    let [answered, closed] = [0, 0];
    const attack = async () => {
      const socket = connect({ port: house.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
      let came = 0;
      socket.on("data", (chunk: Buffer) => {
        came += chunk.length;
      });
      await once(socket, "connect");
      socket.write(known(house.token));
      for (const line of lines) {
        if (socket.writable) socket.write(spoilt(Buffer.from(line, "latin1")));
        await systemClock.sleep(1);
      }
      await Promise.race([gone, systemClock.sleep(100)]);
      if (came > 0) answered++;
      if (socket.destroyed || socket.readableEnded) closed++;
      socket.destroy();
      await gone;
    };
    const rounds = 1500;
    for (let n = 0; n < rounds; n += 30) await Promise.all(Array.from({ length: 30 }, attack));
    using peer = await player(house.port, house.token);
    await peer.until("the picture", () => peer.frames.length > 20);
    console.log(`${rounds} spoilt dialogues: ${answered} were answered, ${closed} hung up on`);
    peer.socket.destroy();
    await within(
      "all sessions are gone",
      (async () => {
        while (house.rig.hub.voices.size > 0 || track.readerCount > 0) await systemClock.sleep(50);
      })(),
      5000,
    );
  });
});
