/** Exit code of a hub that ended itself because of an error that nobody foresaw (sysexits.h, EX_SOFTWARE). */
export const crashed: number;
/** Of glibc: memory that each thread hands out by itself. */
export const memoryOfThreads: Readonly<Record<string, string>>;
/** Of V8, for the hub's process. */
export const heapOptions: readonly string[];
/** Runs a program as a child and starts it again when it crashed; resolves with the exit code to end with. */
export function supervise(
  command: readonly string[],
  options?: { readonly say?: (text: string) => void; readonly firstDelayMs?: number },
): Promise<number>;
