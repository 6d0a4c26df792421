import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advanceUntil, clip, type Running, runDriver } from "../../../test/rtsp.ts";
import { assertSameBytes } from "../../../test/same-bytes.ts";
import { encodeG711 } from "../../codecs/g711/index.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Speech } from "../../media/speech.ts";
import { ManualClock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { type FakeRtspOptions, startFakeRtsp } from "./fake.ts";

const pcmu: AudioFormat = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 };
const g722: AudioFormat = { kind: "audio", codec: "g722", sampleRateHz: 16_000, channels: 1 };
const backchannel = [pcmu, g722, opusFormat, pcmFormat(16_000)];

/** A fake with a back channel and a driver at work on it, on a clock that stands still. */
async function talking(config: Record<string, unknown> = {}, options: FakeRtspOptions = {}) {
  const clock = new ManualClock();
  const fake = await startFakeRtsp({ video: clip(), backchannel, clock, ...options });
  const running = runDriver({ address: fake.address, ...config }, { clock });
  const off = config["backchannel"] === "off" || options.onRequire !== undefined;
  await advanceUntil(clock, () => running.device.readyCount > 0 && (off || running.device.speaker !== undefined));
  const stop = async () => {
    await running[Symbol.asyncDispose]();
    await fake[Symbol.asyncDispose]();
  };
  return { clock, fake, running, [Symbol.asyncDispose]: stop };
}

async function* recording(format: AudioFormat, chunks: readonly Uint8Array[]): AsyncGenerator<Frame> {
  for (const data of chunks)
    yield { data, timestampUs: 0, key: true, ...(format.codec === "opus" ? { durationUs: 20_000 } : {}) };
}

function say(running: Running, speech: Partial<Speech> & Pick<Speech, "format" | "frames">): Promise<void> {
  const { speaker } = running.device;
  assert.ok(speaker, "a speaker is offered");
  return speaker.play({ live: false, signal: new AbortController().signal, ...speech });
}

async function whole(clock: ManualClock, turn: Promise<void>): Promise<void> {
  let over = false;
  const end = turn.finally(() => {
    over = true;
  });
  end.catch(() => {});
  await advanceUntil(clock, () => over);
  await end;
}

