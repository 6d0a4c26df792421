import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advanceUntil, asFrames, clip, noise, pictureHash, type Running, runDriver } from "../../../test/rtsp.ts";
import { packetizeVideo } from "../../protocols/rtp/packetize-video.ts";
import { ManualClock } from "../../util/clock.ts";
import { FatalError } from "../../util/errors.ts";
import { type FakeRtsp, type FakeRtspOptions, startFakeRtsp } from "./fake.ts";
import type { FakeFaults } from "./fake-faults.ts";

const sent = new Set(asFrames(clip()).map((data) => pictureHash(data)));

/** Takes `count` pictures and looks whether each came as it was sent. */
async function plays({ device }: Running, count = 20): Promise<void> {
  await device.until(() => (device.video?.counters.frames ?? 0) > 0);
  using reader = device.video!.read();
  for (let n = 0; n < count; n++) {
    await device.until(() => reader.queued > 0);
    assert.ok(sent.has(pictureHash(reader.take()!.data)), `picture ${n}`);
  }
}

describe("a camera that takes its own address and nothing else:", () => {
  /** Its base, as it tells it; the address to call it at, and the one at which alone it sets its picture up. */
  const cases: readonly (readonly [string, (home: string) => { base?: string; at: string; takes: string }])[] = [
    [
      "a base with a query and a slash",
      (home) => ({ base: `${home}?channel=1&subtype=0/`, at: home, takes: `${home}?channel=1&subtype=0/video` }),
    ],
    [
      "a base with a query and no slash",
      (home) => ({ base: `${home}?channel=1`, at: home, takes: `${home}?channel=1/video` }),
    ],
    ["a base without a slash", (home) => ({ base: home, at: home, takes: `${home}/video` })],
    [
      "no base, and a query in the address",
      (home) => ({ at: `${home}?channel=2&proto=Onvif`, takes: `${home}?channel=2&proto=Onvif/video` }),
    ],
    [
      "a base at another path",
      (home) => ({ base: `${home}/inner/`, at: `${home}?user=x`, takes: `${home}/inner/video` }),
    ],
  ];
  for (const [name, addresses] of cases) {
    test(name, async () => {
      const homeOf = (text: string) => /rtsp:\/\/[^/]+\/stream/.exec(text)?.[0] ?? "";
      const faults: FakeFaults = {
        answer: (text, { method, uri }) => {
          if (method !== "DESCRIBE") return text;
          const { base } = addresses(homeOf(uri));
          return text.replace(/Content-Base: .*\r\n/, base === undefined ? "" : `Content-Base: ${base}\r\n`);
        },
        reply: ({ method, uri }) =>
          method === "SETUP" && uri !== addresses(homeOf(uri)).takes ? { status: 404 } : undefined,
      };
      await using fake = await startFakeRtsp({ video: clip(), faults });
      await using running = runDriver({ address: addresses(fake.address).at, backchannel: "off" });
      await plays(running);
    });
  }
});

describe("a password", () => {
  const strange = ["p@ss#1/2%ü:x", "100%", "a b+c&d=e", "пароль", "%41?"];
  for (const password of strange) {
    for (const scheme of ["digest-md5", "digest-sha256", "basic"] as const) {
      test(`${password} by ${scheme}, in the address and in the settings`, async () => {
        const guard = { username: "admin", password, scheme, wrongStatus: 401 } as const;
        await using fake = await startFakeRtsp({ video: clip(), guard });
        const inside = fake.address.replace("rtsp://", `rtsp://admin:${encodeURIComponent(password)}@`);
        for (const config of [{ address: inside }, { address: fake.address, username: "admin", password }]) {
          await using running = runDriver({ ...config, backchannel: "off" });
          await plays(running, 1);
        }
        assert.equal(fake.guard?.wrong, 0);
      });
    }
  }
});

describe("a camera that offers several ways to log in:", () => {
  const md5 = 'Digest realm="fake camera", nonce="of-md5"';
  const unknown = 'Digest realm="fake camera", nonce="n", algorithm=SHA-512-256, qop="auth"';
  const basic = 'Basic realm="fake camera"';
  /** Beside the way that it really takes. */
  const cases: readonly (readonly [string, "digest-md5" | "digest-sha256", readonly string[], readonly string[]])[] = [
    ["SHA-256 before MD5", "digest-sha256", [], [md5]],
    ["MD5 before SHA-256", "digest-sha256", [md5], []],
    ["an algorithm that nobody knows before MD5", "digest-md5", [unknown], []],
    ["Basic before Digest", "digest-md5", [basic], []],
    ["Basic, something of its own, and Digest", "digest-sha256", [basic, 'Maker token="x"'], []],
  ];
  for (const [name, scheme, before, behind] of cases) {
    test(name, async () => {
      const guard = { username: "admin", password: "secret", scheme, wrongStatus: 401 } as const;
      const line = (challenge: string) => `WWW-Authenticate: ${challenge}\r\n`;
      const answer = (text: string) =>
        text.replace(/WWW-Authenticate: .*\r\n/, (own) => [...before.map(line), own, ...behind.map(line)].join(""));
      await using fake = await startFakeRtsp({ video: clip(), guard, faults: { answer } });
      const login = { username: "admin", password: "secret" };
      await using running = runDriver({ address: fake.address, ...login, backchannel: "off" });
      await plays(running, 5);
      assert.equal(fake.guard?.wrong, 0);
    });
  }
});

