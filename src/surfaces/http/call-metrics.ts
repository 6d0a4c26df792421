import { type CallTimeName, callTimeNames } from "../../hub/call-times.ts";
import type { Hub } from "../../hub/hub.ts";
import { histogramText } from "./histogram-text.ts";

const helps: Readonly<Record<CallTimeName, string>> = {
  ring_to_confirmed: "From a ring until the first device said that it can be heard ringing",
  ring_to_picture: "From a ring until its live picture was seen on the first page",
  ring_to_answer: "From a ring until somebody answered",
  answer_to_picture: "From an answer until the live picture was seen; 0 where it was seen before",
  answer_to_first_word: "From an answer until its first word was heard by another party",
};

/**
 * The numbers of calls in Prometheus' text form. Written by hand: what is counted here in passing is a histogram already, and
 * the library takes single observations only.
 */
export function callMetrics({ calls, callTimes }: Pick<Hub, "calls" | "callTimes">): string {
  const lines = callTimeNames.flatMap((name) => {
    const counts = callTimes.histogram(name);
    return histogramText(`doorward_call_${name}_seconds`, { help: helps[name], series: [{ counts }] });
  });
  const running = calls.list();
  const ends = [...callTimes.ends].map(([reason, count]) => `doorward_calls_ended_total{reason="${reason}"} ${count}`);
  return [
    ...lines,
    "# HELP doorward_calls_ended_total Calls that are over, by reason",
    "# TYPE doorward_calls_ended_total counter",
    ...ends,
    "# HELP doorward_calls Calls that run, by state",
    "# TYPE doorward_calls gauge",
    ...(["ringing", "answered"] as const).map(
      (state) => `doorward_calls{state="${state}"} ${running.filter((call) => call.state === state).length}`,
    ),
    "",
  ].join("\n");
}
