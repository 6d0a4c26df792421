import type { ConvertedPictures } from "../../hub/converted-pictures.ts";
import type { Metric } from "../surface.ts";

/** Numbers of the pictures that are being converted, one row for each. */
export function conversionMetrics(pictures: Pick<ConvertedPictures, "list" | "most">): readonly Metric[] {
  const running = pictures.list();
  const rows = (value: (one: (typeof running)[number]) => number) =>
    running.map((one) => ({
      labels: { track: one.source, from: one.from, why: one.why, encoder: one.encoder ?? "" },
      value: value(one),
    }));
  const name = "doorward_conversion";
  return [
    {
      name: `${name}s_most`,
      help: "Pictures that may be converted at once",
      type: "gauge",
      values: [{ value: pictures.most }],
    },
    {
      name: `${name}_viewers`,
      help: "Viewers of a converted picture",
      type: "gauge",
      values: rows(({ viewers }) => viewers),
    },
    {
      name: `${name}_frames_total`,
      help: "Pictures that were encoded",
      type: "counter",
      values: rows(({ frames }) => frames),
    },
    {
      name: `${name}_bytes_total`,
      help: "Bytes that were encoded",
      type: "counter",
      values: rows(({ bytes }) => bytes),
    },
    {
      name: `${name}_skipped_total`,
      help: "Pictures that were left out because the conversion was behind",
      type: "counter",
      values: rows(({ skipped }) => skipped),
    },
  ];
}