describe("the speaker of a camera with a back channel", () => {
  test("offers what the camera takes, best first", async () => {
    await using setting = await talking();
    const codecs = setting.running.device.speaker?.formats.map(({ codec }) => codec);
    assert.deepEqual(codecs, ["opus", "pcm_s16le", "g722", "pcmu"]);
  });

  test("every sample arrives once, in packets of 20 ms, and the camera gets its speaker back", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const sound = Uint8Array.from({ length: 8000 }, (_, i) => (i * 7) & 0xff);
    const frames = recording(pcmu, [sound.subarray(0, 1001), sound.subarray(1001, 1002), sound.subarray(1002)]);
    await whole(clock, say(running, { format: pcmu, frames }));
    assertSameBytes(Buffer.concat(fake.ear.packets.map(({ data }) => data)), sound);
    assert.ok(fake.ear.packets.every(({ data }) => data.length === 160));
    const steps = fake.ear.packets.map(
      ({ timestamp }, n) => timestamp - (fake.ear.packets[n - 1]?.timestamp ?? timestamp),
    );
    assert.ok(steps.every((step, n) => step === (n === 0 ? 0 : 160)));
    await fake.until(() => fake.playing === 1);
    assert.equal(fake.counters.teardowns, 1);
    const require = (method: string) =>
      fake.requests
        .filter((request) => request.method === method)
        .at(-1)
        ?.headers.get("Require");
    for (const method of ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]) {
      assert.equal(require(method), "www.onvif.org/ver20/backchannel", method);
    }
  });

  test("a recording is sent in real time, hardly ahead of it", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const samples = new Uint8Array(16_000).fill(0x55);
    await whole(clock, say(running, { format: pcmu, frames: recording(pcmu, [samples]) }));
    const [first] = fake.ear.packets;
    for (const [n, { atUs }] of fake.ear.packets.entries()) {
      const leadMs = n * 20 - (atUs - (first?.atUs ?? 0)) / 1000;
      assert.ok(leadMs >= 0 && leadMs <= 120, `packet ${n} is ${leadMs} ms ahead`);
    }
  });

  test("live sound goes out as it comes, and a pause is told by the timestamp", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    async function* spoken(): AsyncGenerator<Frame> {
      for (let n = 0; n < 20; n++) {
        await clock.sleep(n === 10 ? 1020 : 20);
        yield { data: new Uint8Array(160).fill(n), timestampUs: clock.nowUs(), key: true, durationUs: 20_000 };
      }
    }
    const beganUs = clock.nowUs();
    await whole(clock, say(running, { format: pcmu, frames: spoken(), live: true }));
    const { packets } = fake.ear;
    assert.equal(packets.length, 20);
    assert.ok((packets[0]?.atUs ?? 0) - beganUs < 200_000);
    assert.deepEqual(
      packets.flatMap(({ marker }, n) => (marker ? [n] : [])),
      [0, 10],
    );
    const step = (packets[10]?.timestamp ?? 0) - (packets[9]?.timestamp ?? 0);
    assert.ok(Math.abs(step - 1020 * 8) <= 400, `${step}`);
  });

  test("what waited while the channel opened is caught up with in silence, not in words", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const [silence, word] = [new Uint8Array(160).fill(0xff), new Uint8Array(160).fill(0x80)];
    async function* spoken(): AsyncGenerator<Frame> {
      for (let n = 0; n < 100; n++) {
        if (n > 12) await clock.sleep(20);
        yield { data: n < 20 ? silence : word, timestampUs: clock.nowUs(), key: true, durationUs: 20_000 };
      }
    }
    await whole(clock, say(running, { format: pcmu, frames: spoken(), live: true }));
    const heard = fake.ear.packets.map(({ data }) => data[0]);
    assert.equal(heard.filter((first) => first === 0x80).length, 80, "every word");
    assert.ok(heard.length < 96, `${heard.length} packets`);
  });

  test("Opus packets pass as they are, linear samples in network order", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const packets = Array.from({ length: 5 }, (_, n) => Uint8Array.of(0xf8, n, 1, 2));
    await whole(clock, say(running, { format: opusFormat, frames: recording(opusFormat, packets) }));
    assert.deepEqual(
      fake.ear.packets.map(({ data }) => Buffer.from(data)),
      packets.map((data) => Buffer.from(data)),
    );
    fake.ear.packets.length = 0;
    const pcm = Uint8Array.from({ length: 1280 }, (_, i) => i & 0xff);
    await whole(clock, say(running, { format: pcmFormat(16_000), frames: recording(pcmFormat(16_000), [pcm]) }));
    assertSameBytes(fake.ear.pcm(), pcm);
  });

  test("what the ear decodes is what was said", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const pcm = new Uint8Array(new Int16Array(1600).map((_, i) => Math.round(9000 * Math.sin(i / 5))).buffer);
    await whole(clock, say(running, { format: pcmu, frames: recording(pcmu, [encodeG711("pcmu", pcm)]) }));
    const heard = new Int16Array(new Uint8Array(fake.ear.pcm()).buffer);
    const said = new Int16Array(pcm.buffer);
    assert.ok(said.every((sample, i) => Math.abs(sample - (heard[i] ?? 0)) < 300));
  });

  test("a broken-off turn ends at once and frees the speaker", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const stop = new AbortController();
    const endless = async function* (): AsyncGenerator<Frame> {
      for (;;) yield { data: new Uint8Array(160), timestampUs: 0, key: true };
    };
    const turn = say(running, { format: pcmu, frames: endless(), signal: stop.signal });
    await advanceUntil(clock, () => fake.ear.packets.length > 10);
    stop.abort(new RecoverableError("somebody more important speaks"));
    await turn;
    await fake.until(() => fake.playing === 1);
  });

  test("a camera that goes away ends the turn with a sentence", async () => {
    await using setting = await talking();
    const { clock, fake, running } = setting;
    const endless = async function* (): AsyncGenerator<Frame> {
      for (;;) yield { data: new Uint8Array(160), timestampUs: 0, key: true };
    };
    const turn = say(running, { format: pcmu, frames: endless() });
    await Promise.all([
      assert.rejects(turn, { name: "RecoverableError", code: "connection-lost" }),
      advanceUntil(clock, () => fake.ear.packets.length > 3).then(() => fake.powerDown()),
    ]);
  });

  test("by UDP", async () => {
    await using setting = await talking({ transport: "udp" }, { protocols: ["udp"] });
    const { clock, fake, running } = setting;
    await whole(clock, say(running, { format: pcmu, frames: recording(pcmu, [new Uint8Array(1600)]) }));
    await fake.until(() => fake.ear.packets.length === 10);
  });

  test("firmware that wants RECORD gets it", async () => {
    await using setting = await talking({}, { wantsRecord: true });
    const { clock, fake, running } = setting;
    await whole(clock, say(running, { format: pcmu, frames: recording(pcmu, [new Uint8Array(800)]) }));
    assert.equal(fake.ear.packets.length, 5);
  });

  test("kept warm it is open before the first turn, and again after the camera dropped it", async () => {
    await using setting = await talking({ backchannel: "warm" });
    const { clock, fake, running } = setting;
    await fake.until(() => fake.playing === 2);
    const { connections } = fake.counters;
    for (let turn = 0; turn < 2; turn++) {
      await whole(clock, say(running, { format: pcmu, frames: recording(pcmu, [new Uint8Array(800)]) }));
    }
    assert.equal(fake.ear.packets.length, 10);
    assert.equal(fake.counters.connections, connections);
    running.device.stop.abort();
    await running.ended;
    await fake.until(() => fake.open === 0);
    assert.equal(fake.counters.teardowns, 2);
  });

  test("off means never asked for", async () => {
    await using setting = await talking({ backchannel: "off" });
    assert.equal(setting.running.device.speaker, undefined);
    assert.ok(setting.fake.requests.every(({ headers }) => !headers.has("Require")));
  });
});
