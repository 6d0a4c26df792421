import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { before, describe, it } from "node:test";
import { driverContract } from "../../../test/contracts/driver.ts";
import { FakeDevice } from "../../../test/contracts/fake-device.ts";
import { eventually } from "../../../test/contracts/rig.ts";
import { frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import { assertSameBytes } from "../../../test/same-bytes.ts";
import { pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Speech } from "../../media/speech.ts";
import { unitsOf } from "../../protocols/elementary/fake.ts";
import { type Clock, ManualClock, systemClock } from "../../util/clock.ts";
import { DoorwardError, RecoverableError } from "../../util/errors.ts";
import { type FakeIngenic, type FakeIngenicOptions, startFakeIngenic } from "./fake.ts";
import driver from "./index.ts";

let clip: Uint8Array = new Uint8Array(0);

before(() => {
  clip = makeClip({ codec: "h264" });
});

const start = (options: Partial<FakeIngenicOptions> = {}) =>
  startFakeIngenic({ codec: "h264", units: unitsOf(clip), delimiters: true, ...options });

/** The driver at work on a device. Disposing stops it. */
class Bench implements AsyncDisposable {
  readonly device: FakeDevice;
  /** How it ended: undefined for a stop, else the error. */
  readonly ran: Promise<Error | undefined>;

  constructor(config: Record<string, unknown>, clock: Clock = systemClock) {
    this.device = new FakeDevice({ clock });
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

const until = async (look: () => boolean) => {
  const endUs = systemClock.nowUs() + 10_000_000;
  while (!look()) {
    assert.ok(systemClock.nowUs() < endUs, `never came true: ${look}`);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
};

/** Lets time pass second by second, with a picture in each. */
async function pass(seconds: number, options: { bench: Bench; fake: FakeIngenic; clock: ManualClock }): Promise<void> {
  const { bench, fake, clock } = options;
  for (let n = 0; n < seconds; n++) {
    const before = bench.device.video?.counters.frames ?? 0;
    await fake.video.send();
    await until(() => (bench.device.video?.counters.frames ?? 0) > before);
    await clock.advance(1000);
  }
}

/** Runs the driver until picture and sound port are served. */
async function served(fake: FakeIngenic, clock?: Clock): Promise<Bench> {
  const bench = new Bench(fake.config, clock);
  await until(() => fake.video.open === 1);
  await fake.video.send();
  await until(() => fake.heard && bench.device.video !== undefined);
  return bench;
}

async function speakerOf(fake: FakeIngenic): Promise<Bench & { readonly device: FakeDevice }> {
  const bench = await served(fake);
  await bench.device.until(() => bench.device.speaker !== undefined);
  return bench;
}

const pcm = (ms: number) => Uint8Array.from({ length: ms * 16 }, (_, i) => (i * 37) & 0xff);

/** `data` as one turn, in pieces that are no blocks. */
function turn(data: Uint8Array, options: { readonly live?: boolean; readonly signal?: AbortSignal } = {}): Speech {
  async function* frames(): AsyncGenerator<Frame> {
    for (let at = 0; at < data.length; at += 500) {
      yield { data: data.subarray(at, at + 500), timestampUs: at, key: true };
    }
  }
  const { live = false, signal = new AbortController().signal } = options;
  return { format: pcmFormat(8000), live, frames: frames(), signal };
}

const endless = (signal?: AbortSignal): Speech => {
  const block = { data: pcm(20), timestampUs: 0, key: true, durationUs: 20_000 };
  async function* frames(): AsyncGenerator<Frame> {
    for (;;) yield block;
  }
  return { format: pcmFormat(8000), live: false, frames: frames(), signal: signal ?? new AbortController().signal };
};

describe("picture", () => {
  for (const codec of ["h264", "h265"] as const) {
    it(`${codec}: what the encoder made is what a viewer decodes`, async () => {
      const made = makeClip({ codec });
      await using fake = await start({ codec, units: unitsOf(made) });
      await using bench = new Bench(fake.config);
      const { device } = bench;
      await until(() => fake.video.open === 1);
      await fake.video.send();
      await until(() => device.video !== undefined);
      using reader = device.video!.read();
      await fake.video.send(49);
      const frames: Uint8Array[] = [];
      while (frames.length < 50) frames.push((await reader.next())!.data);
      assert.deepEqual(frameHashes(Buffer.concat(frames), codec), frameHashes(made, codec));
      assert.deepEqual(device.phases, ["connecting", "waiting-for-key-frame"]);
      assert.equal(device.readyCount, 1);
    });
  }

  it("is all there is when the other ports are not told", async () => {
    await using fake = await start();
    await using bench = new Bench({ address: fake.config.address });
    await until(() => fake.video.open === 1);
    await fake.video.send();
    await bench.device.until(() => bench.device.readyCount === 1);
    assert.equal(fake.counters.soundConnections + fake.counters.healthRequests, 0);
  });

  it("asks the other ports only once it has come", async () => {
    await using fake = await start();
    await using _bench = new Bench(fake.config);
    await until(() => fake.video.open === 1);
    assert.equal(fake.open, 0);
    await fake.video.send();
    await until(() => fake.heard && fake.counters.healthRequests === 1);
  });

  it("goes on while sound is lost, and sound comes back", async () => {
    const clock = new ManualClock();
    await using fake = await start({ clock });
    await using bench = await served(fake, clock);
    fake.hear();
    await bench.device.until(() => bench.device.audio !== undefined);
    const track = bench.device.audio;
    await fake.loseSound();
    await until(() => !fake.heard);
    await fake.listen();
    await pass(9, { bench, fake, clock });
    assert.equal(fake.counters.soundConnections, 1, "not asked before 10 s are over");
    await pass(2, { bench, fake, clock });
    await until(() => fake.heard);
    fake.hear();
    await until(() => (bench.device.audio?.counters.frames ?? 0) >= 2);
    assert.equal(bench.device.audio, track, "the same track for its readers");
    assert.equal(fake.video.counters.connections, 1);
  });

  it("does not mind a sound port that is something else", async () => {
    await using fake = await start();
    await using bench = await served(fake);
    fake.babble(5000);
    await until(() => !fake.heard);
    await fake.video.send(3);
    await until(() => (bench.device.video?.counters.frames ?? 0) >= 3);
    assert.equal(fake.counters.soundConnections, 1, "asked again later only");
  });
});

describe("sound", () => {
  it("arrives as it was heard, gaps told by its timestamps", async () => {
    const clock = new ManualClock();
    await using fake = await start({ clock });
    await using bench = await served(fake, clock);
    fake.hear();
    await bench.device.until(() => bench.device.audio !== undefined);
    const track = bench.device.audio!;
    assert.deepEqual(track.format, pcmFormat(16_000));
    using reader = track.read();
    const times: number[] = [];
    for (const gapMs of [20, 20, 100, 20]) {
      await clock.advance(gapMs);
      fake.hear(pcm(20));
      const frame = (await reader.next())!;
      assert.deepEqual(frame.data, pcm(20));
      assert.equal(frame.durationUs, 10_000);
      times.push(frame.timestampUs);
    }
    assert.deepEqual(
      times.map((us) => us - times[0]!),
      [0, 20_000, 120_000, 140_000],
    );
  });

  for (const delimiters of [true, false]) {
    it(`is within 80 ms of its picture ${delimiters ? "with" : "without"} delimiters`, async () => {
      const clock = new ManualClock();
      await using fake = await start({ clock, delimiters });
      await using bench = new Bench(fake.config, clock);
      const { device } = bench;
      await until(() => fake.video.open === 1);
      await fake.video.send(delimiters ? 1 : 2);
      await until(() => fake.heard && device.video !== undefined);
      const sentUs = delimiters ? [0] : [0, 0];
      fake.hear();
      await device.until(() => device.audio !== undefined);
      using pictures = device.video!.read();
      using sounds = device.audio!.read({ start: "live" });
      const offsets: number[] = [];
      for (let n = 0; n < 60; n++) {
        offsets.push((await pictures.next())!.timestampUs - sentUs[n]!);
        await clock.advance(40);
        sentUs.push(clock.nowUs());
        await fake.video.send();
        fake.hear();
        offsets.push((await sounds.next())!.timestampUs - clock.nowUs());
      }
      const apartUs = Math.max(...offsets) - Math.min(...offsets);
      assert.ok(apartUs <= (delimiters ? 1000 : 45_000), `${apartUs / 1000} ms`);
    });
  }
});

describe("talk", () => {
  it("plays a recording whole, in real time, and returns when it was heard", async () => {
    await using fake = await start();
    await using bench = await speakerOf(fake);
    const { speaker } = bench.device;
    assert.deepEqual(speaker?.formats, [pcmFormat(8000)]);
    const data = pcm(1000);
    const beginUs = systemClock.nowUs();
    await speaker!.play(turn(data));
    const tookMs = (systemClock.nowUs() - beginUs) / 1000;
    assertSameBytes(Buffer.concat(fake.speaker.played), data);
    assert.ok(tookMs > 900 && tookMs < 2000, `${tookMs} ms`);
    assert.equal(fake.speaker.counters.droppedBytes, 0);
    await speaker!.play(turn(pcm(50)));
    assert.equal(fake.speaker.played.length, 53, "the last block is padded, and the speaker was free again");
  });

  it("stops at once when told, and is free for the next turn", async () => {
    await using fake = await start();
    await using bench = await speakerOf(fake);
    const stop = new AbortController();
    const talking = bench.device.speaker!.play(endless(stop.signal));
    await until(() => fake.speaker.played.length > 2);
    stop.abort();
    await talking;
    const taken = fake.speaker.counters.taken;
    await eventually(() => !fake.speaker.state(undefined as never).taken);
    assert.equal(fake.speaker.counters.taken, taken, "nothing was sent after it");
    await bench.device.speaker!.play(turn(pcm(100)));
  });

  it("says in one sentence why it cannot", async () => {
    await using fake = await start();
    await using bench = await speakerOf(fake);
    const speaker = bench.device.speaker!;
    const refusal = async (code: string) => {
      const error = await speaker.play(turn(pcm(100))).catch((caught: unknown) => caught);
      assert.ok(error instanceof RecoverableError);
      assert.equal(error.code, code);
      assert.match(error.message, /^[^.]+ \w+[^.]+$/);
    };
    fake.speaker.setBusy(true);
    const wait = () => eventually(() => bench.device.speaker !== undefined);
    await wait();
    await eventually(() => fake.speaker.counters.taken === 0);
    fake.hear();
    await bench.device.until(() => bench.device.audio !== undefined);
    await refusal("busy");
    assert.equal(fake.speaker.counters.refused, 0, "nothing was sent");
    fake.speaker.setRate(0);
    const heard = bench.device.audio!.counters.frames;
    fake.hear();
    await until(() => bench.device.audio!.counters.frames > heard);
    await refusal("not-ready");
  });

  it("breaks off when the firmware needs its speaker", async () => {
    await using fake = await start();
    await using bench = await speakerOf(fake);
    const talking = bench.device.speaker!.play(endless()).catch((error: unknown) => error);
    await until(() => fake.speaker.played.length > 0);
    fake.speaker.setBusy(true);
    const error = await talking;
    assert.equal(error instanceof RecoverableError && error.code, "busy");
  });

  it("tells a talker that the connection is lost", async () => {
    await using fake = await start();
    await using bench = await speakerOf(fake);
    const speaker = bench.device.speaker!;
    const talking = speaker.play(endless()).catch((error: unknown) => error);
    await until(() => fake.speaker.played.length > 0);
    await fake.loseSound();
    const error = await talking;
    assert.equal(error instanceof RecoverableError && error.code, "lost");
    await assert.rejects(speaker.play(turn(pcm(20))), { code: "lost" });
  });

  it("offers the speaker again when its format changes, and not at all without talk-back", async () => {
    await using fake = await start({ speakerRateHz: 0 });
    await using bench = await served(fake);
    fake.hear();
    await bench.device.until(() => bench.device.audio !== undefined);
    assert.equal(bench.device.speaker, undefined);
    fake.speaker.setRate(16_000);
    await bench.device.until(() => bench.device.speaker?.formats[0]?.sampleRateHz === 16_000);
    const before = bench.device.speaker!;
    fake.speaker.setRate(8000);
    await bench.device.until(() => bench.device.speaker?.formats[0]?.sampleRateHz === 8000);
    await assert.rejects(before.play(turn(pcm(20))), { code: "not-ready" });
  });
});

describe("health", () => {
  it("is told at once and then every 10 s", async () => {
    const clock = new ManualClock();
    await using fake = await start({ clock });
    await using bench = await served(fake, clock);
    const { device } = bench;
    await device.until(() => device.events.length === 1);
    const [event] = device.events;
    assert.ok(event?.type === "health");
    assert.equal(event.values["codec"], "h264");
    assert.equal(event.values["talkRateHz"], 8000);
    await pass(9, { bench, fake, clock });
    assert.equal(fake.counters.healthRequests, 1);
    await pass(2, { bench, fake, clock });
    await device.until(() => device.events.length === 2);
  });
});

describe("what goes wrong", () => {
  it("a refused token is a wrong password, said once", async () => {
    await using fake = await start({ token: "t0ken" });
    const error = await new Bench({ ...fake.config, token: "wrong" }).ran;
    assert.equal(error instanceof DoorwardError && error.code, "wrong-password");
    assert.equal(fake.video.counters.refused + fake.counters.refused, 1);
  });

  it("takes the token under the name of password too", async () => {
    await using fake = await start({ token: "t0ken" });
    await using bench = new Bench({ ...fake.config, password: "t0ken" });
    await until(() => fake.video.open === 1);
    while (bench.device.readyCount === 0) {
      await fake.video.send();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await until(() => fake.heard && fake.counters.healthRequests === 1);
  });

  it("a reboot, and another program that takes the picture", async () => {
    await using fake = await start();
    const bench = await served(fake);
    await fake.powerOff();
    const lost = await bench.ran;
    assert.ok(lost instanceof RecoverableError);
    const gone = await new Bench(fake.config).ran;
    assert.equal(gone instanceof RecoverableError && gone.code, "unreachable");
  });

  it("silence of the picture ends it although sound goes on", async () => {
    const clock = new ManualClock();
    await using fake = await start({ clock });
    const bench = await served(fake, clock);
    for (let second = 0; second < 9; second++) {
      fake.hear();
      await clock.advance(1000);
    }
    const error = await bench.ran;
    assert.equal(error instanceof RecoverableError && error.code, "silent");
    await until(() => fake.open === 0);
  });

  it("a health port that says nothing, or something else, costs nothing", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const healthPort = (server.address() as { port: number }).port;
    await using fake = await start();
    await using bench = new Bench({ ...fake.config, healthPort });
    await until(() => fake.video.open === 1);
    await fake.video.send();
    await bench.device.until(() => bench.device.readyCount === 1);
    await fake.video.send(5);
    await until(() => (bench.device.video?.counters.frames ?? 0) >= 5);
    assert.deepEqual(bench.device.events, []);
    server.close();
  });

  it("let go of: no socket and no timer is left", async () => {
    const clock = new ManualClock();
    await using fake = await start({ clock });
    const bench = await served(fake, clock);
    await bench.device.until(() => bench.device.events.length > 0);
    bench.device.stop.abort();
    assert.equal(await bench.ran, undefined);
    await until(() => fake.open === 0 && fake.video.open === 0);
    assert.equal(clock.pending, 0);
  });
});

it("addresses: port 12345 by default, ingenic only", () => {
  assert.equal(driver.claims(new URL("ingenic://192.168.1.2:8000/")), 2);
  assert.equal(driver.claims(new URL("tcp://192.168.1.2")), 0);
  assert.equal(driver.config.safeParse({ address: "ingenic://camera", soundPort: 12_346 }).success, true);
  for (const address of ["tcp://camera", "ingenic://", "ingenic://a:b@camera", "camera:12345"]) {
    assert.equal(driver.config.safeParse({ address }).success, false, address);
  }
  assert.equal(driver.config.safeParse({ address: "ingenic://camera", soundPort: 0 }).success, false);
});

driverContract(driver, async () => {
  const fake = await start({ frameRate: 50, token: "t0ken", microphone: true });
  return {
    config: { ...fake.config, token: "t0ken" },
    wrongPassword: { ...fake.config, token: "wrong" },
    connections: () => Math.max(fake.video.open, fake.heard ? 1 : 0),
    accepted: () => Math.max(fake.video.counters.connections, fake.counters.soundConnections),
    reboot: () => fake.reboot(),
    letGo: (ms) => fake.letGo(ms),
    spoken: () => fake.speaker.counters.taken,
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
});
