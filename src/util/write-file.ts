import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

/** Options of {@link writeFileDurably}. */
export interface WriteFileOptions {
  /** Mode of a file that is not there yet, 0600 by default; one that is there keeps its own. */
  readonly mode?: number;
}

/**
 * Replaces a file as a whole: after a crash or a power cut at any moment there is the old text or the new one, and once
 * the promise resolves it is the new one. Writes to a temporary file beside it, syncs, renames, and syncs the folder; a
 * symbolic link stays and what it points to is replaced. On an error the file is as it was, nothing is left behind, and
 * the error of the file system is thrown.
 */
export async function writeFileDurably(
  path: string,
  text: string | Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const target = await linkTarget(path);
  const before = await statIfThere(target);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(8).toString("hex")}.tmp`);
  await using folder = await openFolder(dirname(target));
  try {
    await using file = await open(temporary, "wx", 0o600);
    await file.writeFile(text);
    if (before && (before.uid !== process.getuid?.() || before.gid !== process.getgid?.())) {
      await file.chown(before.uid, before.gid).catch(ignorePermission);
    }
    await file.chmod(before ? before.mode & 0o7777 : (options.mode ?? 0o600));
    await file.sync();
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await folder?.sync().catch(ignoreUnsupported);
}

/** Removes what a process that was killed left beside a file, once it is a minute old: another may be writing now. */
export async function removeLeftovers(path: string): Promise<void> {
  const target = await linkTarget(path);
  const [folder, name] = [dirname(target), basename(target)];
  for (const entry of await readdir(folder).catch(() => [])) {
    const middle = entry.startsWith(`.${name}.`) && entry.endsWith(".tmp") ? entry.slice(name.length + 2, -4) : "";
    if (!/^[0-9a-f]{16}$/.test(middle)) continue;
    const left = await statIfThere(join(folder, entry));
    if (left && Date.now() - left.mtimeMs > 60_000) await rm(join(folder, entry), { force: true });
  }
}

/** Where a path leads, also when nothing is there yet. A circle of links is left to `open` to refuse. */
async function linkTarget(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < 16; links++) {
    try {
      target = resolve(dirname(target), await readlink(target));
    } catch (error) {
      if (["EINVAL", "ENOENT", "UNKNOWN"].includes(codeOf(error))) return target;
      throw error;
    }
  }
  return target;
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Opened before the rename, so that a lack of descriptors fails while nothing has happened. Windows opens no folder. */
async function openFolder(path: string): Promise<FileHandle | undefined> {
  return process.platform === "win32" ? undefined : open(path, "r");
}

/** Only root may give a file away; another owner's file then becomes ours, as with every editor. */
function ignorePermission(error: unknown): void {
  if (codeOf(error) !== "EPERM") throw error;
}

/** Some network and user-space file systems cannot sync a folder. */
function ignoreUnsupported(error: unknown): void {
  if (!["EINVAL", "ENOTSUP", "ENOSYS", "EPERM", "EBADF"].includes(codeOf(error))) throw error;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}
