import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { lockDataFolder } from "../identity/data-lock.ts";
import { type Identity, openIdentity } from "../identity/identity.ts";
import { systemClock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { createBackupCommand } from "./backup.ts";
import type { Command, CommandContext } from "./command.ts";
import { command as restore } from "./restore.ts";

const passwordCost = { N: 16, r: 1, p: 1 };
const backup = createBackupCommand({ cost: { logN: 10, r: 1, p: 1 } });
const password = "correct horse battery";

/** The exit of a command, or the sentence with which it refused. */
async function run(
  command: Command,
  words: readonly string[],
  stdout?: CommandContext["stdout"],
): Promise<number | string> {
  const stream = { write: () => true };
  const context = {
    ...{ stdout: stdout ?? stream, stderr: stream, clock: systemClock, log: silentLog },
    signal: new AbortController().signal,
  };
  return await command.run(words, context).catch(messageOf);
}

describe("doorward backup and restore", () => {
  let folder = "";
  let token = "";
  let sealed = "";
  let hub: Identity;
  const place = (...parts: readonly string[]) => join(folder, ...parts);
  const words = (at: string) => [
    "--config",
    place(at, "doorward.yaml"),
    "--data",
    place(at, "data"),
    "--passphrase-file",
    place("pass"),
  ];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "doorward-backup-"));
    for (const name of ["tls", "sounds", "before-restore-1"])
      await mkdir(place("old", "data", name), { recursive: true });
    await writeFile(place("pass"), "green door, open\nnot this line\n");
    await writeFile(place("old", "doorward.yaml"), "devices: {}\n");
    await writeFile(place("old", "data", "tls", "ca.key"), "the key of the certificates", { mode: 0o600 });
    await writeFile(place("old", "data", "sounds", "gong.wav"), Buffer.alloc(200_000, 7));
    await writeFile(place("old", "data", "before-restore-1", "x"), "no part of it");
    hub = openIdentity({
      dataDir: place("old", "data"),
      clock: systemClock,
      passwordCost,
      writer: "thread",
      setupCode: false,
    });
    const anna = await hub.users.create({ name: "Anna", password, administrator: true, grants: [] });
    const grants = [{ scope: "*", rights: ["view" as const] }];
    token = (await hub.credentials.makeToken(anna.id, { name: "wall", grants })).secret;
    sealed = hub.sealer.seal("camera's password", { purpose: "yard" });
    await hub.store.write();
  });

  after(async () => {
    await hub[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("bring a hub, copied while it ran, to another folder: people, tokens, sealed passwords, certificates, sounds", async () => {
    const file = place("a.backup");
    assert.equal(await run(backup, [file, ...words("old")]), 0);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.doesNotMatch((await readFile(file)).toString("latin1"), /Anna|devices|certificates/);
    assert.match(String(await run(backup, [file, ...words("old")])), /is there already/);

    assert.equal(await run(restore, [file, ...words("new")]), 0);
    await using other = openIdentity({
      dataDir: place("new", "data"),
      clock: systemClock,
      passwordCost,
      setupCode: false,
    });
    assert.equal((await other.users.verify("Anna", password))?.administrator, true);
    assert.ok(other.credentials.find(token));
    assert.equal(other.sealer.open(sealed, { purpose: "yard" }), "camera's password");
    assert.equal(other.installation, hub.installation);
    for (const name of ["tls/ca.key", "sounds/gong.wav", "key"])
      assert.deepEqual(await readFile(place("new", "data", name)), await readFile(place("old", "data", name)), name);
    assert.equal(await readFile(place("new", "doorward.yaml"), "utf8"), "devices: {}\n");
    assert.equal((await stat(place("new", "data", "tls", "ca.key"))).mode & 0o777, 0o600);
    const left = [...(await readdir(place("new", "data"))), ...(await readdir(place("old", "data")))];
    assert.deepEqual(
      left.filter((name) => /^(restore|backup)-/.test(name)),
      [],
      "nothing is left lying about",
    );
    assert.ok(!(await readdir(place("new", "data"))).includes("before-restore-1"));
  });

  it("overwrite nothing, put aside with --force what was there, and stay away from a hub that runs", async () => {
    const file = place("b.backup");
    assert.equal(await run(backup, [file, ...words("old")]), 0);
    await mkdir(place("taken", "data"), { recursive: true });
    await writeFile(place("taken", "data", "key"), "mine");
    await writeFile(place("taken", "doorward.yaml"), "devices: {} # mine\n");
    assert.match(String(await run(restore, [file, ...words("taken")])), /a hub is there already: .*taken\/data/);
    assert.equal(await readFile(place("taken", "data", "key"), "utf8"), "mine");
    {
      using _running = lockDataFolder(place("taken", "data"));
      assert.match(String(await run(restore, [file, ...words("taken"), "--force"])), /another hub runs on/);
    }
    assert.equal(await readFile(place("taken", "data", "key"), "utf8"), "mine");
    assert.equal(await run(restore, [file, ...words("taken"), "--force"]), 0);
    const [aside = ""] = (await readdir(place("taken", "data"))).filter((name) => name.startsWith("before-restore-"));
    assert.equal(await readFile(place("taken", "data", aside, "key"), "utf8"), "mine");
    const [former = ""] = (await readdir(place("taken"))).filter((name) => name.startsWith("doorward.yaml.before"));
    assert.match(await readFile(place("taken", former), "utf8"), /mine/);
  });

  it("touch nothing when the file is cut off or the passphrase is another one", async () => {
    const file = place("c.backup");
    assert.equal(await run(backup, [file, ...words("old")]), 0);
    await writeFile(place("cut.backup"), (await readFile(file)).subarray(0, -100));
    assert.match(String(await run(restore, [place("cut.backup"), ...words("none")])), /cut off/);
    await writeFile(place("other"), "another passphrase\n");
    const wrong = [...words("none").slice(0, -1), place("other")];
    assert.match(String(await run(restore, [file, ...wrong])), /passphrase is not the one/);
    assert.match(String(await run(restore, [place("nothing"), ...words("none")])), /there is no /);
    await assert.rejects(stat(place("none", "data")), { code: "ENOENT" });
    await assert.rejects(stat(place("none", "doorward.yaml")), { code: "ENOENT" });
  });

  it("follow a key that is a link, and tell of a key and certificates that are not in it", async () => {
    await mkdir(place("linked", "data"), { recursive: true });
    await using other = openIdentity({
      ...{ dataDir: place("linked", "data"), clock: systemClock, passwordCost, setupCode: false },
    });
    other.sealer.seal("x", { purpose: "yard" });
    await other.store.write();
    await rename(place("linked", "data", "key"), place("real-key"));
    await symlink(place("real-key"), place("linked", "data", "key"));
    const certificate = `{ certFile: ${place("site.crt")}, keyFile: ${place("linked", "data", "site.key")} }`;
    await writeFile(place("linked", "doorward.yaml"), `http:\n  certificate: ${certificate}\ndevices: {}\n`);
    const made = async (name: string) => {
      const said: string[] = [];
      const stdout = { write: (text: string) => said.push(text) > 0 };
      assert.equal(await run(backup, [place(name), ...words("linked"), "--json"], stdout), 0);
      return JSON.parse(said.join("")) as { readonly keyElsewhere: boolean; readonly notContained: readonly string[] };
    };
    const linked = await made("d.backup");
    assert.deepEqual([linked.keyElsewhere, linked.notContained], [false, [place("site.crt")]]);
    assert.equal(await run(restore, [place("d.backup"), ...words("unlinked")]), 0);
    assert.deepEqual(await readFile(place("unlinked", "data", "key")), await readFile(place("real-key")));
    await writeFile(place("real-key"), `${"ab".repeat(32)}\n`);
    assert.equal((await made("e.backup")).keyElsewhere, true, "the key of long ago is not the hub's");
  });
});
