import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { before, describe, test } from "node:test";
import { driverContract } from "../../../test/contracts/driver.ts";
import { FakeDevice } from "../../../test/contracts/fake-device.ts";
import { frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import type { TrackWriter } from "../../device/driver.ts";
import type { Format } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Reader } from "../../media/reader.ts";
import { type Clock, ManualClock, systemClock } from "../../util/clock.ts";
import { DoorwardError, FatalError, RecoverableError } from "../../util/errors.ts";
import { type FakeHook, type FakeOptions, startFake, unitsOf } from "./fake.ts";
import driver from "./index.ts";

const clips: Record<"h264" | "h265", Uint8Array> = { h264: Buffer.alloc(0), h265: Buffer.alloc(0) };

before(() => {
  for (const codec of ["h264", "h265"] as const) clips[codec] = makeClip({ codec });
});

const start = (options: Partial<FakeOptions> = {}) => {
  const codec = options.codec ?? "h264";
  return startFake({ codec, units: unitsOf(clips[codec]), ...options });
};

/** A device whose track is read from its very first frame. */
class Watched extends FakeDevice {
  readonly published = Promise.withResolvers<Reader>();

  override publish(format: Format): TrackWriter {
    const writer = super.publish(format);
    this.published.resolve(this.video!.read());
    return writer;
  }
}

/** The driver at work on a device. Disposing stops it. */
class Bench implements AsyncDisposable {
  readonly device: Watched;
  /** How it ended: undefined for a stop, else the error. */
  readonly ran: Promise<Error | undefined>;

