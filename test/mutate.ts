/** Numbers in [0, 1) that depend on `seed` alone (mulberry32): tests that use chance can be run again. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Change = (bytes: Uint8Array, random: () => number, samples: readonly Uint8Array[]) => Uint8Array;

const telling = [0, 1, 2, 3, 4, 0x7f, 0x80, 0xfe, 0xff];

const at = (length: number, random: () => number) => Math.floor(random() * length);

/** Ways in which bytes go wrong on their way or by malice. */
const changes: readonly Change[] = [
  (bytes, random) => {
    const copy = bytes.slice();
    if (copy.length > 0) copy[at(copy.length, random)]! ^= 1 << at(8, random);
    return copy;
  },
  (bytes, random) => {
    const copy = bytes.slice();
    if (copy.length > 0) copy[at(copy.length, random)] = telling[at(telling.length, random)]!;
    return copy;
  },
  (bytes, random) => bytes.slice(0, at(bytes.length + 1, random)),
  (bytes, random) => bytes.slice(at(bytes.length + 1, random)),
  (bytes, random) => {
    const from = at(bytes.length + 1, random);
    const to = Math.min(bytes.length, from + at(64, random));
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  (bytes, random) => {
    const from = at(bytes.length + 1, random);
    const noise = Uint8Array.from({ length: at(16, random) }, () => at(256, random));
    return Buffer.concat([bytes.subarray(0, from), noise, bytes.subarray(from)]);
  },
  (bytes, random) => {
    const copy = bytes.slice();
    const from = at(copy.length, random);
    copy.fill(random() < 0.5 ? 0 : 0xff, from, Math.min(copy.length, from + at(32, random)));
    return copy;
  },
  (bytes, random, samples) => {
    const other = samples[at(samples.length, random)]!;
    return Buffer.concat([
      bytes.subarray(0, at(bytes.length + 1, random)),
      other.subarray(at(other.length + 1, random)),
    ]);
  },
];

/**
 * `count` malformed inputs made from well-formed `samples` by one to four seeded changes each: flipped bits, telling values,
 * cuts, doubled and inserted pieces, runs of zeros and ones, two samples spliced. The same seed gives the same inputs.
 */
export function* mutations(seed: number, samples: readonly Uint8Array[], count: number): Generator<Uint8Array> {
  const random = seededRandom(seed);
  const originals = samples.map((sample) => new Uint8Array(sample));
  for (let i = 0; i < count; i++) {
    let bytes = originals[at(originals.length, random)]!;
    for (let n = 1 + at(4, random); n > 0; n--) {
      bytes = new Uint8Array(changes[at(changes.length, random)]!(bytes, random, originals));
    }
    yield bytes;
  }
}
