import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { clip, noise, runDriver } from "../../../test/rtsp.ts";
import { parseRtspAddress } from "../../protocols/rtsp/address.ts";
import { systemClock } from "../../util/clock.ts";
import { type FakeRtspOptions, startFakeRtsp } from "./fake.ts";
import { createRtspDriver } from "./index.ts";
import { startReplay } from "./replay.ts";
import { RtspRecorder, type RtspReport, rtspReport } from "./report.ts";
import { scrubMessage } from "./scrub.ts";

const guard = { username: "admin", password: "s3cret-word", scheme: "digest-md5", wrongStatus: 401 } as const;
const login = { username: "admin", password: "s3cret-word" };

/** A report of a fake camera that played for a while. */
async function recordOf(
  options: FakeRtspOptions,
  config: Record<string, unknown> = {},
  media = false,
): Promise<{ report: RtspReport; address: string }> {
  await using fake = await startFakeRtsp({ video: clip(), ...options });
  const address = parseRtspAddress(fake.address);
  const recorder = new RtspRecorder({ address, clock: systemClock, media, version: "0" });
  const driver = createRtspDriver({ tap: recorder.tap(), onQuirk: (quirk) => recorder.learn(quirk) });
  await using running = runDriver({ address: fake.address, backchannel: "off", ...config }, { driver });
  await running.device.until(() => (running.device.video?.counters.frames ?? 0) > 30);
  return { report: rtspReport.parse(JSON.parse(JSON.stringify(recorder.report()))), address: fake.address };
}

describe("a report", () => {
  test("holds how the camera speaks, and no password, address or picture", async () => {
    const { report, address } = await recordOf({ guard, audio: noise() }, login);
    const text = JSON.stringify(report);
    for (const hidden of ["s3cret-word", "admin", "127.0.0.1", new URL(address).host, 'fake camera\\"']) {
      assert.ok(!text.includes(hidden), hidden);
    }
    assert.match(text, /DESCRIBE rtsp:\/\/\{address\}\/stream/);
    assert.match(text, /sprop-parameter-sets=Z/);
    const packets = report.connections.flat().flatMap((event) => ("channel" in event ? [event.bytes] : []));
    const blank = packets.filter((bytes) =>
      Buffer.from(bytes, "base64")
        .subarray(25, 60)
        .every((byte) => byte === 0x55),
    );
    assert.ok(packets.length > 30 && blank.length > packets.length * 0.7, `${blank.length} of ${packets.length}`);
  });

  test("holds pictures when they are asked for", async () => {
    const { report } = await recordOf({}, {}, true);
    assert.equal(report.media, true);
    assert.ok(!JSON.stringify(report).includes(Buffer.alloc(60, 0x55).toString("base64")));
  });

  test("names what was learnt", async () => {
    const { report } = await recordOf({ faults: { answer: (text) => text.replace(/CSeq: \d+/, "CSeq: 0") } });
    assert.deepEqual(report.quirks, ["numbering"]);
  });
});

describe("scrubbing", () => {
  const camera = { host: "192.168.1.20", name: "192.168.1.20:554" };
  const table: readonly [string, string][] = [
    [
      "DESCRIBE rtsp://192.168.1.20:554/user=admin_password=tlJwpbo6_channel=1 RTSP/1.0\r\n\r\n",
      "DESCRIBE rtsp://{address}/user=hidden_password=hidden_channel=1 RTSP/1.0\r\n\r\n",
    ],
    [
      'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="Login to 4K01C22", nonce="77aa", qop="auth"\r\n\r\n',
      'RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm="hidden", nonce="hidden", qop="auth"\r\n\r\n',
    ],
    [
      'PLAY rtsp://x/ RTSP/1.0\r\nAuthorization: Digest username="me", response="1"\r\n\r\n',
      "PLAY rtsp://x/ RTSP/1.0\r\nAuthorization: Digest hidden\r\n\r\n",
    ],
    [
      "RTSP/1.0 200 OK\r\nContent-Length: 31\r\n\r\no=- 1 1 IN IP4 10.0.0.9\r\ni=Hall\r\n",
      "RTSP/1.0 200 OK\r\nContent-Length: 34\r\n\r\no=- 1 1 IN IP4 192.0.2.1\r\ni=hidden\r\n",
    ],
    [
      "RTSP/1.0 200 OK\r\nServer: Cam 00:1a:2b:3c:4d:5e 123456789\r\n\r\n",
      "RTSP/1.0 200 OK\r\nServer: Cam 00:00:00:00:00:00 000000000\r\n\r\n",
    ],
  ];
  for (const [text, wanted] of table) {
    test(JSON.stringify(text.slice(0, 60)), () => assert.equal(scrubMessage(text, camera), wanted));
  }
});

describe("a replay", () => {
  const faults: readonly [string, FakeRtspOptions, Record<string, unknown>][] = [
    ["an ordinary camera", {}, {}],
    ["a camera with a password", { guard }, login],
    ["a camera that numbers wrongly", { faults: { answer: (text) => text.replace(/CSeq: \d+/, "CSeq: 0") } }, {}],
    ["a camera that sends by UDP only", { protocols: ["udp"] }, {}],
    [
      "a camera with noise between its packets",
      { faults: { frame: (frame, n) => (n % 20 === 9 ? Buffer.concat([frame, Buffer.alloc(40, 0x81)]) : frame) } },
      {},
    ],
  ];
  for (const [name, options, config] of faults) {
    test(`${name} plays as it did, again and again`, async () => {
      const { report } = await recordOf(options, config);
      await using replay = await startReplay(report, { clock: systemClock });
      const quirks: string[] = [];
      const driver = createRtspDriver({ onQuirk: (quirk) => quirks.push(quirk) });
      const any = replay.asksPassword ? { username: "any", password: "any" } : {};
      await using running = runDriver({ address: replay.address, backchannel: "off", ...any }, { driver });
      await running.device.until(() => (running.device.video?.counters.frames ?? 0) > 60);
      assert.equal(running.device.readyCount, 1);
      // Datagrams come from a port of the replay's own.
      assert.deepEqual(
        quirks.filter((quirk) => quirk !== "udp-port"),
        report.quirks,
      );
    });
  }
});

describe("the recording of a real server", { concurrency: 4 }, () => {
  const root = join(import.meta.dirname, "..", "..", "..");
  const files = globSync(["src/drivers/rtsp/fixtures/*.json", "test/soak/fixtures/*.json"], { cwd: root }).sort();
  for (const file of files) {
    test(`${basename(file, ".json")} plays again: picture, and sound where it has any`, async () => {
      const report = rtspReport.parse(JSON.parse(readFileSync(join(root, file), "utf8")));
      await using replay = await startReplay(report, { clock: systemClock });
      const any = replay.asksPassword ? { username: "any", password: "any" } : {};
      await using running = runDriver({ address: replay.address, backchannel: "off", ...any });
      const { device } = running;
      const hasSound = /opus|aac|pcma/.test(file);
      await device.until(
        () => (device.video?.counters.frames ?? 0) > 50 && (!hasSound || (device.audio?.counters.frames ?? 0) > 20),
      );
      assert.equal(device.readyCount, 1);
      assert.ok((device.video?.counters.keyFrames ?? 0) > 2);
    });
  }

  test("holds no address and no credentials", () => {
    assert.equal(files.length, 11);
    for (const file of files) {
      const text = readFileSync(join(root, file), "utf8");
      assert.doesNotMatch(text, /127\.0\.0\.1|secret|readpass|Authorization: (?!\w+ hidden)/, file);
    }
  });
});
