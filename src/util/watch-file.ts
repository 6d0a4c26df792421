import { watch } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { background } from "./background.ts";
import type { Clock } from "./clock.ts";
import { messageOf } from "./errors.ts";

/** Options of {@link watchFile}. */
export interface WatchFileOptions {
  /** The file may have changed. */
  readonly onChange: () => void;
  /** Called once when the system cannot watch: from then on the file is looked at every two seconds. */
  readonly onProblem: (message: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Node's own by default. */
  readonly watch?: typeof watch;
}

/** An editor writes in several steps: looked at when they are over. */
const settleMs = 100;
const pollMs = 2000;

/**
 * Watches a file, there or not, until the signal aborts, also through a symbolic link. Where the system has no watch
 * left (inotify's limits, usual on hosts of many containers) it polls, and says so.
 */
export function watchFile(path: string, options: WatchFileOptions): void {
  const { clock, signal } = options;
  let pending: Disposable | undefined;
  let polling = false;
  const changed = () => {
    pending?.[Symbol.dispose]();
    if (!signal.aborted) pending = clock.timer(settleMs, options.onChange);
  };
  const poll = (why: unknown) => {
    if (polling || signal.aborted) return;
    polling = true;
    const name = basename(path);
    options.onProblem(`${name} cannot be watched (${messageOf(why)}): it is looked at every ${pollMs / 1000} s`);
    background(pollFile(path, { ...options, onChange: changed }), (error) =>
      options.onProblem(`${name} is no longer looked at: ${messageOf(error)}`),
    );
  };
  watchFolder(path, { ...options, onChange: changed, onError: poll });
  realpath(path).then(
    (target) =>
      dirname(target) === dirname(path) || watchFolder(target, { ...options, onChange: changed, onError: poll }),
    () => {},
  );
}

interface FolderOptions extends WatchFileOptions {
  readonly onError: (error: unknown) => void;
}

/** The folder, since a file that is replaced is another one. */
function watchFolder(path: string, options: FolderOptions): void {
  if (options.signal.aborted) return;
  const name = basename(path);
  try {
    const watcher = (options.watch ?? watch)(dirname(path), { signal: options.signal, persistent: false });
    watcher.on("change", (_event, file) => (file === null || file === name) && options.onChange());
    watcher.on("error", options.onError);
  } catch (error) {
    options.onError(error);
  }
}

async function pollFile(path: string, options: WatchFileOptions): Promise<void> {
  const { clock, signal } = options;
  for (let before = await stampOf(path); !signal.aborted; ) {
    await clock.sleep(pollMs, signal).catch(() => {});
    if (signal.aborted) return;
    const now = await stampOf(path);
    if (now !== before) options.onChange();
    before = now;
  }
}

async function stampOf(path: string): Promise<string> {
  return await stat(path).then(
    ({ ino, size, mtimeMs, ctimeMs }) => `${ino} ${size} ${mtimeMs} ${ctimeMs}`,
    (error: NodeJS.ErrnoException) => String(error.code),
  );
}
