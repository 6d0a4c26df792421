import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assertSameBytes } from "../../test/same-bytes.ts";
import { startFakeYoosee } from "../drivers/yoosee/fake.ts";
import { wavFile } from "../drivers/yoosee/fake-playout.ts";
import { fastClock, tone } from "../drivers/yoosee/testing.ts";
import { systemClock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { createConverter } from "../workers/ffmpeg/index.ts";
import { parseTalkArguments } from "./talk/arguments.ts";
import { createTalkCommand } from "./talk.ts";

let folder: string;
let shortFile: string;
let longFile: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "doorward-talk-"));
  shortFile = join(folder, "short.wav");
  longFile = join(folder, "long.wav");
  const samples = (ms: number) => new Int16Array(tone(ms, 16_000).buffer);
  writeFileSync(shortFile, wavFile(samples(300), 16_000));
  writeFileSync(longFile, wavFile(samples(20_000), 16_000));
  writeFileSync(join(folder, "text.mp3"), "this is no sound at all\n".repeat(100));
  writeFileSync(join(folder, "empty.mp3"), "");
});

after(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as the frame does, with the time of `clock`. */
async function talk(
  args: readonly string[],
  options: { readonly signal?: AbortSignal; readonly speed?: number; readonly stdin?: AsyncIterable<Uint8Array> } = {},
): Promise<Run> {
  let out = "";
  let err = "";
  const command = createTalkCommand({
    createConverter: () => createConverter({ clock: systemClock, log: silentLog }),
    stdin: options.stdin,
  });
  const context = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    signal: options.signal ?? new AbortController().signal,
    clock: fastClock(options.speed ?? 4),
    log: silentLog,
  };
  const code = await command.run(args, context).catch((error: unknown) => {
    err += messageOf(error);
    return 1;
  });
  return { code, out, err };
}

/** How like the first sound is to the second, which may be longer: the greatest correlation within 25 ms. */
function likeness(wanted: Int16Array, heard: Int16Array): number {
  let best = 0;
  for (let shift = 0; shift < 200; shift++) {
    let product = 0;
    let power = 0;
    let heardPower = 0;
    for (let index = 0; index + 200 < wanted.length; index++) {
      const a = wanted[index] ?? 0;
      const b = heard[index + shift] ?? 0;
      product += a * b;
      power += a * a;
      heardPower += b * b;
    }
    best = Math.max(best, product / Math.sqrt(power * heardPower || 1));
  }
  return best;
}

describe("doorward talk: arguments", () => {
  it("has the published flags and defaults", () => {
    const args = parseTalkArguments(["--ip", "192.168.1.100"]);
    assert.deepEqual(args.cameras, [{ host: "192.168.1.100", port: 554, name: "192.168.1.100" }]);
    assert.deepEqual(args.input, { kind: "file", path: "music.mp3" });
    assert.equal(args.rateHz, undefined);
    assert.equal(args.profile, "classic");
    assert.equal(args.path, "onvif1");
    assert.equal(args.volume, 0.5);
    assert.equal(args.autoExit, false);
  });

  it("takes several cameras, once each, with ports and IPv6", () => {
    const { cameras } = parseTalkArguments([
      "--ip",
      "a,b:5540, a",
      "--ip",
      "b:5540",
      "--ip",
      "[fe80::1]:55,::1",
      "--port",
      "1554",
    ]);
    assert.deepEqual(
      cameras.map(({ host, port }) => [host, port]),
      [
        ["a", 1554],
        ["b", 5540],
        ["fe80::1", 55],
        ["::1", 1554],
      ],
    );
  });

  it("says in one sentence what is wrong", () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /^--ip is missing/],
      [["--ip", "rtsp://1.2.3.4/"], /^--ip rtsp:\/\/1\.2\.3\.4\/ is not an address/],
      [["--ip", "a", "--rate", "44100"], /^--rate 44100 is not possible: these cameras play 8000 or 16000$/],
      [["--ip", "a", "--vol", "2.5"], /^--vol 2\.5 is not possible: it is a number from 0\.1 to 2$/],
      [["--ip", "a", "--vol", "loud"], /^--vol loud is not possible/],
      [["--ip", "a", "--port", "70000"], /^--port 70000 is not possible/],
      [["--ip", "a", "--profile", "x"], /^--profile x is unknown/],
      [["--ip", "a", "--file", "x", "--mic"], /exclude each other/],
      [["--ip", "a", "--file", "-", "--loop"], /^--loop needs a file/],
      [["--ip", "a", "--nonsense"], /nonsense/],
    ];
    for (const [args, message] of cases) assert.throws(() => parseTalkArguments(args), { message });
  });
});

