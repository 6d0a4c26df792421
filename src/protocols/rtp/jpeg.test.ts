import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, it } from "node:test";
import { jpegHashes, makeJpegs } from "../../../test/ffmpeg.ts";
import { readJpeg } from "../../codecs/jpeg/index.ts";
import { WireError } from "../../util/errors.ts";
import { createDepacketizer } from "./depacketize.ts";
import { parseRtp, type RtpPacket } from "./packet.ts";
import { createPacketizer } from "./packetize.ts";

const files = makeJpegs({ frames: 3 });
const pixels = jpegHashes;

const packetsOf = (jpegs: readonly Uint8Array[]): RtpPacket[] =>
  jpegs.flatMap((file, n) =>
    createPacketizer("mjpeg")(file).map(({ payload, marker }) => ({
      ...{ payloadType: 26, ssrc: 1, sequence: 0, timestamp: n * 3600 },
      ...{ payload, marker },
    })),
  );

function receive(packets: readonly RtpPacket[]) {
  const depacketizer = createDepacketizer({ codec: "mjpeg", clockRateHz: 90_000 });
  const units = packets.flatMap((packet) => depacketizer.push(packet));
  return { depacketizer, jpegs: units.map(({ data }) => data), gaps: units.map(({ gap }) => gap) };
}

/** What a program sends to a port of ours, until there are so many ends of pictures. */
async function sent(
  pictures: number,
  start: (port: number) => readonly [string, readonly string[]],
): Promise<RtpPacket[]> {
  await using held = new AsyncDisposableStack();
  const socket = createSocket("udp4");
  held.defer(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const [program, args] = start(socket.address().port);
  const child = spawn(program, args, { stdio: "ignore" });
  held.defer(() => void child.kill());
  const packets: RtpPacket[] = [];
  while (packets.filter(({ marker }) => marker).length < pictures) {
    const [bytes] = (await once(socket, "message")) as [Buffer];
    packets.push(parseRtp(bytes));
  }
  return packets;
}

describe("JPEG over RTP", () => {
  it("gives the pictures that were cut, pixel by pixel", () => {
    const { jpegs } = receive(packetsOf(files));
    assert.deepEqual(pixels(jpegs), pixels(files));
    assert.equal(readJpeg(jpegs[0] ?? new Uint8Array()).widthPx, 320);
  });

  it("leaves out a picture with a hole and says so of the next", () => {
    const packets = packetsOf(files).filter((_, n) => n !== 2);
    const { jpegs, gaps } = receive(packets);
    assert.deepEqual(pixels(jpegs), pixels(files.slice(1)));
    assert.deepEqual(gaps, [true, false]);
  });

  it("takes what ffmpeg sends", { timeout: 20_000 }, async () => {
    const source = [
      "-re",
      "-f",
      "lavfi",
      "-i",
      "testsrc2=size=320x240:rate=25",
      "-c:v",
      "mjpeg",
      "-huffman",
      "default",
    ];
    const packets = await sent(5, (port) => [
      "ffmpeg",
      ["-v", "error", ...source, "-pix_fmt", "yuvj420p", "-f", "rtp", `rtp://127.0.0.1:${port}`],
    ]);
    const { jpegs, depacketizer } = receive(packets);
    assert.equal(depacketizer.counters.malformed, 0);
    assert.ok(jpegs.length >= 4);
    assert.equal(new Set(pixels(jpegs)).size, jpegs.length);
  });

  it("takes what GStreamer sends", { timeout: 20_000 }, async () => {
    const packets = await sent(5, (port) => [
      "gst-launch-1.0",
      `-q videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! jpegenc ! rtpjpegpay ! udpsink host=127.0.0.1 port=${port}`.split(
        " ",
      ),
    ]);
    const { jpegs, depacketizer } = receive(packets);
    assert.equal(depacketizer.counters.malformed, 0);
    assert.ok(jpegs.length >= 4);
    assert.equal(pixels(jpegs).length, jpegs.length);
  });

  it("refuses to send what the RFC cannot say, and drops what is none", () => {
    const [wide] = makeJpegs({ frames: 1, size: "2560x1440" });
    assert.throws(() => createPacketizer("mjpeg")(wide ?? new Uint8Array()), WireError);
    assert.throws(() => createPacketizer("mjpeg")(Uint8Array.of(1, 2, 3)), WireError);
    const bad = [new Uint8Array(), new Uint8Array(8), Uint8Array.of(0, 0, 0, 0, 1, 200, 2, 2, 0, 0, 0, 9)];
    const { jpegs, depacketizer } = receive(bad.map((payload) => ({ ...packetsOf(files)[0]!, payload, marker: true })));
    assert.deepEqual(jpegs, []);
    assert.equal(depacketizer.counters.malformed, 3);
  });
});
