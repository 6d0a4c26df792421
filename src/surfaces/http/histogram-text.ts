import type { HistogramCounts } from "../../util/histogram.ts";

/** One histogram in Prometheus' text form, with the values of its label where it has one. */
export function histogramText(
  name: string,
  how: {
    readonly help: string;
    readonly series: readonly { readonly label?: string; readonly counts: HistogramCounts }[];
  },
): readonly string[] {
  const lines = how.series.flatMap(({ label, counts: { bounds, counts, count, sumS } }) => {
    const plain = label === undefined ? "" : `{${label}}`;
    const before = label === undefined ? "" : `${label},`;
    return [
      ...bounds.map((bound, index) => `${name}_bucket{${before}le="${bound}"} ${counts[index] ?? 0}`),
      `${name}_bucket{${before}le="+Inf"} ${count}`,
      `${name}_sum${plain} ${sumS}`,
      `${name}_count${plain} ${count}`,
    ];
  });
  return [`# HELP ${name} ${how.help}`, `# TYPE ${name} histogram`, ...lines];
}
