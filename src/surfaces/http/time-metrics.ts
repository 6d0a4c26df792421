import type { Hub } from "../../hub/hub.ts";
import { histogramText } from "./histogram-text.ts";

/** How long people wait for the hub, in Prometheus' text form; docs/metrics.md says what each is. */
export function timeMetrics({ times }: Pick<Hub, "times">): string {
  const { talk, ringToEvent, offerToFrame } = times;
  const lines = [
    histogramText("doorward_talk_to_speaker_seconds", {
      help: "From a talk's start at the hub until its first sample was handed to a speaker",
      series: (["hold", "sound"] as const).map((by) => ({ label: `by="${by}"`, counts: talk[by] })),
    }),
    histogramText("doorward_ring_to_event_seconds", {
      help: "From a ring at the hub until the first page or program was told of its call",
      series: [{ counts: ringToEvent }],
    }),
    histogramText("doorward_offer_to_first_frame_seconds", {
      help: "From a viewer's offer until the first packet of picture or sound had left for them",
      series: [{ counts: offerToFrame }],
    }),
  ];
  return `${lines.flat().join("\n")}\n`;
}
