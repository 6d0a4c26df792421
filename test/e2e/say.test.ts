import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { bytesOf, rmsLevel } from "../../src/codecs/pcm/index.ts";
import { correlate } from "../correlate.ts";
import { ffmpeg } from "../ffmpeg.ts";
import { until } from "./hub-rig.ts";
import { microphoneWav, startYooseeHub, words, type YooseeHub } from "./talk-rig.ts";

const suite = new AsyncDisposableStack();
const text = "The gate will be closed at nine.";
let hub: YooseeHub;
let wav: Uint8Array;

const holder = () => hub.rig.running.hub.turns.holder("yard").holder;

/** Says it, and gives what the camera played from then on. */
async function heard(body: Record<string, unknown>): Promise<Int16Array> {
  const { camera, rig } = hub;
  const from = camera.playout.played().length;
  const closed = camera.closed;
  const answer = await rig.call("POST", "api/v1/say", { to: "device:yard", ...body });
  assert.equal(answer.status, 202, await answer.text());
  await until("the camera has its speaker back", async () => camera.closed > closed);
  return camera.playout.played().subarray(from);
}

async function refusal(body: Record<string, unknown>) {
  const answer = await hub.rig.call("POST", "api/v1/say", { to: "device:yard", ...body });
  const { code, detail, reason, holder: by } = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, code, detail, reason, holder: (by as { name?: string } | undefined)?.name };
}

before(async () => {
  hub = suite.use(await startYooseeHub());
  wav = microphoneWav(words(text, { rateHz: 22_050 }), { rateHz: 22_050, before: 0, after: 0 });
  const sounds = join(hub.rig.folder, "data", "sounds");
  await mkdir(sounds, { recursive: true });
  await writeFile(join(sounds, "gate.wav"), wav);
  await writeFile(join(sounds, "gate.mp3"), ffmpeg(["-f", "wav", "-i", "pipe:0", "-f", "mp3", "-"], Buffer.from(wav)));
  await writeFile(join(sounds, "notes.txt"), "no sound at all");
  // The first start of the conversions is not what is looked at here.
  await hub.rig.running.converter.available();
});

after(() => suite.disposeAsync());

