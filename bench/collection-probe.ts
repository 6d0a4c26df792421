// Loaded into the hub's process by bench/smoke.ts (`--import`): how long its main thread was collecting, and what lives.
import { PerformanceObserver, performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The bench to the hub's process. After "collect" only what lives is left. */
export type ToCollectionProbe = "tell" | "collect";

/** The hub's process to the bench: since it was last asked. */
export interface FromCollectionProbe {
  readonly collectedMs: number;
  /** How long its main thread was at work, collecting included; as the wall clock counts it, like that. */
  readonly activeMs: number;
  /** On V8's heap and beside it, MB. */
  readonly liveMb: number;
}

let collectedMs = 0;
let { active: activeBefore } = performance.eventLoopUtilization();
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collectedMs += duration;
}).observe({ entryTypes: ["gc"] });

process.on("message", (what: ToCollectionProbe) => {
  if (what === "collect") collectAll();
  const { heapUsed, external } = process.memoryUsage();
  const { active } = performance.eventLoopUtilization();
  const liveMb = (heapUsed + external) / 2 ** 20;
  process.send?.({ collectedMs, activeMs: active - activeBefore, liveMb } satisfies FromCollectionProbe);
  activeBefore = active;
  collectedMs = 0;
});
process.channel?.unref();

/** V8 lends its collector only under a flag. */
function collectAll(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  collect();
  collect();
}
