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
