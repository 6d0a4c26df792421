import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DoorPeer } from "../../../test/peers/door-peer.ts";
import { type Rig, startRig } from "../../../test/web-rig.ts";
import { bytesOf, samplesOf } from "../../codecs/pcm/index.ts";
import { pcmFormat } from "../../media/format.ts";
import { Mixer, mixedPcm } from "../../media/mix.ts";
import { ManualClock } from "../../util/clock.ts";

/** Every rate that is usual with one channel or two, and frames from the shortest to the longest: at one rate all of them. */
const shapes: readonly (readonly [rateHz: number, channels: number, frameMs: number])[] = [
  ...[10, 20, 40, 60, 100, 200, 400].map((ms) => [16_000, 1, ms] as const),
  ...[10, 100, 400].map((ms) => [48_000, 2, ms] as const),
  ...[8000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000].map((rate) => [rate, 1, 40] as const),
  ...[8000, 11_025, 16_000, 24_000, 44_100, 48_000].map((rate) => [rate, 2, 20] as const),
  [8000, 1, 400],
  [8000, 2, 10],
];

const [spokenHz, answeredHz, amplitude] = [441.7, 1000, 8000];
const anna = { party: "person:anna", name: "Anna" } as const;

function tone(
  pitchHz: number,
  of: { readonly rateHz: number; readonly from: number; readonly count: number; readonly channels: number },
) {
  const { rateHz, from, count, channels } = of;
  return Int16Array.from({ length: count * channels }, (_, n) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * pitchHz * (from + Math.floor(n / channels))) / rateHz)),
  );
}

/** How much of one pitch is in samples: its amplitude. */
function amplitudeOf(samples: Int16Array, pitchHz: number, rateHz: number): number {
  let [re, im] = [0, 0];
  for (let n = 0; n < samples.length; n++) {
    const angle = (2 * Math.PI * pitchHz * n) / rateHz;
    re += (samples[n] ?? 0) * Math.cos(angle);
    im += (samples[n] ?? 0) * Math.sin(angle);
  }
  return (2 * Math.hypot(re, im)) / Math.max(1, samples.length);
}

/** Share of the blocks of 10 ms in which the tone is there. */
function shareWith(samples: Int16Array, pitchHz: number, rateHz: number): number {
  const size = Math.round(rateHz / 50);
  const count = Math.floor(samples.length / size);
  const loud = Array.from({ length: count }, (_, n) =>
    amplitudeOf(samples.subarray(n * size, (n + 1) * size), pitchHz, rateHz),
  );
  return loud.filter((one) => one > amplitude / 2).length / Math.max(1, count);
}

/** Which blocks of 20 ms of the station's tone were heard, to the sample, in the order in which they came. */
function blocksHeard(samples: Int16Array, pitchHz: number): number[] {
  const size = 960;
  const wanted = Array.from({ length: samples.length / size + 50 }, (_, n) =>
    tone(pitchHz, { rateHz: 48_000, channels: 1, from: n * size, count: size }),
  );
  return Array.from({ length: Math.floor(samples.length / size) }, (_, n) => {
    const heard = samples.subarray(n * size, (n + 1) * size);
    return wanted.findIndex((block) => heard.every((sample, at) => Math.abs(sample - (block[at] ?? 0)) <= 1));
  }).filter((block) => block >= 0);
}

