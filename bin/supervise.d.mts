/** Exit code of a hub that ended itself because of an error that nobody foresaw (sysexits.h, EX_SOFTWARE). */
export const crashed: number;
/** Of glibc: memory that each thread hands out by itself. */
export const nativeMemory: Readonly<Record<string, string>>;
/** Of V8, for the hub's process. */
export const heapOptions: readonly string[];
/** Of V8: nothing is compiled beyond bytecode until the hub has work. */
export const withoutCompilers: readonly string[];
/** All of them: what the hub's process is started with. */
export const nodeOptions: readonly string[];
/** Runs a program as a child and starts it again when it crashed; resolves with the exit code to end with. */
export function supervise(
  command: readonly string[],
  options?: { readonly say?: (text: string) => void; readonly firstDelayMs?: number },
): Promise<number>;