  constructor(config: Record<string, unknown>, clock: Clock = systemClock) {
    this.device = new Watched({ clock });
    this.ran = driver.run(this.device, driver.config.parse(config)).then(
      () => undefined,
      (error: Error) => error,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.device.stop.abort();
    await this.ran;
  }
}

/** Sends until the driver has published its track: its connection may not be there yet. */
async function sendUntilPublished(fake: FakeHook, bench: Bench): Promise<Reader> {
  let reader: Reader | undefined;
  void bench.device.published.promise.then((one) => {
    reader = one;
  });
  while (!reader) {
    await fake.send();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return reader;
}

const until = async (look: () => boolean) => {
  while (!look()) await new Promise<void>((resolve) => setImmediate(resolve));
};

for (const codec of ["h264", "h265"] as const) {
  for (const framing of ["start-codes", "short-start-codes", "avcc"] as const) {
    test(`${codec} with ${framing}: what the encoder made is what a viewer decodes`, async () => {
      await using fake = await start({ codec, framing, delimiters: framing !== "avcc" });
      await using bench = new Bench({ address: fake.address });
      await until(() => fake.counters.connections === 1);
      await fake.send(51);
      const reader = await bench.device.published.promise;
      const frames: Frame[] = [];
      for (let i = 0; i < 50; i++) frames.push((await reader.next())!);
      const seen = Buffer.concat(frames.map((frame) => frame.data));
      assert.deepEqual(frameHashes(seen, codec), frameHashes(clips[codec], codec));
      assert.deepEqual(bench.device.phases, ["connecting", "waiting-for-key-frame"]);
      assert.equal(bench.device.readyCount, 1);
      const format = bench.device.video?.format;
      assert.ok(format?.kind === "video" && format.widthPx === 320 && format.frameRate === 25);
      assert.ok(frames.every((frame, i) => i === 0 || frame.timestampUs > frames[i - 1]!.timestampUs));
    });
  }
}

test("a viewer that comes amid a group of pictures gets the next key frame first", async () => {
  await using fake = await start();
  await fake.send(10);
  await using bench = new Bench({ address: fake.address });
  const reader = await sendUntilPublished(fake, bench);
  assert.equal((await reader.next())?.key, true);
});

describe("what goes wrong", () => {
  test("silence is noticed within 10 s", async () => {
    const clock = new ManualClock();
    await using fake = await start();
    await using bench = new Bench({ address: fake.address }, clock);
    await sendUntilPublished(fake, bench);
    fake.stall();
    await fake.send(5);
    await clock.advance(9000);
    const error = await bench.ran;
    assert.ok(error instanceof RecoverableError && error.code === "silent", `${error}`);
    assert.equal(clock.pending, 0);
  });

  test("a stall shorter than that costs nothing but the time", async () => {
    const clock = new ManualClock();
    await using fake = await start();
    await using bench = new Bench({ address: fake.address }, clock);
    const reader = await sendUntilPublished(fake, bench);
    const before = (await reader.next())!;
    fake.stall();
    await clock.advance(5000);
    fake.resume();
    await fake.send(50);
    let last = before;
    for (let frame = await reader.next(); frame && !frame.key; frame = await reader.next()) last = frame;
    assert.ok(last.timestampUs > before.timestampUs);
    assert.equal(bench.device.signal.aborted, false);
  });

  for (const framing of ["start-codes", "short-start-codes", "avcc"] as const) {
    test(`${framing}: a truncated unit spoils itself at most, and the next key frame is whole`, async () => {
      await using fake = await start({ framing, delimiters: framing !== "avcc" });
      await using bench = new Bench({ address: fake.address });
      await until(() => fake.counters.connections === 1);
      await fake.send(10);
      fake.truncate();
      await fake.send(67);
      assert.equal(fake.counters.truncated, 1);
      const reader = await bench.device.published.promise;
      const frames: Frame[] = [];
      for (let keys = 0; keys < 3; ) {
        const frame = (await reader.next())!;
        frames.push(frame);
        if (frame.key) keys++;
      }
      const second = frames.findIndex((frame, i) => i > 0 && frame.key);
      const whole = Buffer.concat(frames.slice(second, second + 25).map((frame) => frame.data));
      assert.deepEqual(frameHashes(whole, "h264"), frameHashes(clips.h264, "h264").slice(25, 50));
    });
  }

  test("bytes without a picture for 30 s are given up", async () => {
    const clock = new ManualClock();
    await using fake = await start();
    await using bench = new Bench({ address: fake.address }, clock);
    await sendUntilPublished(fake, bench);
    let error: Error | undefined;
    const over = bench.ran.then((one) => {
      error = one;
    });
    while (!error) {
      fake.babble(100);
      await clock.advance(500);
    }
    await over;
    assert.ok(error instanceof RecoverableError && error.code === "no-key-frame", `${error}`);
    assert.ok(clock.nowUs() < 60_000_000);
  });

  test("another viewer takes the stream: the driver says so", async () => {
    await using fake = await start();
    await using bench = new Bench({ address: fake.address });
    await sendUntilPublished(fake, bench);
    const thief = createConnection(Number(new URL(fake.address).port), "127.0.0.1");
    const error = await bench.ran;
    thief.destroy();
    assert.ok(error instanceof RecoverableError && error.code === "closed", `${error}`);
    assert.match(error.message, /another viewer/);
    assert.equal(fake.counters.stolen, 1);
  });

  test("a reboot ends the run; the next one goes on", async () => {
    await using fake = await start();
    await using bench = new Bench({ address: fake.address });
    await sendUntilPublished(fake, bench);
    await fake.reboot();
    assert.ok((await bench.ran) instanceof RecoverableError);
    await using again = new Bench({ address: fake.address });
    const reader = await sendUntilPublished(fake, again);
    assert.equal((await reader.next())?.key, true);
  });

  test("a hundred reboots: one connection each, nothing is left of them", async () => {
    const clock = new ManualClock();
    await using fake = await start();
    for (let n = 1; n <= 100; n++) {
      const bench = new Bench({ address: fake.address }, clock);
      await sendUntilPublished(fake, bench);
      await fake.reboot();
      assert.ok((await bench.ran) instanceof RecoverableError);
      assert.deepEqual([fake.counters.connections, fake.open, clock.pending], [n, 0, 0]);
    }
  });

  test("a wrong token is refused for good, the right one is taken", async () => {
    await using fake = await start({ token: "open-sesame" });
    await using wrong = new Bench({ address: fake.address, token: "guess" });
    const error = await wrong.ran;
    assert.ok(error instanceof FatalError && error.code === "wrong-password", `${error}`);
    await using right = new Bench({ address: fake.address, token: "open-sesame" });
    await sendUntilPublished(fake, right);
  });

  test("an address that answers nothing is given up after 5 s", async () => {
    const clock = new ManualClock();
    await using bench = new Bench({ address: "tcp://192.0.2.1:12345" }, clock);
    await clock.advance(5000);
    const error = await bench.ran;
    const codes = ["timeout", "unreachable"]; // the second where the test network is known to lead nowhere
    assert.ok(error instanceof RecoverableError && codes.includes(error.code), `${error}`);
    assert.equal(clock.pending, 0);
  });

  test("nobody there, and a server of something else", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      const garbage = Buffer.alloc(1 << 20, "not a camera ");
      for (let i = 0; i < 40; i++) socket.write(garbage);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
    const noise = await new Bench({ address }).ran;
    assert.equal(noise instanceof DoorwardError && noise.code, "no-key-frame");
    server.close();
    await once(server, "close");
    const gone = await new Bench({ address }).ran;
    assert.equal(gone instanceof RecoverableError && gone.code, "unreachable");
  });

  test("let go of: it returns, and no socket or timer is left", async () => {
    const clock = new ManualClock();
    await using fake = await start();
    const bench = new Bench({ address: fake.address }, clock);
    await sendUntilPublished(fake, bench);
    bench.device.stop.abort();
    assert.equal(await bench.ran, undefined);
    await until(() => fake.open === 0);
    assert.equal(clock.pending, 0);
    const early = new Bench({ address: fake.address }, clock);
    early.device.stop.abort();
    assert.equal(await early.ran, undefined);
    assert.equal(clock.pending, 0);
  });
});

test("addresses: port 12345 by default, tcp only", () => {
  assert.equal(driver.claims(new URL("tcp://192.168.1.2:8000/")), 2);
  assert.equal(driver.claims(new URL("rtsp://192.168.1.2")), 0);
  assert.equal(driver.config.safeParse({ address: "tcp://camera" }).success, true);
  for (const address of ["rtsp://camera", "tcp://", "tcp://a:b@camera", "camera:12345"]) {
    assert.equal(driver.config.safeParse({ address }).success, false, address);
  }
  assert.equal(driver.config.safeParse({ address: "tcp://camera", token: "two words" }).success, false);
});

driverContract(driver, async () => {
  const fake = await start({ frameRate: 50, token: "t0ken" });
  return {
    config: { address: fake.address, token: "t0ken" },
    wrongPassword: { address: fake.address, token: "wrong" },
    connections: () => fake.open,
    accepted: () => fake.counters.connections,
    reboot: () => fake.reboot(),
    letGo: (ms) => fake.letGo(ms),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
});
