import { createOpusEncoder } from "../src/codecs/opus/index.ts";
import { opusFormat } from "../src/media/format.ts";
import { Mixer } from "../src/media/mix.ts";
import { Track } from "../src/media/track.ts";
import { ManualClock } from "../src/util/clock.ts";
import { percentile, round } from "./figures.ts";
import { atMost, type BenchResult } from "./result.ts";

const seconds = 20;
const rounds = 3;

/**
 * Mixing of calls in this process, as CPU time for each second of sound: voices in Opus, each party hearing all others. Time
 * is stepped, so that nothing but the work is measured.
 */
export async function run(): Promise<BenchResult> {
  const packets = await hum();
  const median = async (voices: number, mixes: number) => {
    const shares: number[] = [];
    for (let n = 0; n < rounds; n++) shares.push(await shareOfCore(packets, { voices, mixes }));
    return percentile(shares, 50);
  };
  const three = await median(3, 3);
  const one = await median(1, 1);
  const many = await median(16, 1);
  return {
    name: "mix",
    rows: [
      atMost("a call of three, each hears the other two", { value: round(three, 2), unit: "% of a core", reach: 6 }),
      { what: "one voice decoded, encoded for whoever hears it", value: round(one, 2), unit: "% of a core" },
      atMost("each further voice in a mix", { value: round((many - one) / 15, 3), unit: "% of a core", reach: 0.3 }),
    ],
  };
}

/** A second of a voice-like sound: a pitch that glides, with its overtones. */
async function hum(): Promise<readonly Uint8Array[]> {
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
  return Array.from({ length: 50 }, (_, n) => {
    const samples = Int16Array.from({ length: 960 }, (_, i) => {
      const atS = (n * 960 + i) / 48_000;
      const phase = 2 * Math.PI * (140 * atS + 3 * Math.sin(2 * Math.PI * atS));
      return Math.round(4000 * (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(5 * phase)));
    });
    return encoder.encode(new Uint8Array(samples.buffer)).slice();
  });
}

async function shareOfCore(
  packets: readonly Uint8Array[],
  of: { readonly voices: number; readonly mixes: number },
): Promise<number> {
  const clock = new ManualClock();
  const mixer = new Mixer({
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const voices = Array.from({ length: of.voices }, (_, n) => new Track(opusFormat, { id: `voice ${n}`, clock }));
  const readers = Array.from({ length: of.mixes }, (_, own) => {
    const others = voices.length === 1 || of.mixes === 1 ? voices : voices.filter((_, n) => n !== own);
    return mixer.mix(others, { format: opusFormat }).read();
  });
  const play = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const data = packets[n % packets.length] as Uint8Array;
      for (const voice of voices) voice.write({ data, timestampUs: clock.nowUs(), durationUs: 20_000, key: true });
      await clock.advance(20);
      for (const reader of readers) while (reader.take());
    }
  };
  await play(0, 50);
  const before = process.cpuUsage();
  await play(50, 50 + seconds * 50);
  const { user, system } = process.cpuUsage(before);
  for (const reader of readers) reader[Symbol.dispose]();
  return (user + system) / (seconds * 1e4);
}
