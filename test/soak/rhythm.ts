import type { Page } from "playwright-core";

/** A voice that is known again: a pitch that is there or not, 100 ms at a time. */
export interface Rhythm {
  readonly pitchHz: number;
  readonly beats: readonly boolean[];
}

const beatS = 0.1;

/** A rhythm that never begins like another one: its beats are drawn by `seed`. */
export function rhythm(pitchHz: number, seed: number): Rhythm {
  let state = seed;
  const beats = Array.from({ length: 40 }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state > 1_073_741_824;
  });
  return { pitchHz, beats };
}

/** One round of a rhythm, 4 s, as 16-bit samples. */
export function playedRhythm({ pitchHz, beats }: Rhythm, rateHz: number): Int16Array {
  const beat = rateHz * beatS;
  return Int16Array.from({ length: beats.length * beat }, (_, n) =>
    beats[Math.floor(n / beat)] ? Math.round(9000 * Math.sin((2 * Math.PI * pitchHz * n) / rateHz)) : 0,
  );
}

/** How loud a pitch is, 20 ms at a time (Goertzel). */
function loudness(samples: Int16Array, of: { readonly pitchHz: number; readonly rateHz: number }): number[] {
  const size = of.rateHz / 50;
  const step = (2 * Math.PI * of.pitchHz) / of.rateHz;
  return Array.from({ length: Math.floor(samples.length / size) }, (_, block) => {
    let [real, imaginary] = [0, 0];
    for (let n = block * size; n < (block + 1) * size; n++) {
      real += (samples[n] ?? 0) * Math.cos(step * n);
      imaginary += (samples[n] ?? 0) * Math.sin(step * n);
    }
    return (2 * Math.hypot(real, imaginary)) / size;
  });
}

/** How well a recording fits a rhythm wherever it begins, -1 to 1; and how loud its pitch is on the average, of 32,767. */
export function fit(
  samples: Int16Array,
  of: { readonly rhythm: Rhythm; readonly rateHz: number },
): { readonly likeness: number; readonly level: number } {
  const { beats, pitchHz } = of.rhythm;
  const heard = loudness(samples, { pitchHz, rateHz: of.rateHz });
  const wanted = beats.flatMap((beat) => Array.from({ length: beatS * 50 }, () => (beat ? 1 : 0)));
  const likeness = wanted.map((_, shift) =>
    correlation(heard, (index) => wanted[(index + shift) % wanted.length] ?? 0),
  );
  return { likeness: Math.max(...likeness), level: heard.reduce((sum, each) => sum + each, 0) / (heard.length || 1) };
}

function correlation(heard: readonly number[], wanted: (index: number) => number): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
  const other = heard.map((_, index) => wanted(index));
  const [a, b] = [mean(heard), mean(other)];
  let [both, first, second] = [0, 0, 0];
  for (const [index, value] of heard.entries()) {
    const [x, y] = [value - a, (other[index] ?? 0) - b];
    both += x * y;
    first += x * x;
    second += y * y;
  }
  return first * second === 0 ? 0 : both / Math.sqrt(first * second);
}

/** What {@link keepSound} keeps: of each stream the sound as it came. */
interface Kept {
  rateHz: number;
  streams: Map<string, Float32Array[]>;
}

/** Runs in a page before its own scripts: keeps all sound that comes over WebRTC. */
export function keepSound(): void {
  const scope = window as unknown as { kept?: Kept };
  if (scope.kept) return;
  const kept: Kept = { rateHz: 48_000, streams: new Map() };
  scope.kept = kept;
  interface Sound {
    readonly numberOfFrames: number;
    readonly sampleRate: number;
    copyTo(to: Float32Array, how: object): void;
    close(): void;
  }
  const { MediaStreamTrackProcessor: Processor } = window as unknown as {
    MediaStreamTrackProcessor: new (options: {
      track: MediaStreamTrack;
    }) => { readonly readable: ReadableStream<Sound> };
  };
  const listen = async (track: MediaStreamTrack) => {
    const reader = new Processor({ track }).readable.getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const samples = new Float32Array(step.value.numberOfFrames);
      step.value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      kept.rateHz = step.value.sampleRate;
      step.value.close();
      const pieces = kept.streams.get(track.id) ?? [];
      pieces.push(samples);
      // Six seconds and no more: what is kept is carried out of the page as a whole.
      if (pieces.length > 600) pieces.shift();
      kept.streams.set(track.id, pieces);
    }
  };
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("track", ({ track }) => track.kind === "audio" && void listen(track.clone()));
    }
  };
}

/** Forgets what a page has kept. */
export function forgetSound(page: Page): Promise<void> {
  return page.evaluate(() => (window as unknown as { kept: Kept }).kept.streams.clear());
}

/** The largest sample of the last half second in any stream of a page, of 32,767. */
export function peakNow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { streams } = (window as unknown as { kept: Kept }).kept;
    const last = [...streams.values()].flatMap((pieces) => pieces.slice(-50));
    return Math.max(
      0,
      ...last.map((piece) => piece.reduce((most, value) => Math.max(most, Math.abs(value)), 0) * 32_767),
    );
  });
}

/** The loudest stream that a page has kept since it last forgot. */
export async function keptSound(page: Page): Promise<{ readonly samples: Int16Array; readonly rateHz: number }> {
  const { rateHz, values } = await page.evaluate(() => {
    const { rateHz: rate, streams } = (window as unknown as { kept: Kept }).kept;
    const energy = (pieces: readonly Float32Array[]) =>
      pieces.reduce((sum, piece) => piece.reduce((own, value) => own + value * value, sum), 0);
    const [loudest = []] = [...streams.values()].sort((a, b) => energy(b) - energy(a));
    return { rateHz: rate, values: loudest.flatMap((piece) => [...piece].map((value) => Math.round(value * 32_767))) };
  });
  return { samples: Int16Array.from(values), rateHz };
}
