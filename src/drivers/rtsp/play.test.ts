import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advanceUntil, asFrames, clip, noise, runDriver } from "../../../test/rtsp.ts";
import { swapBytes } from "../../protocols/rtp/packetize-audio.ts";
import { ManualClock, systemClock } from "../../util/clock.ts";
import { type DoorwardError, FatalError, RecoverableError } from "../../util/errors.ts";
import { type FakeRtspOptions, startFakeRtsp } from "./fake.ts";
import type { FakeGuardOptions } from "./fake-guard.ts";

const guard: FakeGuardOptions = { username: "admin", password: "secret", scheme: "digest-md5", wrongStatus: 401 };
const login = { username: "admin", password: "secret" };
const anywhere = "127.0.0.1";

describe("picture and sound", () => {
  for (const codec of ["h264", "h265"] as const) {
    for (const transport of ["tcp", "udp"] as const) {
      test(`${codec} by ${transport} arrives as it was sent, from a key frame on`, async () => {
        await using fake = await startFakeRtsp({ video: clip(codec) });
        await using running = runDriver({ address: fake.address, transport });
        await running.device.until(() => (running.device.video?.counters.frames ?? 0) > 0);
        using reader = running.device.video?.read();
        const wanted = new Set(asFrames(clip(codec)).map((data) => data.toString("base64")));
        for (let n = 0; n < 20; n++) {
          const frame = await reader?.next();
          assert.ok(frame && wanted.has(Buffer.from(frame.data).toString("base64")), `frame ${n}`);
          if (n === 0) assert.ok(frame.key);
        }
        assert.deepEqual(running.device.phases, ["connecting", "waiting-for-key-frame"]);
        assert.equal(running.device.readyCount, 1);
        const format = running.device.video?.format;
        assert.ok(format?.kind === "video" && format.widthPx === 320 && format.heightPx === 240);
      });
    }
  }

  test("the size is learnt from the stream when the description has no parameter sets", async () => {
    await using fake = await startFakeRtsp({ video: clip(), sprop: false });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    const format = running.device.video?.format;
    assert.ok(format?.kind === "video" && format.widthPx === 320);
  });

  test("sound passes byte by byte, with its duration", async () => {
    const audio = noise();
    await using fake = await startFakeRtsp({ audio });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    assert.deepEqual(running.device.audio?.format, audio.format);
    using reader = running.device.audio?.read();
    const frame = await reader?.next();
    assert.ok(frame && audio.packets.some((packet) => Buffer.compare(packet, frame.data) === 0));
    assert.equal(frame.durationUs, 20_000);
  });

  test("linear samples are turned from network to machine order", async () => {
    const packet = Uint8Array.from({ length: 640 }, (_, i) => i & 0xff);
    const audio = {
      format: { kind: "audio", codec: "pcm_s16le", sampleRateHz: 16_000, channels: 1 } as const,
      packets: [packet],
      packetMs: 20,
    };
    await using fake = await startFakeRtsp({ audio });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    using reader = running.device.audio?.read();
    assert.deepEqual(Buffer.from((await reader?.next())?.data ?? []), Buffer.from(packet));
    assert.notDeepEqual(swapBytes(packet), packet);
  });

  test("says of a picture or a sound that nothing comes beside it, where the description has nothing", async () => {
    for (const media of [{ video: clip() }, { audio: noise() }, { video: clip(), audio: noise() }]) {
      await using fake = await startFakeRtsp(media);
      await using running = runDriver({ address: fake.address });
      await running.device.until(() => running.device.readyCount > 0);
      const alone = [running.device.video, running.device.audio].flatMap((track) => (track ? [track.alone] : []));
      assert.deepEqual(alone, Object.keys(media).length === 1 ? [true] : [false, false]);
    }
  });

  test("absolute controls are followed", async () => {
    await using fake = await startFakeRtsp({ video: clip(), audio: noise(), control: "absolute" });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    const uris = fake.requests.filter(({ method }) => method === "SETUP").map(({ uri }) => uri);
    assert.deepEqual(uris, [`${fake.address}/video`, `${fake.address}/audio`]);
  });

  test("says who it is, and says goodbye", async () => {
    await using fake = await startFakeRtsp({ video: clip(), guard });
    {
      await using running = runDriver({ address: fake.address, ...login });
      await running.device.until(() => running.device.readyCount > 0);
    }
    assert.equal(fake.counters.teardowns, 1);
    await fake.until(() => fake.open === 0);
    for (const { headers } of fake.requests) assert.match(headers.get("User-Agent") ?? "", /^Doorward\/\d/);
  });
});

