import { readFileSync } from "node:fs";

/** Files and sockets that this process may have open at once; undefined where the system does not say (not Linux). */
export function openFilesLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** What cameras, workers, the database and the page's files have at least, whatever strangers do. */
const reservedFiles = 64;

/**
 * How many sockets may be open, of those that the configuration allows: at most half of the files that the process may
 * have beyond a reserve, so that cameras and files find theirs; at least 16.
 */
export function socketsWithin(wanted: number, filesLimit: number | undefined): number {
  if (filesLimit === undefined) return wanted;
  return Math.min(wanted, Math.max(16, Math.floor((filesLimit - reservedFiles) / 2)));
}
