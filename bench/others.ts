import { readFileSync } from "node:fs";
import { cpuSecondsWithEnded } from "./process-figures.ts";

/** So much of a core may others use without a verdict becoming doubtful. */
export const bearableShare = 0.15;

/** CPU seconds that programs which are not ours have used; undefined where the system does not tell (proc(5)). */
export function othersCpuSeconds(): number | undefined {
  try {
    return busySeconds() - ownSeconds();
  } catch {
    return undefined;
  }
}

const ticksPerSecond = 100;

/** All cores, all programs: user, nice, system, irq, softirq, steal. */
function busySeconds(): number {
  const [, ...fields] = readFileSync("/proc/stat", "latin1").split("\n")[0]!.split(/ +/).map(Number);
  return [0, 1, 2, 5, 6, 7].reduce((sum, index) => sum + (fields[index] ?? 0), 0) / ticksPerSecond;
}

/** What ended without being waited for. */
let unwaitedSeconds = 0;

/** Ends what used `usedSeconds` of CPU and may not be waited for: all of that is ours. */
export async function countOurs(usedSeconds: number, end: () => Promise<void>): Promise<void> {
  const before = cpuSecondsWithEnded(process.pid);
  await end();
  unwaitedSeconds += Math.max(0, usedSeconds - (cpuSecondsWithEnded(process.pid) - before));
}

/** This program and all that it started and that has ended: the benches wait for what they start. */
function ownSeconds(): number {
  return cpuSecondsWithEnded(process.pid) + unwaitedSeconds;
}