describe("transport", () => {
  test("461 to TCP is followed by UDP on the same connection", async () => {
    await using fake = await startFakeRtsp({ video: clip(), protocols: ["udp"] });
    await using running = runDriver({ address: fake.address, backchannel: "off" });
    await running.device.until(() => running.device.readyCount > 0);
    assert.equal(fake.counters.connections, 1);
  });

  test("a camera that agrees to TCP and sends nothing by it is asked for UDP after 5 s", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeRtsp({ video: clip(), deafByTcp: true, clock });
    await using running = runDriver({ address: fake.address, backchannel: "off" }, { clock });
    await advanceUntil(clock, () => running.device.readyCount > 0);
    assert.equal(fake.counters.connections, 2);
    assert.equal(fake.counters.teardowns, 1);
    const seconds = clock.nowUs() / 1e6;
    assert.ok(seconds > 4 && seconds < 8, `${seconds} s`);
  });

  test("what worked is tried first the next time, and the other way round when it no longer works", async () => {
    const clock = new ManualClock();
    const memory = new Map<string, unknown>();
    const fake = await startFakeRtsp({ video: clip(), deafByTcp: true, clock });
    const { address } = fake;
    await using first = runDriver({ address }, { clock, memory });
    await advanceUntil(clock, () => first.device.readyCount > 0);
    await fake[Symbol.asyncDispose]();
    await first.ended;
    await using changed = await startFakeRtsp({ video: clip(), port: fake.port, protocols: ["tcp"], clock });
    await using second = runDriver({ address }, { clock, memory });
    await advanceUntil(clock, () => second.device.readyCount > 0);
    const asked = changed.requests.flatMap(({ headers }) => headers.get("Transport") ?? []);
    assert.deepEqual(
      asked.map((text) => text.split(";")[0]),
      ["RTP/AVP", "RTP/AVP/TCP"],
    );
  });

  test("only what the setting allows is tried", async () => {
    await using fake = await startFakeRtsp({ video: clip(), protocols: ["udp"] });
    const error = await endOf({ address: fake.address, transport: "tcp" });
    assert.ok(error instanceof RecoverableError);
    assert.equal(error.code, "transport-refused");
  });
});

describe("log-in", () => {
  for (const scheme of ["basic", "digest-md5", "digest-md5-qop", "digest-sha256"] as const) {
    test(`${scheme} is answered`, async () => {
      await using fake = await startFakeRtsp({ video: clip(), guard: { ...guard, scheme } });
      await using running = runDriver({ address: fake.address, ...login });
      await running.device.until(() => running.device.readyCount > 0);
      assert.equal(fake.guard?.wrong, 0);
    });

    for (const wrongStatus of [401, 400] as const) {
      test(`${scheme}: a wrong password, answered ${wrongStatus}, is sent once`, async () => {
        await using fake = await startFakeRtsp({ video: clip(), guard: { ...guard, scheme, wrongStatus } });
        const error = await endOf({ address: fake.address, ...login, password: "guessed" });
        assert.ok(error instanceof FatalError);
        assert.equal(error.code, "wrong-password");
        assert.match(error.message, /refuses the user name or password/);
        assert.equal(fake.guard?.wrong, 1);
        await fake.until(() => fake.open === 0);
      });
    }
  }

  test("a nonce that changes in the middle is followed", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeRtsp({ video: clip(), guard, sessionTimeoutS: 10, clock });
    await using running = runDriver({ address: fake.address, ...login, backchannel: "off" }, { clock });
    await advanceUntil(clock, () => running.device.readyCount > 0);
    fake.guard?.changeNonce();
    await advanceUntil(clock, () => fake.counters.keepAlives > 1);
    assert.equal(fake.guard?.wrong, 0);
    assert.equal(fake.counters.connections, 1);
  });

  test("a camera that wants a password gets a plain sentence when none is set", async () => {
    await using fake = await startFakeRtsp({ video: clip(), guard });
    const error = await endOf({ address: fake.address });
    assert.ok(error instanceof FatalError);
    assert.equal(error.code, "password-needed");
  });
});

