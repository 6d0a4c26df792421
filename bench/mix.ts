import { createOpusDecoder, createOpusEncoder } from "../src/codecs/opus/index.ts";
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
  const median = async (of: Omit<Load, "packets" | "seconds">) => {
    const shares: number[] = [];
    for (let n = 0; n < rounds; n++) shares.push(await shareOfCore({ ...of, packets, seconds }));
    return percentile(shares, 50);
  };
  await shareOfCore({ packets, voices: 16, mixes: 1, seconds: 5 }); // the compiler has seen it all then
  const three = await median({ voices: 3, mixes: 3 });
  const one = await median({ voices: 1, mixes: 1 });
  const many = await median({ voices: 16, mixes: 1 });
  const decoded = await decoding(packets);
  const muted = await median({ voices: 1, mixes: 1, muted: { voices: 15, packets: await encoded(() => 0) } });
  const further = (many - one) / 15;
  return {
    name: "mix",
    rows: [
      atMost("a call of three, each hears the other two", { value: round(three, 2), unit: "% of a core", reach: 6 }),
      { what: "one voice decoded, encoded for whoever hears it", value: round(one, 2), unit: "% of a core" },
      atMost("each further voice in a mix", { value: round(further, 3), unit: "% of a core", reach: 0.3 }),
      { what: "of that libopus, which decodes it", value: round(decoded, 3), unit: "% of a core" },
      atMost("of that all else", { value: round(further - decoded, 3), unit: "% of a core", reach: 0.1 }),
      atMost("each further microphone that is muted", {
        value: round((muted - one) / 15, 3),
        unit: "% of a core",
        reach: 0.1,
      }),
    ],
  };
}

/** What is mixed. */
interface Load {
  readonly packets: readonly Uint8Array[];
  readonly voices: number;
  readonly mixes: number;
  readonly seconds: number;
  readonly muted?: { readonly voices: number; readonly packets: readonly Uint8Array[] };
}

/** libopus alone, as share of a core for each voice. */
async function decoding(packets: readonly Uint8Array[]): Promise<number> {
  using decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
  const shares: number[] = [];
  for (let n = 0; n < rounds; n++) {
    const before = process.cpuUsage();
    for (let at = 0; at < 15 * 50 * seconds; at++) decoder.decode(packets[at % packets.length] as Uint8Array);
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / (15 * seconds * 1e4));
  }
  return percentile(shares, 50);
}

/** A second of a voice-like sound: a pitch that glides, with its overtones. */
async function hum(): Promise<readonly Uint8Array[]> {
  return await encoded((atS) => {
    const phase = 2 * Math.PI * (140 * atS + 3 * Math.sin(2 * Math.PI * atS));
    return 4000 * (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(5 * phase));
  });
}

async function encoded(sampleAt: (atS: number) => number): Promise<readonly Uint8Array[]> {
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
  return Array.from({ length: 50 }, (_, n) => {
    const samples = Int16Array.from({ length: 960 }, (_, i) => Math.round(sampleAt((n * 960 + i) / 48_000)));
    return encoder.encode(new Uint8Array(samples.buffer)).slice();
  });
}

async function shareOfCore(of: Load): Promise<number> {
  const { packets, seconds, muted } = of;
  const clock = new ManualClock();
  const mixer = new Mixer({
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const tracks = (count: number) =>
    Array.from({ length: count }, (_, n) => new Track(opusFormat, { id: `voice ${n}`, clock }));
  const [loud, quiet] = [tracks(of.voices), tracks(muted?.voices ?? 0)];
  const voices = [...loud, ...quiet];
  const readers = Array.from({ length: of.mixes }, (_, own) => {
    const others = voices.length === 1 || of.mixes === 1 ? voices : voices.filter((_, n) => n !== own);
    return mixer.mix(others, { format: opusFormat }).read();
  });
  const play = async (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      const say = (track: Track, of: readonly Uint8Array[]) =>
        track.write({
          data: of[n % of.length] as Uint8Array,
          timestampUs: clock.nowUs(),
          durationUs: 20_000,
          key: true,
        });
      for (const voice of loud) say(voice, packets);
      for (const voice of quiet) say(voice, muted?.packets ?? packets);
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
