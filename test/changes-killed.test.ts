import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { killAfter } from "./kill-after.ts";

interface Said {
  readonly id?: string;
  readonly volume?: number | null;
  readonly leaving?: boolean;
}

const changes = (lines: number, { path, round }: { readonly path: string; readonly round: number }) =>
  killAfter<Said>(lines, { program: "device-changer.ts", args: [path, String(round)] });

test("a hub that is killed amid changes of devices has lost none that it acknowledged, and left no half one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "doorward-killed-"));
  try {
    const path = join(folder, "doorward.yaml");
    await writeFile(path, "# the house\ndevices: {}\n");
    const expected = new Map<string, number | null>();
    const leaving = new Set<string>();
    for (const [round, lines] of [7, 40, 113, 2, 76].entries()) {
      for (const { id, volume, leaving: leaves } of await changes(lines, { path, round })) {
        if (id !== undefined && leaves) leaving.add(id);
        else if (id !== undefined) expected.set(id, volume ?? null);
      }
      const text = await readFile(path, "utf8");
      const { devices } = parse(text) as { devices: Record<string, { address: string; volume: number }> };
      assert.match(text, /^# the house\n/);
      for (const [id, volume] of expected) {
        const kept = devices[id];
        if (volume === null) assert.equal(kept, undefined, `${id} was removed`);
        else if (kept === undefined) assert.ok(leaving.has(id), `${id} was acknowledged`);
        else assert.ok(kept.volume >= volume, `${id} has volume ${kept.volume}, ${volume} was acknowledged`);
      }
      for (const [id, { address, volume }] of Object.entries(devices)) {
        assert.equal(address, `fake://${id}/`);
        assert.ok(volume === 1.5 || volume === 2.5);
      }
    }
    const left = (await readdir(folder)).filter((name) => name !== "doorward.yaml");
    assert.ok(left.every((name) => /^\.doorward\.yaml\.[0-9a-f]{16}\.tmp$/.test(name)) && left.length <= 5);
  } finally {
    await rm(folder, { recursive: true });
  }
});
