/** Path of the go command, or undefined. */
export function findGo(): string | undefined;
/** What the engine's program is called on a platform (Node's names). */
export function programName(platform?: string): string;
/** Builds for a platform into a file. Gives what went wrong, or undefined. */
export function buildEngine(
  file: string,
  target?: { readonly platform?: string; readonly arch?: string },
): string | undefined;
/** Builds for this machine unless that is done. Gives what went wrong, or undefined. */
export function ensureEngine(): string | undefined;
