import assert from "node:assert/strict";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { removeLeftovers, writeFileDurably } from "./write-file.ts";

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "doorward-write-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe("writing a file durably", () => {
  it("makes it for its owner only, and keeps the mode of one that is there", async () => {
    await using at = await folder();
    const path = join(at.path, "a.yaml");
    await writeFileDurably(path, "one");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await chmod(path, 0o644);
    await writeFileDurably(path, "two");
    assert.equal((await stat(path)).mode & 0o777, 0o644);
    assert.equal(await readFile(path, "utf8"), "two");
    assert.deepEqual(await readdir(at.path), ["a.yaml"]);
  });

  it("replaces what a symbolic link points to, there or not, and leaves the link", async () => {
    await using at = await folder();
    await mkdir(join(at.path, "real"));
    const link = join(at.path, "a.yaml");
    await symlink(join("real", "b.yaml"), link);
    await writeFileDurably(link, "one");
    await writeFileDurably(link, "two");
    assert.ok((await lstat(link)).isSymbolicLink());
    assert.equal(await readFile(join(at.path, "real", "b.yaml"), "utf8"), "two");
    assert.deepEqual(await readdir(join(at.path, "real")), ["b.yaml"]);
  });

  it("leaves the old text and nothing else when it fails", async () => {
    await using at = await folder();
    const path = join(at.path, "a.yaml");
    await mkdir(path);
    await writeFile(join(path, "inside"), "old");
    await assert.rejects(writeFileDurably(path, "new"), { code: "EISDIR" });
    assert.deepEqual(await readdir(at.path), ["a.yaml"]);
    await assert.rejects(writeFileDurably(join(at.path, "nowhere", "a"), "x"), { code: "ENOENT" });
  });

  it("removes what killed writers left, but not what is being written", async () => {
    await using at = await folder();
    const path = join(at.path, "a.yaml");
    const old = join(at.path, ".a.yaml.0123456789abcdef.tmp");
    const fresh = join(at.path, ".a.yaml.fedcba9876543210.tmp");
    for (const file of [path, old, fresh, join(at.path, ".a.yaml.mine.tmp")]) await writeFile(file, "x");
    await utimes(old, 1_000_000, 1_000_000);
    await removeLeftovers(path);
    assert.deepEqual((await readdir(at.path)).sort(), [".a.yaml.fedcba9876543210.tmp", ".a.yaml.mine.tmp", "a.yaml"]);
    await removeLeftovers(join(at.path, "nowhere", "a"));
  });

  it("lets many write the same file at once", async () => {
    await using at = await folder();
    const path = join(at.path, "a.yaml");
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`.repeat(1000));
    await Promise.all(texts.map((text) => writeFileDurably(path, text)));
    assert.ok(texts.includes(await readFile(path, "utf8")));
    assert.deepEqual(await readdir(at.path), ["a.yaml"]);
  });
});
