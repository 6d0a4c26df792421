import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { before, describe, test } from "node:test";
import { driverContract } from "../../../test/contracts/driver.ts";
import { FakeDevice } from "../../../test/contracts/fake-device.ts";
import { ffmpeg, makeJpegs } from "../../../test/ffmpeg.ts";
import { selfSigned } from "../../../test/self-signed.ts";
import { JpegSplitter } from "../../codecs/jpeg/splitter.ts";
import type { Frame } from "../../media/frame.ts";
import { systemClock } from "../../util/clock.ts";
import type { DoorwardError } from "../../util/errors.ts";
import { startFakeMjpeg } from "./fake.ts";
import driver from "./index.ts";

let files: Uint8Array[] = [];
before(() => {
  files = makeJpegs({ frames: 5 });
});

const login = { username: "admin", password: "secret" };

driverContract(driver, async () => {
  const fake = await startFakeMjpeg({ clock: systemClock, files, login, everyMs: 10 });
  return {
    config: { address: fake.address, ...login },
    wrongPassword: { address: fake.address, ...login, password: "wrong" },
    connections: () => fake.open,
    accepted: () => fake.counters.connections - fake.counters.refused,
    reboot: () => fake.reboot(),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
});

/** What the driver writes of an address, and how its run ended. */
async function pictures(config: Record<string, unknown>, count: number): Promise<Frame[]> {
  const device = new FakeDevice();
  const ran = driver.run(device, driver.config.parse(config)).catch((error: Error) => error);
  const reading = device.until(() => device.video !== undefined);
  const ended = await Promise.race([ran, reading]);
  if (ended instanceof Error) throw ended;
  using reader = device.video!.read();
  const frames: Frame[] = [];
  while (frames.length < count) frames.push((await reader.next())!);
  device.stop.abort();
  await ran;
  return frames;
}

describe("JPEG by HTTP", () => {
  test("single pictures are asked for again and again", async () => {
    await using fake = await startFakeMjpeg({ clock: systemClock, files, single: true });
    const frames = await pictures({ address: fake.address, intervalMs: 100 }, 3);
    assert.equal(frames.length, 3);
    assert.ok(fake.counters.requests >= 3);
  });

  test("pictures are found without boundaries and with wrong lengths", async () => {
    const wrap = (file: Uint8Array) => [
      Buffer.from("--x\nContent-Length: 7\n\n"),
      file.subarray(0, 99),
      file.subarray(99),
    ];
    await using fake = await startFakeMjpeg({ clock: systemClock, files, wrap, everyMs: 10 });
    const frames = await pictures({ address: fake.address }, 4);
    for (const { data } of frames) assert.ok(files.some((file) => Buffer.compare(file, data) === 0));
  });

  test("what is no picture is told", async () => {
    const { createServer: http } = process.getBuiltinModule("node:http");
    const server = http((_, answer) => answer.writeHead(200, { "content-type": "text/html" }).end("<p>"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await assert.rejects(pictures({ address: `http://127.0.0.1:${port}/` }, 1), { code: "not-a-picture" });
    server.close();
  });

  test("a certificate that nobody signed is refused with its fingerprint, and taken once that is set", async () => {
    await using fake = await startFakeMjpeg({ clock: systemClock, files, tls: await selfSigned(), everyMs: 10 });
    let fingerprint = "";
    await assert.rejects(pictures({ address: fake.address }, 1), (error: DoorwardError) => {
      fingerprint = String(error.fields["fingerprint"]);
      return error.code === "tls-untrusted" && error.message.includes(fingerprint);
    });
    assert.equal(fake.counters.requests, 0);
    assert.equal((await pictures({ address: fake.address, tlsFingerprint: fingerprint }, 2)).length, 2);
    await assert.rejects(pictures({ address: fake.address, tlsFingerprint: "00".repeat(32) }, 1), {
      code: "tls-fingerprint",
    });
  });

  test("ffmpeg as camera", { timeout: 20_000 }, async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as { port: number };
    await new Promise<void>((resolve) => probe.close(() => resolve()));
    const address = `http://127.0.0.1:${port}/video.mjpg`;
    const source = ["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25"];
    const served = ["-content_type", "multipart/x-mixed-replace;boundary=ffmpeg", "-listen", "1"];
    const child = spawn("ffmpeg", [...source, "-c:v", "mjpeg", "-f", "mpjpeg", ...served, address], {
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    let frames: Frame[] | undefined;
    while (!frames) {
      frames = await pictures({ address }, 5).catch((error: { code?: string }) => {
        if (error.code !== "unreachable") throw error; // ffmpeg does not listen yet
        return undefined;
      });
    }
    child.kill();
    await ended;
    const shown = ffmpeg(
      ["-f", "mjpeg", "-i", "pipe:0", "-f", "framemd5", "-"],
      Buffer.concat(frames.map(({ data }) => data)),
    );
    assert.equal(
      shown
        .toString()
        .split("\n")
        .filter((line) => line && !line.startsWith("#")).length,
      5,
    );
  });
});

describe("pictures in a stream of bytes", () => {
  test("come whole, however the bytes come", () => {
    const stream = Buffer.concat(files.flatMap((file) => [Buffer.from("\r\n--b\r\n\r\n"), file]));
    for (const size of [1, 7, 1000, stream.length]) {
      const splitter = new JpegSplitter();
      const found: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) found.push(...splitter.push(stream.subarray(at, at + size)));
      assert.deepEqual(
        found.map((one) => one.length),
        files.map((one) => one.length),
        `pieces of ${size}`,
      );
    }
  });

  test("with a small one in the header are one picture, and noise is none", () => {
    const [file = new Uint8Array(), small = new Uint8Array()] = files;
    const app = Buffer.concat([Uint8Array.of(0xff, 0xe1, (small.length + 2) >> 8, (small.length + 2) & 0xff), small]);
    const whole = Buffer.concat([file.subarray(0, 2), app, file.subarray(2)]);
    const splitter = new JpegSplitter();
    const found = splitter.push(
      Buffer.concat([Uint8Array.of(0xff, 0xd8, 0xff, 0x00, 1, 2, 3), whole, Uint8Array.of(9, 0xff)]),
    );
    assert.deepEqual(
      found.map((one) => one.length),
      [whole.length],
    );
  });
});
