/** Half of them took at most `p50`; 95 of 100 at most `p95`; rounded, in order. */
export function spread(took: readonly number[]) {
  const sorted = took.toSorted((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), all: sorted.map(Math.round) };
}