describe("trouble", () => {
  test("silence with the connection open is noticed within 10 s", async () => {
    const clock = new ManualClock();
    await using fake = await startFakeRtsp({ video: clip(), clock });
    await using running = runDriver({ address: fake.address }, { clock });
    await advanceUntil(clock, () => running.device.readyCount > 0);
    fake.silence(true);
    const beganUs = clock.nowUs();
    let error: unknown;
    running.ended.then(
      (value) => {
        error = value;
      },
      (thrown) => {
        error = thrown;
      },
    );
    await advanceUntil(clock, () => error !== undefined);
    assert.ok(error instanceof RecoverableError);
    assert.equal(error.code, "silent");
    assert.match(error.message, /has sent nothing for (9|10) s/);
    assert.ok(clock.nowUs() - beganUs <= 10_000_000);
  });

  test("a pulled plug is noticed at once", async () => {
    await using fake = await startFakeRtsp({ video: clip() });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    await fake.powerDown();
    const error = await running.ended;
    assert.ok(error instanceof RecoverableError);
    assert.equal(error.code, "connection-lost");
  });

  const sentences: readonly [string, () => Promise<DoorwardError>, string][] = [
    ["a path that the camera does not know", () => refusedBy({}, "/nothing"), "not-found"],
    ["a camera that is not there", () => endOf({ address: `rtsp://${anywhere}:1/stream` }), "unreachable"],
    ["a description without media", () => refusedBy({}), "bad-description"],
  ];
  for (const [name, run, code] of sentences) {
    test(`${name}: ${code}`, async () => {
      const error = await run();
      assert.ok(error instanceof RecoverableError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, /\w+ \w+ \w+/);
    });
  }

  test("a camera that talks nonsense now and then goes on", async () => {
    await using fake = await startFakeRtsp({ video: clip() });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    for (let n = 0; n < 5; n++) {
      fake.babble(Buffer.from("\x00\x01nonsense"));
      const before = running.device.video?.counters.frames ?? 0;
      await running.device.until(() => (running.device.video?.counters.frames ?? 0) > before + 5);
    }
    assert.equal(running.device.readyCount, 1);
  });

  test("a camera that talks nothing but nonsense is let go", async () => {
    await using fake = await startFakeRtsp({ video: clip() });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    for (let n = 0; n < 40; n++) fake.babble(Buffer.alloc(65_536, "nonsense "));
    const error = await running.ended;
    assert.ok(error instanceof RecoverableError);
    assert.equal(error.code, "bad-protocol");
  });
});

describe("keep-alive", () => {
  for (const [publicMethods, method] of [
    [["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"], "GET_PARAMETER"],
    [["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"], "OPTIONS"],
  ] as const) {
    test(`${method} at half the camera's own time-out`, async () => {
      const clock = new ManualClock();
      await using fake = await startFakeRtsp({ video: clip(), clock, sessionTimeoutS: 20, publicMethods });
      await using running = runDriver({ address: fake.address }, { clock });
      await advanceUntil(clock, () => running.device.readyCount > 0);
      const beganUs = clock.nowUs();
      await advanceUntil(clock, () => fake.counters.keepAlives === 3);
      const seconds = (clock.nowUs() - beganUs) / 1e6;
      assert.ok(seconds > 28 && seconds < 31, `${seconds} s`);
      assert.equal(fake.requests.at(-1)?.method, method);
      assert.ok(fake.counters.receiverReports >= 5);
    });
  }

  test("the camera may ask, too", async () => {
    await using fake = await startFakeRtsp({ video: clip() });
    await using running = runDriver({ address: fake.address });
    await running.device.until(() => running.device.readyCount > 0);
    for (const method of ["OPTIONS", "GET_PARAMETER", "REDIRECT"]) fake.askClients(method);
    await fake.until(() => fake.answers.length === 3);
    assert.deepEqual(fake.answers, [200, 200, 501]);
  });
});

describe("being asked for the back channel", () => {
  for (const onRequire of [551, "ignore", "hang-up"] as const) {
    test(`a camera that answers with ${onRequire} is played without`, async () => {
      await using fake = await startFakeRtsp({ video: clip(), onRequire, guard });
      await using running = runDriver({ address: fake.address, ...login });
      await running.device.until(() => running.device.readyCount > 0);
      assert.equal(running.device.speaker, undefined);
      assert.equal(fake.counters.sessions, 1);
    });
  }

  test("a camera that answers with 400 keeps its picture, and its password is not doubted", async () => {
    await using fake = await startFakeRtsp({ video: clip(), onRequire: 400, guard });
    await using running = runDriver({ address: fake.address, ...login });
    await running.device.until(() => running.device.readyCount > 0);
    await fake.until(() => fake.requests.some(({ headers }) => headers.has("Require")) && fake.open === 1);
    assert.equal(running.device.speaker, undefined);
  });
});

async function endOf(config: Record<string, unknown>): Promise<DoorwardError> {
  const error = await runDriver(config).ended;
  assert.ok(error instanceof Error);
  return error as DoorwardError;
}

async function refusedBy(options: FakeRtspOptions, path = "/stream"): Promise<DoorwardError> {
  await using fake = await startFakeRtsp({ ...options, clock: systemClock });
  return await endOf({ address: `rtsp://127.0.0.1:${fake.port}${path}` });
}