describe("of several pictures in one stream", () => {
  const small = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:small"];
  const jpeg = ["m=video 0 RTP/AVP 26", "a=control:still"];
  const ahead =
    (...sections: readonly (readonly string[])[]): FakeFaults["sdp"] =>
    (lines) =>
      lines.flatMap((line) => (line.startsWith("m=video") ? [...sections.flat(), line] : [line]));
  const cases: readonly (readonly [string, FakeFaults["sdp"], number | undefined, string])[] = [
    ["the first is taken", ahead(small), undefined, "small"],
    ["the second, by setting", ahead(small), 1, "video"],
    ["the third, by setting", ahead(small, small), 2, "video"],
    ["the one that can be shown", ahead(jpeg), undefined, "video"],
    ["the next one that can be shown, by setting", ahead(small, jpeg), 1, "video"],
  ];
  for (const [name, sdp, video, control] of cases) {
    test(name, async () => {
      await using fake = await startFakeRtsp({ video: clip(), faults: { sdp } });
      await using running = runDriver({
        address: fake.address,
        backchannel: "off",
        ...(video !== undefined && { video }),
      });
      await fake.until(() => fake.requests.some(({ method }) => method === "SETUP"));
      const controls = fake.requests.filter(({ method }) => method === "SETUP").map(({ uri }) => uri.split("/").at(-1));
      assert.deepEqual(controls, [control]);
      if (control === "video") await plays(running, 5);
    });
  }

  test("one that is not there is told with how many there are", async () => {
    await using fake = await startFakeRtsp({ video: clip(), faults: { sdp: ahead(small) } });
    await using running = runDriver({ address: fake.address, backchannel: "off", video: 2 });
    const error = await running.ended;
    assert.ok(error instanceof FatalError);
    assert.match(error.message, /has 2 video streams at this path: number 2 is none of them/);
  });
});

describe("a camera that sends nothing until all of it was set up:", () => {
  const both = (peer: { readonly controls: ReadonlySet<string> }) => peer.controls.size === 2;
  const cases: readonly (readonly [string, FakeRtspOptions, boolean])[] = [
    ["by UDP", { protocols: ["udp"] }, false],
    ["by TCP", { protocols: ["tcp"] }, false],
    ["PLAY is refused meanwhile", {}, true],
  ];
  for (const [name, options, refuses] of cases) {
    test(name, async () => {
      let ready = false;
      const reply: FakeFaults["reply"] = ({ method }, peer) => {
        if (method !== "PLAY") return undefined;
        ready = both(peer);
        return refuses && !ready ? { status: 455 } : undefined;
      };
      const whole = (data: Uint8Array) => [{ payload: data, marker: false, timestampOffset: 0 }];
      const faults: FakeFaults = {
        reply,
        picture: (nals) => (ready ? packetizeVideo(nals, { codec: "h264", maxBytes: 1200 }) : []),
        sound: (data) => (ready ? whole(data) : []),
      };
      await using fake = await startFakeRtsp({ video: clip(), audio: noise(), ...options, faults });
      await using running = runDriver({ address: fake.address, backchannel: "off" });
      await plays(running, 5);
      assert.ok(ready, "picture and sound were set up before PLAY");
      await running.device.until(() => (running.device.audio?.counters.frames ?? 0) > 5);
    });
  }
});

test("a camera that takes other channels than it is asked for is asked for a pair only once", async () => {
  const channels = ([rtp, rtcp]: readonly [number, number]) => [rtp + 8, rtcp + 8] as const;
  await using fake = await startFakeRtsp({ video: clip(), audio: noise(), protocols: ["tcp"], faults: { channels } });
  await using running = runDriver({ address: fake.address, backchannel: "off" });
  await plays(running, 5);
  const asked = fake.requests.filter(({ method }) => method === "SETUP").map(({ headers }) => headers.get("Transport"));
  assert.deepEqual(
    asked.map((transport) => /interleaved=(\S+)/.exec(transport ?? "")?.[1]),
    ["0-1", "2-3"],
  );
  assert.deepEqual(
    running.device.events.filter(({ type }) => type === "quirk"),
    [],
  );
});

describe("picture and sound that do not begin together", () => {
  /** A fake and its driver on a clock that stands still. */
  async function camera(faults: (nowMs: () => number) => FakeFaults) {
    const clock = new ManualClock();
    const fake: FakeRtsp = await startFakeRtsp({
      video: clip(),
      audio: noise(),
      clock,
      faults: faults(() => (clock.nowUs() - fake.bootedUs) / 1000),
    });
    const running = runDriver({ address: fake.address, backchannel: "off" }, { clock });
    const stop = async () => {
      await running[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    };
    return { clock, running, [Symbol.asyncDispose]: stop };
  }

  for (const lateMs of [8000, 20_000, 90_000]) {
    test(`the microphone begins ${lateMs / 1000} s after the picture: heard, and one connection`, async () => {
      await using setting = await camera((nowMs) => ({
        sound: (data) => (nowMs() < lateMs ? [] : [{ payload: data, marker: false, timestampOffset: 0 }]),
      }));
      const { device } = setting.running;
      await advanceUntil(setting.clock, () => (device.audio?.counters.frames ?? 0) > 20, 100);
      assert.ok(setting.clock.nowUs() / 1000 >= lateMs);
      assert.equal(device.readyCount, 1);
    });
  }

  test("the microphone pauses for a minute and goes on: heard again, and one connection", async () => {
    let until = Number.POSITIVE_INFINITY;
    await using setting = await camera((nowMs) => ({
      sound: (data) =>
        nowMs() > 2000 && nowMs() < until ? [] : [{ payload: data, marker: false, timestampOffset: 0 }],
    }));
    const { device } = setting.running;
    await advanceUntil(setting.clock, () => setting.clock.nowUs() > 62e6, 100);
    const before = device.audio?.counters.frames ?? 0;
    assert.ok(before > 20);
    until = 0;
    await advanceUntil(setting.clock, () => (device.audio?.counters.frames ?? 0) > before + 20, 100);
    assert.equal(device.readyCount, 1);
  });
});
