import { readFileSync } from "node:fs";

const ticksPerSecond = 100;

/** CPU of a process over all its threads since it began, in seconds (proc(5), stat). */
export function cpuSeconds(pid: number): number {
  return cpuOf(pid, [11, 12]);
}

/** The same with that of all its children that have ended and that it has waited for. */
export function cpuSecondsWithEnded(pid: number): number {
  return cpuOf(pid, [11, 12, 13, 14]);
}

function cpuOf(pid: number, which: readonly number[]): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return which.reduce((sum, index) => sum + Number(fields[index]), 0) / ticksPerSecond;
}

/** Resident memory of a process in MB, shared pages included. */
export function rssMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}

/** Resident memory of a process in MB, each page divided by how many processes of the machine share it. */
export function pssMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

/**
 * What processes take together, in MB: the anonymous memory of each, and what they have mapped of each file (Node's own
 * binary) once. Unlike PSS it does not shrink when other programs on the machine run Node too.
 */
export function footprintMb(pids: readonly number[]): number {
  const files = new Map<string, number>();
  let ownKb = 0;
  for (const pid of pids) {
    for (const { path, rssKb, anonymousKb } of mappings(pid)) {
      ownKb += anonymousKb;
      files.set(path, Math.max(files.get(path) ?? 0, rssKb - anonymousKb));
    }
  }
  return (ownKb + files.values().reduce((sum, kb) => sum + kb, 0)) / 1024;
}

interface Mapping {
  /** The file with the place in it. */
  readonly path: string;
  readonly rssKb: number;
  readonly anonymousKb: number;
}

function mappings(pid: number): Mapping[] {
  const text = readFileSync(`/proc/${pid}/smaps`, "latin1");
  const blocks = text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return blocks.flatMap((block) => {
    const head = /^\S+ \S+ (\S+) \S+ (\d+) *(.*)$/m.exec(block);
    if (!head) return [];
    const kb = (field: string) => Number(new RegExp(`^${field}: +(\\d+)`, "m").exec(block)?.[1] ?? 0);
    return { path: `${head[3]} at ${head[1]}`, rssKb: kb("Rss"), anonymousKb: kb("Anonymous") };
  });
}

/** Processes that `pid` started and that still run, with their command lines. */
export function childrenOf(pid: number): readonly { readonly pid: number; readonly command: string }[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return text
    .split(" ")
    .filter((part) => part !== "")
    .map((part) => ({ pid: Number(part), command: readFileSync(`/proc/${part}/cmdline`, "latin1") }));
}

/** Share of one core that a process and all that it started take over `ms`, in percent. */
export async function cpuShare(pids: readonly number[], ms: number): Promise<number> {
  const all = pids.flatMap((pid) => familyOf(pid));
  const used = () => all.reduce((sum, pid) => sum + (alive(() => cpuSeconds(pid)) ?? 0), 0);
  const [before, beganMs] = [used(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ((used() - before) / (performance.now() - beganMs)) * 100_000;
}

/** A process and all that it started. */
export function familyOf(pid: number): readonly number[] {
  const children = alive(() => childrenOf(pid)) ?? [];
  return [pid, ...children.flatMap((child) => familyOf(child.pid))];
}

/** What `look` finds, unless the process has ended meanwhile. */
function alive<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
