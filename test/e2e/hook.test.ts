import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Driver } from "../../src/device/driver.ts";
import elementary from "../../src/drivers/elementary/index.ts";
import ingenic from "../../src/drivers/ingenic/index.ts";
import { pcmFormat } from "../../src/media/format.ts";
import type { Frame } from "../../src/media/frame.ts";
import type { Reader } from "../../src/media/reader.ts";
import { systemClock } from "../../src/util/clock.ts";
import { FakeDevice } from "../contracts/fake-device.ts";
import { ffmpeg, frameHashes, makeClip } from "../ffmpeg.ts";
import { buildHook, type HookBuild, type HookCamera, startHookCamera } from "../peers/hook-camera.ts";
import { within } from "../within.ts";
import { pictures, startRig, until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

// Runs quietly: measures from the encoder to the track.

const keyInterval = 12;
const count = 60;

const clips: Record<"h264" | "h265", Uint8Array> = { h264: Buffer.alloc(0), h265: Buffer.alloc(0) };
let build: HookBuild;

before(async () => {
  build = await buildHook();
  clips.h264 = makeClip({ codec: "h264", frames: count, keyInterval, slices: 5 });
  clips.h265 = makeClip({ codec: "h265", frames: count, keyInterval });
});

after(() => build?.[Symbol.asyncDispose]());

/** A driver at work on the camera. Disposing stops it. */
async function drive(driver: Driver, config: Record<string, unknown>) {
  const device = new FakeDevice();
  let failure: unknown;
  const run = async () => {
    for (;;) {
      const error = await driver.run(device, driver.config.parse(config)).catch((caught: unknown) => caught);
      if ((error as { code?: string } | undefined)?.code === "unreachable") {
        await systemClock.sleep(20, device.signal).catch(() => {}); // the port opens a moment later
        continue;
      }
      failure = error;
      return;
    }
  };
  const running = run();
  return {
    device,
    [Symbol.asyncDispose]: async () => {
      device.stop.abort();
      await within("the driver lets go of the camera", running);
      assert.equal(failure, undefined);
    },
  };
}

type Driven = Awaited<ReturnType<typeof drive>>;

/**
 * The firmware fetches pictures until the driver has its first key frame: the very first one if the driver was quick,
 * else the second. The reader begins with that.
 */
async function firstKey(camera: HookCamera, { device }: Driven): Promise<{ reader: Reader; first: number }> {
  await until("the driver is connected", async () => device.phases.includes("waiting-for-key-frame"));
  await until("the hook serves it", async () => (await health(camera)).includes('"clients":1'));
  for (let n = 0; n < 2 * keyInterval && !device.video; n++) {
    await camera.fetch();
    await until("the picture was looked at", async () =>
      (await health(camera)).includes(`"frames":${camera.fetchedUs.length},`),
    );
  }
  await device.until(() => device.video !== undefined);
  const first = camera.fetchedUs.length > keyInterval ? keyInterval : 0;
  return { reader: device.video!.read(), first };
}

/** The line of the health port. */
async function health(camera: HookCamera): Promise<string> {
  const socket = connect(camera.ports.health, "127.0.0.1");
  let line = "";
  try {
    for await (const chunk of socket) line += chunk;
  } catch {
    return ""; // not open yet
  }
  return line;
}

describe("the hook on the camera's instruction set", () => {
  const drivers = [
    { name: "elementary", driver: elementary as Driver },
    { name: "ingenic", driver: ingenic as Driver },
  ];
  for (const { name, driver } of drivers) {
    for (const codec of ["h264", "h265"] as const) {
      it(`${codec}: what the encoder made is what ${name} hands on, bit for bit`, { timeout: 60_000 }, async ({
        signal,
      }) => {
        const env = { STUB_RING: "31013", STUB_FRAMING: codec === "h264" ? "avcc" : "annexb3" };
        await using camera = await startHookCamera({ build, codec, clip: clips[codec], env, signal });
        const { address } = camera.config;
        const config = name === "ingenic" ? camera.config : { address: address.replace("ingenic:", "tcp:") };
        await using driven = await drive(driver, config);
        const { reader, first } = await firstKey(camera, driven);
        const frames: Frame[] = [];
        while (frames.length < count) {
          await camera.fetch();
          frames.push((await within(`frame ${frames.length}`, reader.next()))!);
        }
        const twice = Buffer.concat([clips[codec], clips[codec]]);
        const wanted = frameHashes(twice, codec).slice(first, first + count);
        reader.close();
        assert.deepEqual(frameHashes(Buffer.concat(frames.map(({ data }) => data)), codec), wanted);
        const format = driven.device.video?.format;
        assert.ok(format?.kind === "video" && format.codec === codec && format.widthPx === 320);
      });
    }
  }

  it("a delimiter behind each picture spares one frame of delay", { timeout: 60_000 }, async (t) => {
    const medians: number[] = [];
    for (const aud of ["0", "1"]) {
      const env = { STREAM_HACK_AUD: aud };
      await using camera = await startHookCamera({ build, codec: "h264", clip: clips.h264, env, signal: t.signal });
      await using driven = await drive(ingenic as Driver, { address: camera.config.address });
      const { reader, first } = await firstKey(camera, driven);
      void camera.run(25);
      const delaysMs: number[] = [];
      for (let n = 0; n < 51; n++) {
        await within(`frame ${n}`, reader.next());
        delaysMs.push((systemClock.nowUs() - camera.fetchedUs[first + n]!) / 1000);
      }
      const sorted = delaysMs.slice(1).sort((a, b) => a - b);
      medians.push(sorted[25]!);
      t.diagnostic(
        `STREAM_HACK_AUD=${aud}: from the encoder to the driver's track p50 ${sorted[25]!.toFixed(1)} ms, p95 ${sorted[47]!.toFixed(1)} ms`,
      );
    }
    const [without = 0, behind = 0] = medians;
    assert.ok(without > 38 && without - behind > 30, `${without} ms without, ${behind} ms with delimiters`);
  });

  it("sound arrives sample by sample, and what is said comes out of the speaker", { timeout: 60_000 }, async (t) => {
    const env = { STREAM_HACK_TALK: "1", STREAM_HACK_TOKEN: "open-sesame" };
    await using camera = await startHookCamera({ build, codec: "h264", clip: clips.h264, env, signal: t.signal });
    await using driven = await drive(ingenic as Driver, { ...camera.config, token: "open-sesame" });
    const { device } = driven;
    await until("connected", async () => device.phases.includes("waiting-for-key-frame"));
    await until("a picture", async () => {
      await camera.fetch();
      return device.video;
    });
    await device.until(() => device.speaker !== undefined);
    await camera.ask("a 1");
    await device.until(() => device.audio !== undefined);
    assert.deepEqual(device.audio?.format, pcmFormat(16_000));
    using reader = device.audio!.read({ start: "live" });
    for (let block = 1; block < 50; block++) {
      await camera.ask("a 1");
      const samples = Int16Array.from({ length: 320 }, (_, i) => block * 31 + i * 7);
      assert.deepEqual(
        Buffer.from((await within(`block ${block}`, reader.next()))!.data),
        Buffer.from(samples.buffer),
        `block ${block}`,
      );
    }
    const said = Uint8Array.from({ length: 8000 * 2 }, (_, i) => (i * 37 + (i >> 8)) & 0xff);
    const sound = { data: said, timestampUs: 0, key: true };
    const talk = () =>
      device.speaker!.play({
        format: device.speaker!.formats[0]!,
        live: false,
        frames: single(sound),
        signal: t.signal,
      });
    const beginUs = systemClock.nowUs();
    await within("1 s is said", talk());
    const tookMs = (systemClock.nowUs() - beginUs) / 1000;
    assert.deepEqual(await camera.played(), { bytes: said.length, hash: fnv1a(said) });
    assert.ok(tookMs > 900 && tookMs < 2500, `1 s was said in ${tookMs} ms`);
    const values = device.events.find(({ type }) => type === "health");
    assert.ok(values?.type === "health" && values.values["soc"] === "T31" && values.values["talkBusy"] === false);
    await camera.ask("s 1");
    await until("the firmware's own sound is in the way", () =>
      talk().then(
        () => false,
        (error: { code?: string }) => error.code === "busy",
      ),
    );
  });

  it("is seen in the page, heard, spoken through, and comes back after a restart", { timeout: 120_000 }, async (t) => {
    const env = { STREAM_HACK_TALK: "1", STREAM_HACK_TOKEN: "open-sesame" };
    const start = { build, codec: "h264", env, signal: t.signal } as const;
    await using camera = await startHookCamera({ ...start, clip: coloured("red") });
    void camera.run(15);
    const { address, soundPort, healthPort } = camera.config;
    const options = `options: { soundPort: ${soundPort}, healthPort: ${healthPort} }`;
    await using rig = await startRig(
      `devices:\n  nursery:\n    name: Nursery\n    address: ${address}\n    password: open-sesame\n    ${options}\n`,
    );
    await using folder = await temporaryFolder();
    await using browser = await openBrowser({ profileDir: join(folder.path, "profile") });
    const page = await rig.openPage(browser.context, "#/camera/nursery");
    const shown = await until("the page shows red", async () =>
      (await pictures(page)).find(({ colour: [r, g, b], frames }) => frames > 10 && r > 180 && g < 80 && b < 80),
    );
    assert.equal(shown.width, 320);
    const device = rig.running.hub.devices.get("nursery");
    assert.equal(device?.info().kind, "ingenic");
    const audio = await device?.waitForTrack("audio", { timeoutMs: 10_000 });
    assert.deepEqual(audio?.format, pcmFormat(16_000));
    await until("sound flows", async () => (audio?.counters.frames ?? 0) > 50);
    assert.equal(device?.health?.["soc"], "T31");
    const bar = page.getByRole("button", { name: /hold to talk/i });
    await until("the bar can be pressed", () => bar.isEnabled().catch(() => false));
    await bar.hover();
    await page.mouse.down();
    const pressedUs = systemClock.nowUs();
    await until("the camera plays something", async () => (await camera.played()).bytes > 0);
    const heardMs = (systemClock.nowUs() - pressedUs) / 1000;
    await until("1 s was said", async () => (await camera.played()).bytes > 16_000);
    await page.mouse.up();
    await until("the speaker is free", async () => rig.running.hub.turns.holder("nursery").holder === undefined);
    t.diagnostic(`from the press to the camera's speaker ${heardMs.toFixed(0)} ms`);
    await camera[Symbol.asyncDispose]();
    await using again = await startHookCamera({ ...start, clip: coloured("blue"), ports: camera.ports });
    void again.run(15);
    await until("the firmware has started again, and the page shows blue", async () =>
      (await pictures(page)).find(({ colour: [r, g, b] }) => r < 80 && g < 80 && b > 180),
    );
    const before = audio?.counters.frames ?? 0;
    await until("sound flows again", async () => (audio?.counters.frames ?? 0) > before + 50);
  });
});

/** Two seconds of one colour, a key frame a second. */
function coloured(colour: string): Buffer {
  return ffmpeg([
    ...["-f", "lavfi", "-i", `color=c=${colour}:s=320x240:r=15`, "-frames:v", "30", "-pix_fmt", "yuv420p"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-g", "15", "-f", "h264", "-"],
  ]);
}

async function* single(sound: Frame): AsyncGenerator<Frame> {
  yield sound;
}

/** What the stub says of its speaker. */
function fnv1a(bytes: Uint8Array): string {
  let hash = 2_166_136_261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
