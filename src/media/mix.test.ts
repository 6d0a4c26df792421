import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createOpusDecoder, createOpusEncoder } from "../codecs/opus/index.ts";
import { bytesOf, samplesOf } from "../codecs/pcm/index.ts";
import { ManualClock } from "../util/clock.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "./format.ts";
import { Mixer, mixedPcm } from "./mix.ts";
import { Track } from "./track.ts";

const blockUs = 20_000;

/** A hum of one pitch. */
function hum(pitchHz: number, how: { readonly rateHz: number; readonly amplitude: number; readonly n: number }) {
  const { rateHz, amplitude, n } = how;
  const length = rateHz / 50;
  return Int16Array.from({ length }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * pitchHz * (n * length + i)) / rateHz)),
  );
}

/** How much of one pitch is in samples at 48 kHz: its amplitude. */
function amplitudeOf(samples: Int16Array, pitchHz: number): number {
  let [re, im] = [0, 0];
  for (const [n, sample] of samples.entries()) {
    const angle = (2 * Math.PI * pitchHz * n) / 48_000;
    re += sample * Math.cos(angle);
    im += sample * Math.sin(angle);
  }
  return (2 * Math.hypot(re, im)) / samples.length;
}

/** Some voices that hum, each at its pitch, and a mixer. */
function rig() {
  const clock = new ManualClock();
  const mixer = new Mixer({
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const voices: ((n: number) => void)[] = [];
  const voice = (id: string, pitchHz: number, how: { rateHz?: number; amplitude?: number; channels?: number } = {}) => {
    const { rateHz = 16_000, amplitude = 5000, channels = 1 } = how;
    const track = new Track(pcmFormat(rateHz, channels), { id, clock });
    voices.push((n) => {
      const mono = hum(pitchHz, { rateHz, amplitude, n });
      const samples = channels === 1 ? mono : Int16Array.from({ length: 2 * mono.length }, (_, i) => mono[i >> 1] ?? 0);
      track.write({ data: bytesOf(samples), timestampUs: clock.nowUs(), durationUs: blockUs, key: true });
    });
    return track;
  };
  const opusVoice = async (id: string, pitchHz: number) => {
    const track = new Track(opusFormat, { id, clock });
    const encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
    voices.push((n) => {
      const data = encoder.encode(bytesOf(hum(pitchHz, { rateHz: 48_000, amplitude: 5000, n }))).slice();
      track.write({ data, timestampUs: clock.nowUs(), durationUs: blockUs, key: true });
    });
    return track;
  };
  const go = async (ms: number) => {
    for (let n = 0; n < ms / 20; n++) {
      for (const speak of voices) speak(n);
      await clock.advance(20);
    }
  };
  /** What a mix was since the last question, as samples at 48 kHz. */
  const ear = (track: Track) => {
    const reader = track.read({ maxFrames: 1000 });
    return {
      samples: async () => {
        using decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
        const pieces: Int16Array[] = [];
        for (let frame = reader.take(); frame; frame = reader.take()) {
          pieces.push(samplesOf(track.format.codec === "opus" ? decoder.decode(frame.data).slice() : frame.data));
        }
        return Int16Array.from(pieces.flatMap((piece) => [...piece]));
      },
      [Symbol.dispose]: () => reader[Symbol.dispose](),
    };
  };
  return { clock, mixer, voice, opusVoice, go, ear };
}

describe("a mix of voices", () => {
  it("lets each hear the others and not itself", async () => {
    const { mixer, voice, opusVoice, go, ear } = rig();
    const [a, b, c] = [voice("a", 400), voice("b", 700, { rateHz: 48_000, channels: 2 }), await opusVoice("c", 1100)];
    const format: AudioFormat = opusFormat;
    using forA = ear(mixer.mix([b, c], { format }));
    using forB = ear(mixer.mix([a, c], { format }));
    using forC = ear(mixer.mix([a, b], { format: mixedPcm }));
    await go(1000);
    for (const [heard, own] of [
      [forA, 400],
      [forB, 700],
      [forC, 1100],
    ] as const) {
      const samples = (await heard.samples()).slice(-19_200);
      assert.equal(samples.length, 19_200);
      for (const pitchHz of [400, 700, 1100]) {
        const amplitude = amplitudeOf(samples, pitchHz);
        if (pitchHz === own) assert.ok(amplitude < 60, `hears itself: ${amplitude}`);
        else assert.ok(amplitude > 3500 && amplitude < 6500, `${pitchHz} Hz: ${amplitude}`);
      }
    }
  });

  it("is made once for all who hear the same, and only while somebody does", async () => {
    const { clock, mixer, voice, go, ear } = rig();
    const [a, b, c] = [voice("a", 400), voice("b", 700), voice("c", 900)];
    const first = mixer.mix([a, b], { format: opusFormat });
    assert.equal(mixer.mix([b, a], { format: opusFormat }), first);
    assert.deepEqual(mixer.size, { sources: 0, mixes: 0 });
    {
      using _one = ear(first);
      using _two = ear(mixer.mix([b, c], { format: opusFormat }));
      await go(100);
      assert.deepEqual(mixer.size, { sources: 3, mixes: 2 });
    }
    assert.deepEqual(mixer.size, { sources: 0, mixes: 0 });
    assert.deepEqual(
      [a, b, c].map(({ readerCount }) => readerCount),
      [0, 0, 0],
    );
    assert.equal(clock.pending, 0);
  });

  it("is turned down where the sum would not fit, not cut off", async () => {
    const { mixer, voice, go, ear } = rig();
    const loud = { rateHz: 48_000, amplitude: 25_000 };
    const all = [voice("a", 400, loud), voice("b", 700, loud), voice("c", 1100, loud)];
    using heard = ear(mixer.mix(all, { format: mixedPcm }));
    await go(1000);
    const samples = (await heard.samples()).slice(-19_200);
    assert.ok(samples.every((sample) => Math.abs(sample) <= 32_767));
    const wanted = amplitudeOf(samples, 400);
    // Cutting off makes new tones, the loudest where two pitches are added and taken away.
    for (const pitchHz of [100, 1500, 1800, 2200]) assert.ok(amplitudeOf(samples, pitchHz) < wanted / 30);
    assert.ok(wanted > 9000);
  });

  it("goes on without a voice that ended, and ends with the last", async () => {
    const { mixer, voice, go, ear } = rig();
    const [a, b] = [voice("a", 400), voice("b", 700)];
    const mix = mixer.mix([a, b], { format: mixedPcm });
    using heard = ear(mix);
    await go(200);
    a.close();
    await go(400);
    const samples = (await heard.samples()).slice(-9600);
    assert.ok(amplitudeOf(samples, 700) > 4000);
    assert.ok(amplitudeOf(samples, 400) < 100);
    b.close();
    await go(40);
    assert.equal(mix.open, false);
    assert.deepEqual(mixer.size, { sources: 0, mixes: 0 });
  });

  it("sends nothing while nobody speaks, and keeps to the clock", async () => {
    const { clock, mixer, voice, go } = rig();
    const a = voice("a", 400);
    const mix = mixer.mix([a], { format: mixedPcm });
    using reader = mix.read();
    await clock.advance(500);
    assert.equal(reader.queued, 0);
    await go(1000);
    assert.ok(reader.queued >= 46 && reader.queued <= 51, `${reader.queued} blocks in a second`);
    await clock.advance(1000);
    const before = reader.queued;
    await clock.advance(1000);
    assert.equal(reader.queued, before);
  });

  it("of microphones that are switched off sends half a second of silence, then nothing, and the first word at once", async () => {
    const { clock, mixer, ear } = rig();
    const track = new Track(pcmFormat(48_000), { id: "muted", clock });
    const mix = mixer.mix([track], { format: mixedPcm });
    using reader = mix.read({ maxFrames: 1000 });
    using heard = ear(mix);
    const say = async (ms: number, amplitude: number) => {
      for (let n = 0; n < ms / 20; n++) {
        const data = bytesOf(hum(400, { rateHz: 48_000, amplitude, n }));
        track.write({ data, timestampUs: clock.nowUs(), durationUs: blockUs, key: true });
        await clock.advance(20);
      }
    };
    await say(1000, 0);
    assert.equal(reader.queued, 0);
    await say(500, 5000);
    const spoken = reader.queued;
    await say(2000, 0);
    assert.ok(reader.queued - spoken >= 25 && reader.queued - spoken <= 27, `${reader.queued - spoken} silent blocks`);
    await heard.samples();
    await say(300, 5000);
    assert.ok(amplitudeOf(await heard.samples(), 400) > 4500);
  });

  it("lowers a station's microphone while the far end speaks, and gives it back soon after", async () => {
    const { clock, mixer, ear } = rig();
    const microphone = new Track(pcmFormat(48_000), { id: "door", clock });
    const far = new Track(pcmFormat(48_000), { id: "far", clock });
    using heard = ear(mixer.mix([microphone], { format: mixedPcm, duckedBy: far }));
    const say = async (ms: number, farAmplitude: number) => {
      for (let n = 0; n < ms / 20; n++) {
        const at = { timestampUs: clock.nowUs(), durationUs: blockUs, key: true };
        microphone.write({ ...at, data: bytesOf(hum(500, { rateHz: 48_000, amplitude: 6000, n })) });
        far.write({ ...at, data: bytesOf(hum(300, { rateHz: 48_000, amplitude: farAmplitude, n })) });
        await clock.advance(20);
      }
      return amplitudeOf((await heard.samples()).slice(-4800), 500);
    };
    assert.ok((await say(400, 0)) > 5500, "as it is while the far end is silent");
    const lowered = await say(400, 8000);
    assert.ok(lowered < 800 && lowered > 300, `lowered to ${lowered}`);
    assert.ok((await say(200, 0)) < 800, "the room still sounds");
    assert.ok((await say(500, 0)) > 5500, "it is back");
    assert.ok((await say(400, 150)) > 5500, "a far end's noise lowers nothing");
  });
});
