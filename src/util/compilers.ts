import { setFlagsFromString } from "node:v8";
import type { Clock } from "./clock.ts";
import { every } from "./every.ts";

/** Options of {@link compileWithWork}. */
export interface CompileOptions {
  readonly clock: Clock;
  /** The time that this process has used of the processor so far, in ms. */
  readonly cpuMs?: () => number;
  /** Gives V8 its compilers. */
  readonly compile?: () => void;
  readonly signal: AbortSignal;
}

/** V8's own settings, in place of those that `bin/supervise.mjs` starts the hub with. */
export const compilerOptions = ["--turbofan", "--sparkplug", "--maglev-filter=*"];

/**
 * V8 compiles a function well after 3000 calls: two minutes for what runs with each picture of a camera, which takes a quarter more
 * of the processor until then.
 */
const soonerOptions = ["--invocation-count-for-maglev=100", "--invocation-count-for-turbofan=200"];

const checkEveryMs = 1000;
/** Of a second. A hub at rest takes 2 ms. */
const workMs = 20;
/** V8 collects twice in a row after a start, a page takes a second: work is what goes on. */
const secondsOfWork = 3;

/**
 * Lets V8 compile again what runs often, as soon as there is work: when who calls knows of some (the function that is given,
 * which may be called at any time and as often as one likes), or when this process has been busy for three seconds. Until then a
 * hub at rest keeps neither the compilers' pages nor what they would have made of its start.
 */
export function compileWithWork(options: CompileOptions): () => void {
  const { clock, signal, cpuMs = processMs, compile = giveCompilers } = options;
  let [before, busy] = [cpuMs(), 0];
  const waiting = new DisposableStack();
  const work = () => {
    if (waiting.disposed) return;
    waiting.dispose();
    compile();
  };
  waiting.use(
    every(clock, checkEveryMs, () => {
      const now = cpuMs();
      busy = now - before >= workMs ? busy + 1 : 0;
      before = now;
      if (busy >= secondsOfWork) work();
    }),
  );
  signal.addEventListener("abort", () => waiting.dispose(), { once: true });
  return work;
}

function giveCompilers(): void {
  for (const option of [...compilerOptions, ...soonerOptions]) setFlagsFromString(option);
}

function processMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
