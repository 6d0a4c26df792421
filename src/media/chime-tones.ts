import { writeWav } from "../codecs/wav/index.ts";

/** Samples a second of the hub's own chimes. */
export const chimeRateHz = 16_000;

/** One stroke of a bell. */
interface Stroke {
  readonly atS: number;
  readonly pitchHz: number;
  /** After this time it is down to a third. */
  readonly fadeS: number;
}

/** Loudness of a bell's partials, by the multiple of its pitch: a little of the octave, less of the twelfth. */
const partials: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 0.35],
  [3, 0.12],
];
/** A stroke begins within 5 ms: faster would click. */
const attackS = 0.005;
const peak = 0.5;

const strokes = {
  doorbell: [
    { atS: 0, pitchHz: 659.3, fadeS: 0.5 },
    { atS: 0.55, pitchHz: 523.3, fadeS: 0.7 },
  ],
  gong: [
    { atS: 0, pitchHz: 392, fadeS: 0.6 },
    { atS: 0.35, pitchHz: 493.9, fadeS: 0.6 },
    { atS: 0.7, pitchHz: 587.3, fadeS: 0.8 },
  ],
  alert: [0, 0.2, 0.4, 0.8, 1, 1.2].map((atS) => ({ atS, pitchHz: 987.8, fadeS: 0.09 })),
} as const satisfies Readonly<Record<string, readonly Stroke[]>>;

/** The chimes that every hub has. */
export type OwnChime = keyof typeof strokes;

/** Their names. */
export const ownChimes = Object.keys(strokes) as readonly OwnChime[];

/** How long it lasts, in seconds. */
export function chimeSeconds(name: OwnChime): number {
  return Math.max(...strokes[name].map(({ atS, fadeS }) => atS + 3 * fadeS));
}

/** One of the hub's own chimes as a WAV file. */
export function chimeWav(name: OwnChime): Uint8Array {
  return writeWav(chimeSamples(name), { sampleRateHz: chimeRateHz });
}

/** The samples of one of the hub's own chimes: s16le, {@link chimeRateHz}, one channel. Made of sines, the same each time. */
export function chimeSamples(name: OwnChime): Int16Array {
  const seconds = chimeSeconds(name);
  return Int16Array.from({ length: Math.round(seconds * chimeRateHz) }, (_, index) => {
    const atS = index / chimeRateHz;
    const sum = strokes[name].reduce((total, stroke) => total + strike(stroke, atS - stroke.atS), 0);
    // The last 50 ms fade out, so that the end does not click.
    const ending = Math.min(1, (seconds - atS) / 0.05);
    return Math.round(32_767 * Math.tanh(peak * sum) * ending);
  });
}

function strike({ pitchHz, fadeS }: Stroke, sinceS: number): number {
  if (sinceS < 0) return 0;
  const envelope = Math.min(1, sinceS / attackS) * Math.exp(-sinceS / fadeS);
  return partials.reduce((sum, [times, level]) => {
    return sum + level * envelope ** times * Math.sin(2 * Math.PI * pitchHz * times * sinceS);
  }, 0);
}
