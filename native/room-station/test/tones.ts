/** Sound of which every 20 ms can be told from its neighbours: what was said is found again in what was heard. */
const rateHz = 16_000;
const slotSamples = 320;
const tonesHz = [400, 600, 800, 1000, 1300, 1600, 2000, 2400];

/** Which tone each slot has: no two neighbours alike, the same for each run. */
export function slotTones(count: number): number[] {
  let state = 1;
  const tones: number[] = [];
  while (tones.length < count) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const tone = (state >>> 16) % tonesHz.length;
    if (tone !== tones.at(-1)) tones.push(tone);
  }
  return tones;
}

/** A WAV file (16 kHz, mono, 16 bits) of these slots. */
export function wavOfTones(tones: readonly number[]): Buffer {
  const samples = Buffer.alloc(tones.length * slotSamples * 2);
  tones.forEach((tone, slot) => {
    for (let i = 0; i < slotSamples; i++) {
      const value = 9000 * Math.sin((2 * Math.PI * (tonesHz[tone] ?? 0) * i) / rateHz);
      samples.writeInt16LE(Math.round(value), (slot * slotSamples + i) * 2);
    }
  });
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(samples.length + 36, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rateHz, 24);
  head.writeUInt32LE(rateHz * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

/** How much of the slot at a sample each tone makes (Goertzel); the middle of the slot alone is looked at. */
function powersAt(samples: Int16Array, at: number): number[] {
  return tonesHz.map((hz) => {
    const turn = 2 * Math.cos((2 * Math.PI * hz) / rateHz);
    let [a, b] = [0, 0];
    for (let i = 80; i < 280; i++) [a, b] = [(samples[at + i] ?? 0) + turn * a - b, a];
    return a * a + b * b - turn * a * b;
  });
}

/** The tone of each slot of a recording, undefined for silence, where slots begin as fits best. */
export function tonesOfWav(wav: Buffer): (number | undefined)[] {
  const samples = new Int16Array((wav.length - 44) >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = wav.readInt16LE(44 + i * 2);
  const slotsFrom = (offset: number) =>
    Array.from({ length: Math.floor((samples.length - offset) / slotSamples) }, (_, slot) => {
      const powers = powersAt(samples, offset + slot * slotSamples);
      const best = Math.max(...powers);
      return best < 1e10 ? { tone: undefined, clear: 0 } : { tone: powers.indexOf(best), clear: clearness(powers) };
    });
  const readings = Array.from({ length: slotSamples / 20 }, (_, i) => slotsFrom(i * 20));
  const worth = (reading: { clear: number }[]) => reading.reduce((sum, { clear }) => sum + clear, 0);
  const best = readings.reduce((one, other) => (worth(other) > worth(one) ? other : one));
  return best.map(({ tone }) => tone);
}

function clearness(powers: readonly number[]): number {
  return Math.max(...powers) / powers.reduce((sum, power) => sum + power, 1);
}

/** How many of `said` are found in `heard` in their order (longest common subsequence). */
export function heardOf(said: readonly number[], heard: readonly (number | undefined)[]): number {
  let row = new Uint16Array(heard.length + 1);
  for (const tone of said) {
    const next = new Uint16Array(heard.length + 1);
    heard.forEach((other, i) => {
      next[i + 1] = other === tone ? row[i]! + 1 : Math.max(row[i + 1]!, next[i]!);
    });
    row = next;
  }
  return row.at(-1) ?? 0;
}
