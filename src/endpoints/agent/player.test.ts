import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDecoder } from "libopus-wasm";
import { createOpusEncoder, type OpusEncoder } from "../../codecs/opus/index.ts";
import { bytesOf } from "../../codecs/pcm/index.ts";
import type { MicrophoneFrame } from "../../media/viewer.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { samplesMicrophone } from "../machine/files.ts";
import { MicrophoneTrack } from "./microphone.ts";
import { agentForm, Player } from "./player.ts";

/** A peer that hums. */
class Hummer {
  #give: ((frame: MicrophoneFrame) => void) | undefined;
  #at = 0;
  readonly #encoder: OpusEncoder;
  readonly #pitchHz: number;

  constructor(encoder: OpusEncoder, pitchHz: number) {
    this.#encoder = encoder;
    this.#pitchHz = pitchHz;
  }

  onMicrophone(listener: (frame: MicrophoneFrame) => void): Disposable {
    this.#give = listener;
    return {
      [Symbol.dispose]: () => {
        this.#give = undefined;
      },
    };
  }

  hum(): void {
    const wave = (i: number) => 9000 * Math.sin((2 * Math.PI * this.#pitchHz * (this.#at + i)) / 48_000);
    const pcm = bytesOf(Int16Array.from({ length: 960 }, (_, i) => wave(i)));
    const timestampUs = (this.#at / 48) * 1000;
    this.#at += 960;
    this.#give?.({ data: this.#encoder.encode(pcm), timestampUs, durationUs: 20_000, key: true });
  }
}

/** How much of a pitch there is in samples: 1 where it is all. */
function share(samples: readonly number[], pitchHz: number): number {
  const sum = (wave: (x: number) => number) =>
    samples.reduce((total, sample, i) => total + sample * wave((2 * Math.PI * pitchHz * i) / 48_000), 0);
  const power = samples.reduce((total, sample) => total + sample * sample, 0);
  return (2 * (sum(Math.sin) ** 2 + sum(Math.cos) ** 2)) / (samples.length * Math.max(1, power));
}

async function house() {
  const clock = new ManualClock();
  const written: { readonly frame: Int16Array; readonly heard: boolean }[] = [];
  const loudspeaker = {
    write: (frame: Int16Array, { heard }: { readonly heard: boolean }) => {
      written.push({ frame, heard });
      return true;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const player = new Player({ loudspeaker, clock, log: silentLog });
  const hummer = async (pitchHz: number) => new Hummer(await createOpusEncoder({ ...agentForm }), pitchHz);
  /** So many frames in which these hum. */
  const hum = async (frames: number, ...hummers: readonly Hummer[]) => {
    for (let n = 0; n < frames; n++) {
      for (const one of hummers) one.hum();
      await clock.advance(20);
    }
  };
  const lastSamples = (frames: number) => written.slice(-frames).flatMap(({ frame }) => [...frame]);
  return { clock, player, written, hummer, hum, lastSamples };
}

describe("what an agent plays", () => {
  it("is all who watch directly, together", async () => {
    const { player, hummer, hum, lastSamples } = await house();
    const [low, high] = [await hummer(400), await hummer(900)];
    await using _low = await player.listen(low, { hub: false });
    await using _high = await player.listen(high, { hub: false });
    await hum(50, low, high);
    const said = lastSamples(20);
    assert.ok(share(said, 400) > 0.4 && share(said, 900) > 0.4, `${share(said, 400)}, ${share(said, 900)}`);
  });

  it("is the hub alone while it speaks, and the others again when it has ended", async () => {
    const { player, hummer, hum, lastSamples } = await house();
    const [viewer, hub] = [await hummer(400), await hummer(900)];
    await using _viewer = await player.listen(viewer, { hub: false });
    await using _hub = await player.listen(hub, { hub: true });
    await hum(50, viewer, hub);
    assert.ok(share(lastSamples(20), 900) > 0.9);
    await hum(60, viewer);
    assert.ok(share(lastSamples(20), 400) > 0.9);
  });

  it("ends with half a second of silence; then nothing is done until somebody speaks again", async () => {
    const { clock, player, written, hummer, hum } = await house();
    const peer = await hummer(400);
    await using _peer = await player.listen(peer, { hub: true });
    assert.equal(clock.pending, 0);
    await hum(20, peer);
    await clock.advance(2000);
    assert.equal(clock.pending, 0);
    assert.deepEqual([...new Set(written.slice(-25).map(({ heard }) => heard))], [false]);
    const before = written.length;
    await hum(10, peer);
    assert.ok(written.length > before);
  });

  it("is nobody who comes while eight are there; what was made for them is let go of", async ({ mock }) => {
    const { player } = await house();
    const probe = await createDecoder({ sampleRate: 48_000, channels: 1 });
    const { mock: freed } = mock.method(Object.getPrototypeOf(probe) as typeof probe, "free");
    let heard = 0;
    const peer = {
      onMicrophone: () => {
        heard++;
        return { [Symbol.dispose]: () => {} };
      },
    };
    await using held = new AsyncDisposableStack();
    for (let n = 0; n < 9; n++) held.use(await player.listen(peer, { hub: false }));
    assert.deepEqual([heard, freed.callCount()], [8, 1]);
    await held.disposeAsync();
    assert.equal(freed.callCount(), 9);
    probe.free();
  });
});

describe("an agent's microphone", () => {
  it("records only while somebody listens, in Opus with the times at which it was heard", async () => {
    const clock = new ManualClock();
    const samples = new Uint8Array(48_000 * 2);
    using microphone = await MicrophoneTrack.open({
      microphone: samplesMicrophone(samples, clock, { form: agentForm, again: true }),
      clock,
    });
    assert.equal(clock.pending, 0);
    await clock.advance(1000);
    const reader = microphone.track.read();
    await clock.advance(200);
    const times: number[] = [];
    for (let frame = reader.take(); frame; frame = reader.take()) times.push(frame.timestampUs);
    assert.deepEqual(times.slice(0, 3), [1_000_000, 1_020_000, 1_040_000]);
    reader[Symbol.dispose]();
    assert.equal(clock.pending, 0);
  });
});
