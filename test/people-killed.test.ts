import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openIdentity } from "../src/identity/identity.ts";
import { systemClock } from "../src/util/clock.ts";
import { killAfter } from "./kill-after.ts";

interface Said {
  readonly user?: string;
  readonly grants?: number | null;
  readonly secret?: string;
  readonly leaving?: readonly string[];
}

const changes = (lines: number, { dataDir, round }: { readonly dataDir: string; readonly round: number }) =>
  killAfter<Said>(lines, { program: "people-changer.ts", args: [dataDir, String(round)] });

test("a hub that is killed amid changes of people, tokens and sessions has lost none that it acknowledged, and left no half one", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "doorward-killed-"));
  try {
    const grants = new Map<string, number | null>();
    const secrets = new Set<string>();
    const leaving = new Set<string>();
    for (const [round, lines] of [9, 150, 47, 3, 480, 71].entries()) {
      for (const said of await changes(lines, { dataDir, round })) {
        if (said.user !== undefined && said.grants !== undefined) grants.set(said.user, said.grants);
        if (said.secret !== undefined) secrets.add(said.secret);
        if (said.leaving) for (const gone of [said.user ?? "", ...said.leaving]) leaving.add(gone);
      }
      await using identity = openIdentity({ dataDir, clock: systemClock, setupCode: false });
      const kept = new Map(identity.users.list().map((user) => [user.id, user]));
      for (const [id, count] of grants) {
        const user = kept.get(id);
        if (count === null) assert.equal(user, undefined, "a removal was acknowledged");
        else if (user === undefined) assert.ok(leaving.has(id), "a person was acknowledged");
        else assert.ok(user.grants.length >= count, "a change of rights was acknowledged");
      }
      for (const secret of secrets) {
        const found = identity.credentials.find(secret);
        assert.ok(found || leaving.has(secret), `${secret.slice(0, 4)}: was acknowledged`);
      }
      for (const user of kept.values()) assert.ok(user.grants.length === 1 || user.grants.length === 2, "a half one");
      assert.equal(identity.store.one("PRAGMA integrity_check")?.["integrity_check"], "ok");
      assert.deepEqual(identity.store.read("PRAGMA foreign_key_check"), []);
    }
    assert.ok(grants.size > 100);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
