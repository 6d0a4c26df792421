/** How alike two recordings are. */
export interface Likeness {
  /** Normalised cross-correlation at the best shift: 1 for the same sound. */
  readonly correlation: number;
  /** By how many samples `heard` lags. */
  readonly lagSamples: number;
}

/**
 * Compares samples of two recordings of one rate, whatever the shift between them and their loudness. The shift is found
 * on every eighth sample of a smoothed copy and refined around the best.
 */
export function correlate(said: Int16Array, heard: Int16Array): Likeness {
  const step = 8;
  const coarse = best(decimate(said, step), decimate(heard, step), {
    from: -said.length / step,
    to: heard.length / step,
  });
  const centre = coarse.lagSamples * step;
  return best(said, heard, { from: centre - 2 * step, to: centre + 2 * step });
}

function best(a: Int16Array, b: Int16Array, range: { readonly from: number; readonly to: number }): Likeness {
  let found: Likeness = { correlation: 0, lagSamples: 0 };
  for (let lag = Math.ceil(range.from); lag <= range.to; lag++) {
    const correlation = at(a, b, lag);
    if (correlation > found.correlation) found = { correlation, lagSamples: lag };
  }
  return found;
}

/** Correlation where `b` lags by `lag`, over the whole of `a`: what `b` lacks counts as silence. */
function at(a: Int16Array, b: Int16Array, lag: number): number {
  let product = 0;
  let energyA = 0;
  let energyB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0;
    const y = b[i + lag] ?? 0;
    product += x * y;
    energyA += x * x;
    energyB += y * y;
  }
  return energyA === 0 || energyB === 0 ? 0 : product / Math.sqrt(energyA * energyB);
}

function decimate(samples: Int16Array, step: number): Int16Array {
  return Int16Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < step; k++) sum += Math.abs(samples[i * step + k] ?? 0);
    return sum / step;
  });
}

/**
 * Compares piece by piece and gives the median likeness of those in which something is said: words stay the words that
 * they are when a packet is lost or a clock drifts in the middle of them.
 */
export function correlatePieces(
  said: Int16Array,
  heard: Int16Array,
  options: { readonly pieceSamples: number; readonly spreadSamples: number },
): Likeness {
  const { pieceSamples, spreadSamples } = options;
  const whole = correlate(said, heard);
  const loudest = said.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const pieces: Likeness[] = [];
  for (let at = 0; at + pieceSamples <= said.length; at += pieceSamples) {
    const piece = said.subarray(at, at + pieceSamples);
    if (!piece.some((sample) => Math.abs(sample) > loudest / 4)) continue;
    const centre = at + whole.lagSamples;
    const found = best(piece, heard, { from: centre - spreadSamples, to: centre + spreadSamples });
    pieces.push({ ...found, lagSamples: found.lagSamples - at });
  }
  pieces.sort((a, b) => a.correlation - b.correlation);
  return pieces[pieces.length >> 1] ?? { correlation: 0, lagSamples: 0 };
}