describe("doorward talk", () => {
  it("plays a file shorter than the burst whole, at the loudness told, and leaves", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", shortFile, "--auto-exit"]);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /speaking \(classic\)[\s\S]*lead [\d.]+ s[\s\S]*played/);
    const heard = fake.playout.played();
    assert.ok(heard.length >= 2400 && heard.length <= 2400 + 320, `${heard.length} samples`);
    const original = new Int16Array(tone(300, 8000).buffer);
    assert.ok(likeness(original, heard) > 0.95);
    const loudest = Math.max(...heard);
    assert.ok(loudest > 3600 && loudest < 4400, `${loudest}: half of 8000`);
    assert.equal(fake.playout.counters.cutMs, 0);
  });

  it("plays to several cameras from one decoder, at 16 kHz, and tells JSON", { timeout: 20_000 }, async () => {
    await using one = await startFakeYoosee({ clock: fastClock(4), rateHz: 16_000 });
    await using two = await startFakeYoosee({ clock: fastClock(4), rateHz: 16_000 });
    const ips = `127.0.0.1:${one.port},127.0.0.1:${two.port}`;
    const run = await talk(["--ip", ips, "--file", shortFile, "--rate", "16000", "--auto-exit", "--json"]);
    assert.equal(run.code, 0, run.err);
    const events = run.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; camera: string });
    assert.deepEqual(events.filter(({ event }) => event === "played").length, 2);
    assert.ok(events.some(({ event }) => event === "progress"));
    // What is zero may be a gap, which a busy machine makes in four times its own speed.
    const sound = (fake: typeof one) => fake.playout.played().filter((sample) => sample !== 0);
    assertSameBytes(sound(one), sound(two));
    assert.ok(one.playout.played().length >= 4800);
  });

  it("plays to the others when one camera is offline, and says which failed", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const gone = await startFakeYoosee();
    await gone[Symbol.asyncDispose]();
    const ips = `127.0.0.1:${gone.port},127.0.0.1:${fake.port}`;
    const run = await talk(["--ip", ips, "--file", shortFile, "--auto-exit"]);
    assert.equal(run.code, 1);
    assert.match(
      run.err,
      new RegExp(`^127\\.0\\.0\\.1:${gone.port}: cannot reach camera .*: nothing listens there$`, "m"),
    );
    assert.ok(fake.playout.played().length >= 2400);
  });

  it("ends with 1 and a sentence when every camera is offline, also without --auto-exit", {
    timeout: 20_000,
  }, async () => {
    const gone = await startFakeYoosee();
    await gone[Symbol.asyncDispose]();
    const run = await talk(["--ip", `127.0.0.1:${gone.port}`, "--file", shortFile]);
    assert.equal(run.code, 1);
    assert.match(run.err, /cannot reach camera/);
  });

  it("ends with 1 and the camera's words when it refuses", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ refuse: "453 Not Enough Bandwidth" });
    const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", shortFile, "--auto-exit"]);
    assert.equal(run.code, 1);
    assert.match(run.err, /refused to open its speaker: 453 Not Enough Bandwidth/);
  });

  it("tries a camera that vanishes mid-file again, then gives up with 1", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const running = talk(["--ip", `127.0.0.1:${fake.port}`, "--file", longFile, "--auto-exit"]);
    await fake.waitFor((event) => event.type === "record");
    await fake.fail();
    const run = await running;
    assert.equal(run.code, 1);
    assert.match(run.err, /(went away|closed the connection).*; trying again\n.*cannot reach camera/);
  });

  it("goes on where it was when the camera comes back", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(10) });
    const running = talk(["--ip", `127.0.0.1:${fake.port}`, "--file", longFile, "--auto-exit", "--reconnect", "60"], {
      speed: 10,
    });
    await fake.waitFor((event) => event.type === "record");
    await fake.fail();
    await fake.listen();
    const run = await running;
    assert.equal(run.code, 0, run.err);
    assert.ok(fake.playout.counters.playedMs > 17_000, `${fake.playout.counters.playedMs} of 20,000 ms`);
  });

  it("stays until Ctrl+C without --auto-exit, the speaker given back", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const stop = new AbortController();
    const running = talk(["--ip", `127.0.0.1:${fake.port}`, "--file", shortFile], { signal: stop.signal });
    await fake.waitFor((event) => event.type === "disconnected");
    assert.equal(fake.decoderOpen, false);
    stop.abort();
    const run = await running;
    assert.equal(run.code, 0);
    assert.match(run.out, /done; Ctrl\+C leaves/);
  });

  it("stops the sound within 200 ms of Ctrl+C", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee();
    const stop = new AbortController();
    const running = talk(["--ip", `127.0.0.1:${fake.port}`, "--file", longFile, "--loop"], {
      signal: stop.signal,
      speed: 1,
    });
    await fake.waitFor((event) => event.type === "record");
    const abortedUs = fake.clock.nowUs();
    stop.abort();
    const closed = await fake.waitFor((event) => event.type === "control" && event.verb === "CLOSE");
    assert.ok(closed.atUs - abortedUs < 200_000, `${(closed.atUs - abortedUs) / 1000} ms`);
    assert.equal((await running).code, 130);
  });

  it("plays again and again with --loop", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const stop = new AbortController();
    const running = talk(["--ip", `127.0.0.1:${fake.port}`, "--file", shortFile, "--loop"], { signal: stop.signal });
    await fake.waitFor(() => fake.counters.records > 60);
    stop.abort();
    assert.equal((await running).code, 130);
  });

  it("reads a file from standard input", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const bytes = wavFile(new Int16Array(tone(300, 16_000).buffer), 16_000);
    async function* stdin() {
      for (let offset = 0; offset < bytes.length; offset += 1000) yield bytes.subarray(offset, offset + 1000);
    }
    const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", "-", "--auto-exit"], { stdin: stdin() });
    assert.equal(run.code, 0, run.err);
    assert.ok(fake.playout.played().length >= 2400);
  });

  it("finds the other dialect out, and doubles the rate for it", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({
      clock: fastClock(4),
      dialects: ["gwell"],
      rateHz: 16_000,
      decoderTimeoutMs: 5000,
    });
    const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", shortFile, "--auto-exit", "--profile", "auto"]);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /speaking \(gwell\)/);
    assert.ok(fake.playout.counters.playedMs >= 300);
  });

  it("plays a file of the camera's own rate bit by bit", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const samples = Int16Array.from({ length: 8000 }, (_, index) => ((index * 7919) % 65_536) - 32_768);
    const file = join(folder, "own-rate.wav");
    writeFileSync(file, wavFile(samples, 8000));
    const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", file, "--vol", "1", "--auto-exit"]);
    assert.equal(run.code, 0, run.err);
    assert.deepEqual(fake.playout.played().subarray(0, samples.length), samples);
  });

  it("hears a camera out that closes its decoder after 5 s, whichever dialect it speaks", {
    timeout: 30_000,
  }, async () => {
    const hearsOut = async (how: readonly string[]) => {
      await using fake = await startFakeYoosee({ clock: fastClock(4), decoderTimeoutMs: 5000 });
      const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", longFile, "--auto-exit", ...how]);
      assert.equal(run.code, 0, run.err);
      const { playedMs } = fake.playout.counters;
      // A camera that is not opened again plays 5 s of them; a busy machine makes some records late.
      assert.ok(playedMs >= 19_500, `${playedMs} ms`);
      assert.equal(fake.counters.unheardRecords, 0);
    };
    await Promise.all([hearsOut(["--profile", "auto"]), hearsOut(["--reopen", "4"])]);
  });

  it("says in one sentence what cannot be played, before any camera is bothered", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee();
    const cases: readonly (readonly [string, RegExp])[] = [
      ["missing.mp3", /^there is no file .*missing\.mp3$/],
      ["text.mp3", /^this is not a sound/],
      ["empty.mp3", /^this is not a sound/],
    ];
    for (const [name, message] of cases) {
      const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", join(folder, name)]);
      assert.equal(run.code, 1);
      assert.match(run.err, message);
    }
    assert.equal(fake.counters.connections, 0);
  });

  it("speaks words (needs the Debian package espeak-ng)", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const run = await talk([
      "--ip",
      `127.0.0.1:${fake.port}`,
      "--say",
      "Good morning, your parcel is here.",
      "--auto-exit",
    ]);
    assert.equal(run.code, 0, `${run.err}; is the Debian package espeak-ng installed?`);
    assert.ok(fake.playout.counters.playedMs > 1000, `${fake.playout.counters.playedMs} ms of speech`);
    assert.ok(Math.max(...fake.playout.played()) > 1000);
  });

  it("says so when there is no microphone", { timeout: 20_000 }, async () => {
    const before = process.env["ALSA_CONFIG_PATH"];
    process.env["ALSA_CONFIG_PATH"] = join(folder, "empty.mp3");
    const run = await talk(["--ip", "127.0.0.1:9", "--mic"]);
    if (before === undefined) delete process.env["ALSA_CONFIG_PATH"];
    else process.env["ALSA_CONFIG_PATH"] = before;
    assert.equal(run.code, 1);
    assert.match(run.err, /^no microphone can be opened on this machine: /);
  });

  it("plays what there is of a truncated file", { timeout: 20_000 }, async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(4) });
    const whole = wavFile(new Int16Array(tone(1000, 16_000).buffer), 16_000);
    const truncated = join(folder, "truncated.wav");
    writeFileSync(truncated, whole.subarray(0, 16_044));
    const run = await talk(["--ip", `127.0.0.1:${fake.port}`, "--file", truncated, "--auto-exit"]);
    assert.equal(run.code, 0, run.err);
    assert.ok(Math.abs(fake.playout.played().length - 4000) <= 320, `${fake.playout.played().length}`);
  });
});