describe("door: sound of every shape in a call, both ways", () => {
  const clock = new ManualClock();
  const mixer = new Mixer({
    clock,
    onError: (error) => {
      throw error;
    },
  });
  let rig: Rig;
  before(async () => {
    rig = await startRig({}, { enrolment: "open", door: { port: 0 }, clock });
  });
  after(async () => await rig[Symbol.asyncDispose]());

  for (const [rateHz, channels, frameMs] of shapes) {
    it(`${rateHz} Hz, ${channels} channels, frames of ${frameMs} ms, two of them in the wrong order`, async () => {
      const port = Number(
        rig.web.addresses
          .find((one) => one.startsWith("tcp:"))
          ?.split(":")
          .at(-1),
      );
      const clientId = `door-${rateHz}-${channels}-${frameMs}`;
      await using station = await DoorPeer.connect({ port, register: { role: "intercom", client_id: clientId } });
      station.answer({ encoding: "pcm_s16le", sample_rate: rateHz, channels });
      const { calls, callMedia, voices } = rig.hub;
      station.say({ type: "event", event: "ring", payload: {} });
      await station.settled();
      const call = calls.list().find(({ from }) => from.deviceId === clientId);
      assert.ok(call);
      calls.answer(call.id, anna);
      using voice = voices.open({ owner: anna.party, format: pcmFormat(48_000) });
      using _speaking = callMedia.speak(call.id, { party: anna.party, voice: voice.track });
      const asked = await station.next({ type: "command", command: "start_audio" });
      const streamId = String((asked["payload"] as { stream_id: string }).stream_id);
      await station.settled();
      // As each call of several hears it; that of two is made into Opus by another process.
      const microphone = rig.hub.devices.get(clientId)?.track("audio");
      assert.ok(microphone);
      using ear = mixer.mix([microphone], { format: mixedPcm }).read({ maxFrames: 1000 });
      const heard: Int16Array[] = [];
      const frame = (n: number) => {
        const [from, to] = [n, n + 1].map((at) => Math.round((at * frameMs * rateHz) / 1000)) as [number, number];
        const data = Buffer.from(bytesOf(tone(spokenHz, { rateHz, channels, from, count: to - from }))).toString(
          "base64",
        );
        const about = { encoding: "pcm_s16le", sample_rate: rateHz, channels };
        station.say({ type: "audio_frame", stream_id: streamId, sequence: n, ...about, data });
      };
      let sent = 0;
      for (let ms = 0; ms < 3200; ms += 20) {
        for (; (sent + 1) * frameMs <= ms; sent++) {
          // The third and the fourth change places.
          if (sent === 3) for (const n of [3, 2]) frame(n);
          else if (sent !== 2) frame(sent);
        }
        const data = bytesOf(tone(answeredHz, { rateHz: 48_000, channels: 1, from: ms * 48, count: 960 }));
        voice.write({ data, timestampUs: clock.nowUs(), durationUs: 20_000, key: true });
        await station.settled();
        await clock.advance(20);
        for (let one = ear.take(); one; one = ear.take()) heard.push(samplesOf(one.data));
      }
      const all = Int16Array.from(heard.flatMap((one) => [...one]));
      const share = shareWith(all.subarray(-72_000), spokenHz, 48_000);
      const frames = station.all("audio_frame");
      const said = Buffer.concat(frames.map((one) => Buffer.from(String(one["data"]), "base64")));
      const left = samplesOf(new Uint8Array(said)).filter((_, n) => n % channels === 0);
      const told = shareWith(left.subarray(-rateHz), answeredHz, rateHz);
      for (const one of frames) assert.deepEqual([one["sample_rate"], one["channels"]], [rateHz, channels]);
      calls.end(call.id, anna);
      assert.ok(share > 0.97, `${share} of the last 1.5 s was heard of ${all.length / 48} ms`);
      assert.ok(told > 0.97, `${told} of the last second was told of ${(1000 * left.length) / rateHz} ms`);
      // Without another rate on the way it is the same to the sample, in order, each once; a few go when the delay shrinks again.
      if (rateHz === 48_000) {
        const blocks = blocksHeard(all, spokenHz);
        const left = [...Array(blocks.at(-1)).keys()].filter((block) => !blocks.includes(block));
        assert.ok(
          blocks.every((block, at) => at === 0 || block > (blocks[at - 1] ?? 0)),
          blocks.join(" "),
        );
        assert.ok(blocks.length > 80 && left.length <= 3, `${blocks.length} blocks, without ${left.join(" ")}`);
      }
      assert.ok(all.length / 48 > 1700, `${all.length / 48} ms were heard`);
      assert.ok((1000 * left.length) / rateHz > 2700, `${(1000 * left.length) / rateHz} ms were told`);
    });
  }
});