describe("said through a Yoosee camera without a microphone", () => {
  const said = words(text, { rateHz: 8000 });

  it("a text is spoken", { timeout: 20_000 }, async (t) => {
    const { correlation } = correlate(said, await heard({ text }));
    t.diagnostic(`correlation ${correlation.toFixed(3)}`);
    assert.ok(correlation > 0.9, `${correlation}`);
  });

  it("a file of the sounds folder is played", { timeout: 20_000 }, async (t) => {
    for (const file of ["gate.wav", "gate.mp3"]) {
      const { correlation } = correlate(said, await heard({ file }));
      t.diagnostic(`${file}: correlation ${correlation.toFixed(3)}`);
      assert.ok(correlation > 0.9, `${file}: ${correlation}`);
    }
  });

  it("each device has a loudness of its own", { timeout: 20_000 }, async () => {
    const loud = rmsLevel(bytesOf(await heard({ file: "gate.wav" })));
    assert.equal((await hub.rig.call("PATCH", "api/v1/devices/yard", { volume: 0.25 })).status, 200);
    const soft = rmsLevel(bytesOf(await heard({ file: "gate.wav" })));
    assert.equal((await hub.rig.call("PATCH", "api/v1/devices/yard", { volume: 1 })).status, 200);
    assert.ok(Math.abs(soft / loud - 0.25) < 0.05, `${soft} of ${loud}`);
  });

  it("a sound at a listed address is played, louder or softer, and at no other", { timeout: 30_000 }, async (t) => {
    const mp3 = ffmpeg(["-f", "wav", "-i", "pipe:0", "-f", "mp3", "-"], Buffer.from(wav));
    const server = createServer((request, answer) => answer.end(request.url === "/gate.mp3" ? mp3 : wav));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const refused = await refusal({ url: `${at}/gate.wav` });
      assert.deepEqual([refused.status, refused.code], [422, "host-not-listed"]);
      assert.match(String(refused.detail), /An administrator adds it on the page under Settings, Sounds/);
      assert.equal((await hub.rig.call("POST", "api/v1/say/hosts", { host: at })).status, 200);
      const loud = await heard({ url: `${at}/gate.wav` });
      for (const [what, samples] of [
        ["wav", loud],
        ["mp3", await heard({ file: `${at}/gate.mp3` })],
      ] as const) {
        const { correlation } = correlate(said, samples);
        t.diagnostic(`${what}: correlation ${correlation.toFixed(3)}`);
        assert.ok(correlation > 0.9, `${what}: ${correlation}`);
      }
      const soft = await heard({ to: undefined, all: true, url: `${at}/gate.wav`, volume: 0.5 });
      const ratio = rmsLevel(bytesOf(soft)) / rmsLevel(bytesOf(loud));
      assert.ok(Math.abs(ratio - 0.5) < 0.05, `${ratio}`);
    } finally {
      server.close();
    }
  });

  it("a sound is added to the folder if it is one, listed with its length, renamed, and rings as a chime", async () => {
    const mp3 = ffmpeg(["-f", "lavfi", "-i", "sine=660:duration=1.5", "-f", "mp3", "-"], Buffer.alloc(0));
    const add = async (name: string, bytes: Uint8Array) => {
      const headers = { cookie: hub.rig.cookie, "x-doorward": "1", "content-type": "application/octet-stream" };
      const url = new URL(`/api/v1/sounds?name=${name}`, hub.rig.running.httpUrl);
      return (await fetch(url, { method: "POST", headers, body: new Uint8Array(bytes) })).status;
    };
    assert.deepEqual([await add("ding.mp3", mp3), await add("page.mp3", Buffer.from("<html>"))], [201, 422]);
    assert.equal((await hub.rig.call("PATCH", "api/v1/sounds/ding.mp3", { name: "Ding dong.mp3" })).status, 200);
    const listed = (await (await hub.rig.call("GET", "api/v1/sounds")).json()) as {
      readonly sounds: readonly { readonly name: string; readonly seconds?: number }[];
    };
    const lengths = new Map(listed.sounds.map(({ name, seconds }) => [name, seconds]));
    assert.ok(Math.abs((lengths.get("Ding dong.mp3") ?? 0) - 1.5) < 0.1, JSON.stringify([...lengths]));
    assert.deepEqual(
      [lengths.has("notes.txt"), lengths.get("notes.txt"), lengths.has("ding.mp3")],
      [true, undefined, false],
    );
    const chime = await heard({ chime: "ding dong" });
    assert.ok(Math.abs(chime.length / 8000 - 1.5) < 0.3, `${chime.length / 8000} s`);
    assert.equal((await hub.rig.call("DELETE", "api/v1/sounds/Ding%20dong.mp3")).status, 204);
    assert.equal((await refusal({ chime: "ding dong" })).code, "no-chime");
  });

  it("what is no sound is refused in a sentence, and nobody holds the speaker", { timeout: 20_000 }, async () => {
    const missing = await refusal({ file: "missing.wav" });
    assert.equal(missing.status, 422);
    assert.match(String(missing.detail), /missing\.wav/);
    const notes = await refusal({ file: "notes.txt" });
    assert.equal(notes.status, 422);
    assert.equal(notes.code, "not-audio");
    const voice = await refusal({ text, voice: "nobody" });
    assert.equal(voice.status, 422, JSON.stringify(voice));
    assert.match(String(voice.detail), /^There is no voice "nobody"; there are .*\ben-us, /);
    await until("nobody holds it", async () => !holder());
  });

  it("who comes second waits, or is told who speaks", { timeout: 20_000 }, async () => {
    const closed = hub.camera.closed;
    const first = await hub.rig.call("POST", "api/v1/say", { to: "device:yard", text });
    assert.equal(first.status, 202);
    const waits = await hub.rig.call("POST", "api/v1/say", { to: "device:yard", chime: "doorbell" });
    assert.deepEqual([waits.status, ((await waits.json()) as { state?: string }).state], [202, "queued"]);
    const second = await refusal({ text: "me too", queue: false });
    assert.deepEqual(
      { status: second.status, reason: second.reason, holder: second.holder },
      { status: 409, reason: "held", holder: "Anna" },
    );
    await until("both were said", async () => hub.camera.closed > closed + 1 && !holder());
  });

  it("a camera that is not to be disturbed is left alone, also in the middle", { timeout: 20_000 }, async () => {
    const disturb = (doNotDisturb: boolean) => hub.rig.call("PATCH", "api/v1/devices/yard", { doNotDisturb });
    assert.equal((await hub.rig.call("POST", "api/v1/say", { to: "device:yard", text })).status, 202);
    await until("it is heard", async () => hub.camera.playout.leadMs > 0);
    assert.equal((await disturb(true)).status, 200);
    assert.equal(holder(), undefined);
    await until("it is silent", async () => hub.camera.playout.leadMs === 0);
    const refused = await refusal({ text });
    assert.deepEqual([refused.status, refused.reason], [409, "do-not-disturb"]);
    assert.equal((await disturb(false)).status, 200);
    await heard({ file: "gate.wav" });
  });

  it("a camera that cannot be reached is told in the answer", { timeout: 30_000 }, async () => {
    await hub.camera.fail();
    const refused = await refusal({ file: "gate.wav" });
    assert.equal(refused.status, 503);
    assert.match(String(refused.detail), /Yard|its address/);
  });
});
