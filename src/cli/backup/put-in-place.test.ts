import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { putInPlace } from "./put-in-place.ts";

/** A folder with an old hub and an opened backup; `contents` reads all files of the old hub's places. */
async function openHouse() {
  const folder = await mkdtemp(join(tmpdir(), "doorward-place-"));
  const place = (...parts: readonly string[]) => join(folder, ...parts);
  for (const name of ["hub/data/tls", "staged/data/tls", "staged/config"])
    await mkdir(place(name), { recursive: true });
  for (const name of ["key", "doorward.sqlite", "tls/ca.key"]) {
    await writeFile(place("hub/data", name), "old");
    await writeFile(place("staged/data", name), "new");
  }
  await writeFile(place("hub/doorward.yaml"), "old");
  await writeFile(place("staged/config/doorward.yaml"), "new");
  const contents = async () => {
    const entries = await readdir(place("hub"), { recursive: true, withFileTypes: true });
    const texts = entries.map(async (entry) => {
      const file = join(entry.parentPath, entry.name);
      return `${file.slice(folder.length)} ${entry.isFile() ? await readFile(file, "utf8") : ""}`;
    });
    return (await Promise.all(texts)).sort();
  };
  const to = { configPath: place("hub/doorward.yaml"), dataDir: place("hub/data"), nowMs: 0 };
  return { place, contents, to, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Answers how many moves were made; the one with this number fails. */
async function putFailingAt(failing: number) {
  await using house = await openHouse();
  const before = await house.contents();
  let moves = 0;
  const move = async (from: string, to: string) => {
    if (moves++ === failing) throw new Error("disk full");
    await rename(from, to);
  };
  const put = putInPlace(house.place("staged"), { ...house.to, move });
  if (failing < 0) await put;
  else await assert.rejects(put, /disk full/);
  return { moves, before, after: await house.contents() };
}

describe("putting a backup in its place", () => {
  it("leaves all as it was when any one step of it fails", async () => {
    const whole = await putFailingAt(-1);
    assert.equal(whole.moves, 8);
    assert.ok(whole.after.includes("/hub/data/key new") && whole.after.includes("/hub/doorward.yaml new"));
    for (let step = 0; step < whole.moves; step++) {
      const { before, after } = await putFailingAt(step);
      assert.deepEqual(after, before, `step ${step}`);
    }
  });
});
