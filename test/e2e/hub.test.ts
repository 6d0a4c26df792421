import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { startFake, unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";
import { systemClock } from "../../src/util/clock.ts";
import { correlatePieces } from "../correlate.ts";
import { ffmpeg, makeClip } from "../ffmpeg.ts";
import { type HubRig, pictures, startRig, until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

// Runs quietly: measures how soon a picture is back.

const root = join(import.meta.dirname, "..", "..");

/** Two seconds of one colour as H.264, a key frame a second. */
function coloured(colour: string): Buffer {
  return ffmpeg([
    ...["-f", "lavfi", "-i", `color=c=${colour}:s=320x240:r=15`, "-frames:v", "30", "-pix_fmt", "yuv420p"],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-g", "15", "-f", "h264", "-"],
  ]);
}

async function colouredCamera(colour: string) {
  return startFake({ codec: "h264", units: unitsOf(coloured(colour)), frameRate: 15 });
}

const devicesOf = async (rig: HubRig) => {
  const answer = (await (await rig.call("GET", "api/v1/devices")).json()) as {
    devices: { id: string; state: { phase: string }; tracks: { readers: number }[] }[];
  };
  return answer.devices;
};

describe("the whole hub", () => {
  it("goes from a fresh folder to live cameras, by hand", { timeout: 90_000 }, async () => {
    await using folder = await temporaryFolder();
    const args = [join(root, "bin", "doorward.js"), "demo", "--http-port", "0", "--https-port", "0"];
    const hub = spawn(process.execPath, args, { cwd: folder.path, stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(hub, "exit");
    try {
      let said = "";
      hub.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      const address = await until("prints an address", async () => /open +(http:\/\/\S+code=\S+)/.exec(said)?.[1]);
      assert.match(said, /demo/);
      await using browser = await openBrowser({ profileDir: join(folder.path, "profile") });
      const page = await browser.context.newPage();
      await page.goto(address);
      await page.getByLabel("Your name").fill("Anna");
      await page.getByLabel("Password").fill("correct horse battery");
      await page.getByRole("button", { name: "Go on" }).click();
      await page.getByRole("button", { name: "Done" }).click();
      const shown = await until("four cameras are live", async () => {
        const all = (await pictures(page)).filter(({ frames }) => frames > 5);
        return all.length >= 4 && all;
      });
      assert.ok(shown.every(({ width }) => width >= 640));
    } finally {
      hub.kill("SIGTERM");
      const [code] = await exited;
      assert.equal(code, 0, "ends cleanly");
    }
  });

  it("shows each camera's own picture, and goes on within 2 s when a worker is killed", {
    timeout: 90_000,
  }, async (t) => {
    await using red = await colouredCamera("red");
    await using blue = await colouredCamera("blue");
    await using rig = await startRig(`devices:\n  red: ${red.address}\n  blue: ${blue.address}\n`);
    await using folder = await temporaryFolder();
    await using browser = await openBrowser({ profileDir: join(folder.path, "profile") });
    const page = await rig.openPage(browser.context);
    const live = () =>
      until("both are live", async () => {
        const all = await pictures(page);
        const seen = (index: number) => all.some(({ colour, frames }) => frames > 3 && (colour[index] ?? 0) > 180);
        return seen(0) && seen(2) && all;
      });
    await live();
    const before = rig.running.webrtcPid();
    assert.ok(before);
    const frames = () => red.counters.units;
    const framesBefore = frames();
    process.kill(before, "SIGKILL");
    const killedUs = systemClock.nowUs();
    await until("another worker serves", async () => {
      const pid = rig.running.webrtcPid();
      return pid !== undefined && pid !== before;
    });
    await live();
    const tookMs = (systemClock.nowUs() - killedUs) / 1000;
    t.diagnostic(`pictures came back after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < 2000, `pictures came back after ${tookMs} ms`);
    assert.ok(frames() > framesBefore);
    assert.equal(red.counters.connections, 1, "the camera noticed nothing");
  });

  it("takes up a changed configuration without a lost frame for viewers of other cameras", {
    timeout: 60_000,
  }, async () => {
    await using red = await colouredCamera("red");
    await using blue = await colouredCamera("blue");
    await using green = await colouredCamera("green");
    await using rig = await startRig(`# mine\ndevices:\n  red: ${red.address}\n  blue: ${blue.address}\n`);
    const devices = rig.running.hub.devices;
    using _a = devices.get("red")?.demand();
    using _b = devices.get("blue")?.demand();
    const track = await devices.get("red")?.waitForTrack("video", { timeoutMs: 5000 });
    assert.ok(track);
    using reader = track.read();
    const times: number[] = [];
    const reading = (async () => {
      for await (const { timestampUs } of reader) times.push(timestampUs);
    })();
    const changed = Promise.withResolvers<void>();
    using _listener = devices.onChange(({ type, id }) => {
      if (type === "device" && id === "green") changed.resolve();
    });
    const before = times.length;
    await writeFile(rig.configPath, `# mine\ndevices:\n  red: ${red.address}\n  green: ${green.address}\n`);
    await changed.promise;
    assert.equal(devices.get("blue"), undefined);
    const at = times.length;
    await until("red goes on", async () => times.length > at + 10);
    assert.ok(times.length > before);
    for (let index = 1; index < times.length; index++) {
      const stepUs = (times[index] ?? 0) - (times[index - 1] ?? 0);
      assert.ok(stepUs < 120_000, `a gap of ${stepUs} µs`);
    }
    assert.equal(red.counters.connections, 1);
    const saved = await rig.call("POST", "api/v1/devices", {
      name: "Shed",
      address: "rtsp://127.0.0.1:1/x",
      username: "admin",
      password: "very secret",
    });
    assert.equal(saved.status, 201);
    const text = await readFile(rig.configPath, "utf8");
    assert.match(text, /# mine/);
    assert.match(text, /shed:/);
    assert.doesNotMatch(text, /very secret/, "the password is sealed");
    assert.doesNotMatch(JSON.stringify(await devicesOf(rig)), /very secret|sealed/);
    reader.close();
    await reading;
  });

  it("brings a voice from the browser out of a Yoosee camera", { timeout: 120_000 }, async (t) => {
    await using folder = await temporaryFolder();
    const wav = join(folder.path, "voice.wav");
    const spoken = join(folder.path, "spoken.wav");
    execFileSync("espeak-ng", ["-w", spoken, "The parcel goes behind the shed, thank you very much"]);
    const rate = ["-ar", "48000", "-ac", "1", "-c:a", "pcm_s16le"];
    ffmpeg(["-i", spoken, "-af", "apad=pad_dur=0.5", ...rate, wav]);
    const said = samples(ffmpeg(["-i", spoken, "-ar", "8000", "-ac", "1", "-f", "s16le", "-"]));
    const accessUnits = unitsOf(makeClip({ codec: "h264" })).map(joinAnnexB);
    await using video = await startFakeRtsp({ path: "/onvif1", video: { codec: "h264", accessUnits, frameRate: 25 } });
    await using camera = await startFakeYoosee({ rtspPort: video.port });
    await using rig = await startRig("devices: {}\n");
    await rig.running.hub.devices.addTransient({
      id: "yard",
      name: "Yard",
      address: `rtsp://127.0.0.1:${camera.port}/onvif1`,
    });
    await using browser = await openBrowser({ profileDir: join(folder.path, "profile"), microphoneWav: wav });
    const page = await rig.openPage(browser.context, "#/camera/yard");
    const bar = page.getByRole("button", { name: /hold to talk/i });
    await until("the bar can be pressed", () => bar.isEnabled().catch(() => false));
    await until("the picture is there", async () => (await pictures(page)).some(({ frames }) => frames > 3));
    await bar.hover();
    await page.mouse.down();
    const pressedUs = systemClock.nowUs();
    await until("the camera hears something", async () => camera.playout.firstSoundUs !== undefined);
    const holder = rig.running.hub.turns.holder("yard").holder;
    assert.equal(holder?.name, "Anna");
    await until("enough was said", async () => camera.playout.counters.playedMs > 5500);
    await page.mouse.up();
    await until("the speaker is free", async () => rig.running.hub.turns.holder("yard").holder === undefined);
    const heard = camera.playout.played();
    const { correlation } = correlatePieces(said, heard, { pieceSamples: 3200, spreadSamples: 1600 });
    t.diagnostic(
      `correlation ${correlation.toFixed(2)}, ${((camera.playout.firstSoundUs ?? 0) - pressedUs) / 1000} ms`,
    );
    assert.ok(correlation > 0.5, `correlation ${correlation}`);
    assert.equal(camera.playout.counters.overruns, 0);
  });
});

function samples(bytes: Buffer): Int16Array {
  const copy = new Uint8Array(bytes);
  return new Int16Array(copy.buffer, 0, copy.byteLength >> 1);
}
