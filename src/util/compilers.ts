import { setFlagsFromString } from "node:v8";
import type { Clock } from "./clock.ts";
import { every } from "./every.ts";

const checkEveryMs = 1000;

/** How well V8 compiles: `quick` is with Sparkplug and Maglev, `well` with all that it has. */
export type Compiling = "quick" | "well";

/** Options of {@link compileWithWork}. */
export interface CompileOptions {
  readonly clock: Clock;
  /** The time that this process has used of the processor so far, in ms. */
  readonly cpuMs?: () => number;
  /** Gives V8 its compilers. */
  readonly compile?: (how: Compiling) => void;
  readonly signal: AbortSignal;
}

/**
 * V8's own settings, in place of those that `bin/supervise.mjs` starts the hub with. V8 compiles a function well after 3000 calls:
 * two minutes for what runs with each picture of a camera, which takes a quarter more of the processor until then.
 */
export const compilerOptions: Readonly<Record<Compiling, readonly string[]>> = {
  quick: ["--sparkplug", "--maglev-filter=*", "--invocation-count-for-maglev=100"],
  well: ["--turbofan", "--invocation-count-for-turbofan=60"],
};

/** Work that goes on: so many ms of each second, so many seconds in a row. A hub at rest takes 2 ms. */
interface Work {
  readonly ms: number;
  readonly seconds: number;
}

/** V8 collects twice in a row after a start, a page takes a second. */
const some: Work = { ms: 20, seconds: 3 };
/** One camera that somebody watches takes 10 to 15 ms. */
const much: Work = { ms: 8, seconds: 10 };

/**
 * Lets V8 compile again what runs often, as soon as there is work: when who calls knows of some (the function that is given,
 * which may be called at any time and as often as one likes), or when this process has been busy for three seconds. Until then a
 * hub at rest keeps neither the compilers' pages nor what they would have made of its start. TurboFan's 6 MB come when the work has
 * gone on for ten seconds, as a camera's does: it saves a tenth of the processor.
 */
export function compileWithWork(options: CompileOptions): () => void {
  const { clock, signal, cpuMs = processMs, compile = giveCompilers } = options;
  let waiting: Disposable | undefined;
  let isQuick = false;
  const work = () => {
    if (isQuick || signal.aborted) return;
    isQuick = true;
    waiting?.[Symbol.dispose]();
    compile("quick");
    waiting = afterWork(much, { clock, cpuMs, onWork: () => compile("well") });
  };
  waiting = afterWork(some, { clock, cpuMs, onWork: work });
  signal.addEventListener("abort", () => waiting?.[Symbol.dispose](), { once: true });
  return work;
}

interface AfterWork extends Pick<Required<CompileOptions>, "clock" | "cpuMs"> {
  readonly onWork: () => void;
}

/** Calls `onWork` once, when there was so much to do. */
function afterWork(work: Work, { clock, cpuMs, onWork }: AfterWork): Disposable {
  let [before, busy] = [cpuMs(), 0];
  const looking = every(clock, checkEveryMs, () => {
    const now = cpuMs();
    busy = now - before >= work.ms ? busy + 1 : 0;
    before = now;
    if (busy < work.seconds) return;
    looking[Symbol.dispose]();
    onWork();
  });
  return looking;
}

function giveCompilers(how: Compiling): void {
  for (const option of compilerOptions[how]) setFlagsFromString(option);
}

function processMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
