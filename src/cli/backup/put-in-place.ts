import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Files of the lock, which stay where they are. */
export const ofTheLock = /^hub\.(lock|pid)/;
const ofRestoring = /^(before-restore|restore)-/;

/** Where a backup goes. */
export interface Places {
  readonly configPath: string;
  readonly dataDir: string;
  readonly nowMs: number;
  /** Moves one file or folder; the file system's own unless a test fails it. */
  readonly move?: (from: string, to: string) => Promise<void>;
}

/**
 * What was there is put aside; then each part of the opened backup is moved to its place, the configuration last. All of it is taken
 * back when one step fails, and that failure thrown.
 */
export async function putInPlace(staged: string, to: Places): Promise<void> {
  const { configPath, dataDir, move = rename } = to;
  const time = new Date(to.nowMs).toISOString().replace(/\D/g, "").slice(0, 14);
  // Undone last to first, unless all went well.
  await using undo = new AsyncDisposableStack();
  const step = async (from: string, place: string) => {
    await move(from, place);
    undo.defer(() => rename(place, from));
  };
  const newConfig = await besidePlace(join(staged, "config", "doorward.yaml"), configPath);
  if (newConfig !== undefined) undo.defer(() => rm(newConfig, { force: true }));
  const former = (await readdir(dataDir)).filter((name) => !ofTheLock.test(name) && !ofRestoring.test(name));
  const aside = join(dataDir, `before-restore-${time}`);
  if (former.length > 0) {
    await mkdir(aside, { mode: 0o700 });
    undo.defer(() => rmdir(aside));
  }
  for (const name of former) await step(join(dataDir, name), join(aside, name));
  for (const name of await readdir(join(staged, "data"))) await step(join(staged, "data", name), join(dataDir, name));
  if (newConfig !== undefined) {
    if (existsSync(configPath)) await step(configPath, `${configPath}.before-restore-${time}`);
    await step(newConfig, configPath);
  }
  undo.move();
}

/** The configuration copied beside its place, which may be on another file system; undefined where the backup has none. */
async function besidePlace(config: string, configPath: string): Promise<string | undefined> {
  if (!existsSync(config)) return undefined;
  await mkdir(dirname(configPath), { recursive: true });
  const beside = `${configPath}.restoring`;
  await copyFile(config, beside).catch(async (error: unknown) => {
    await rm(beside, { force: true });
    throw error;
  });
  return beside;
}
