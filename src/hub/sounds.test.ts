import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { FileSource } from "../media/convert.ts";
import { systemClock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { Chimes } from "./chimes.ts";
import { maxSoundBytes, Sounds } from "./sounds.ts";

/** A folder whose files say how many seconds they last: "2 s"; anything else is no sound. */
async function shelf() {
  const root = await mkdtemp(join(tmpdir(), "sounds-"));
  const folder = join(root, "sounds");
  const kept = new Map<string, unknown>();
  const decoded: string[] = [];
  const converter = {
    decodeFile: async (source: FileSource) => {
      const text = "path" in source ? String(await readFile(source.path)) : await textOf(source);
      decoded.push(text);
      const seconds = /^(\d+) s$/.exec(text)?.[1];
      if (seconds === undefined) throw new FatalError("it is no sound", { code: "not-audio" });
      const frame = { data: new Uint8Array(2), timestampUs: 0, key: true, durationUs: 500_000 };
      const frames = (async function* () {
        for (let at = 0; at < Number(seconds) * 2; at++) yield frame;
      })();
      return { durationUs: undefined, frames, [Symbol.asyncDispose]: async () => {} };
    },
  };
  const store = {
    get: () => structuredClone(kept.get("it")),
    note: (change: readonly { readonly values: readonly unknown[] }[]) => {
      kept.set("it", JSON.parse(String(change[0]?.values[2])));
    },
  };
  const open = () => new Sounds({ folder, converter, store, clock: systemClock, log: silentLog });
  return { folder, open, decoded, converter, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

async function textOf(source: FileSource): Promise<string> {
  assert.ok("bytes" in source);
  const pieces: Uint8Array[] = [];
  for await (const piece of source.bytes) pieces.push(piece);
  return String(Buffer.concat(pieces));
}

const names = async (sounds: Sounds) => (await sounds.list()).map(({ name }) => name);
const bytes = (text: string) => Buffer.from(text);

describe("the sounds folder", () => {
  it("shows what people put there, with its length, and listens to each file once, also over a restart", async () => {
    await using house = await shelf();
    const sounds = house.open();
    assert.deepEqual(await sounds.list(), []);
    await mkdir(join(house.folder, "more"), { recursive: true });
    await writeFile(join(house.folder, "gong.wav"), "2 s");
    await writeFile(join(house.folder, "notes.txt"), "no sound");
    await writeFile(join(house.folder, ".hidden"), "1 s");
    await symlink("/etc/hostname", join(house.folder, "link.wav"));
    const shown = (await sounds.list()).map(({ name, seconds, bytes: size }) => [name, seconds, size]);
    assert.deepEqual(shown, [
      ["gong.wav", 2, 3],
      ["notes.txt", undefined, 8],
    ]);
    await sounds.list();
    const again = house.open();
    assert.deepEqual(await again.list(), sounds.known);
    assert.deepEqual(house.decoded, ["2 s", "no sound"]);
    await writeFile(join(house.folder, "gong.wav"), "3 s");
    await utimes(join(house.folder, "gong.wav"), 5, 5);
    assert.equal((await again.list())[0]?.seconds, 3);
  });

  it("takes what can be decoded, renames and deletes it, and tells whoever listens", async () => {
    await using house = await shelf();
    const sounds = house.open();
    let told = 0;
    using _listener = sounds.onChange(() => told++);
    assert.deepEqual((await sounds.add(" Ding dong.mp3", bytes("2 s"))).seconds, 2);
    assert.equal((await sounds.rename("Ding dong.mp3", "ding dong.MP3")).name, "ding dong.MP3");
    await sounds.remove("ding dong.MP3");
    assert.deepEqual([told, await names(sounds), await readdir(house.folder)], [3, [], []]);
  });

  it("refuses what is no sound, too large, taken, or cannot be called so, and keeps what was there", async () => {
    await using house = await shelf();
    const sounds = house.open();
    await sounds.add("a.wav", bytes("1 s"));
    await sounds.add("b.wav", bytes("1 s"));
    await assert.rejects(sounds.add("page.wav", bytes("<html>")), { code: "not-audio" });
    await assert.rejects(sounds.add("large.wav", Buffer.alloc(maxSoundBytes + 1)), { code: "too-large" });
    await assert.rejects(sounds.add("A.WAV", bytes("2 s")), { code: "exists" });
    await assert.rejects(sounds.rename("a.wav", "b.wav"), { code: "exists" });
    await assert.rejects(sounds.rename("none.wav", "c.wav"), { code: "not-found" });
    for (const name of ["", "../a.wav", "a/b", ".a", "a.", "a\0b", "x".repeat(65), "-rf"]) {
      await assert.rejects(sounds.add(name, bytes("1 s")), { code: "bad-name" }, name);
      await assert.rejects(sounds.rename("a.wav", name), { code: "bad-name" }, name);
      await assert.rejects(sounds.remove(name), { code: "not-found" }, name);
    }
    assert.deepEqual(await names(sounds), ["a.wav", "b.wav"]);
    for (let at = 2; at < 256; at++) await writeFile(join(house.folder, `s${at}.wav`), "1 s");
    await assert.rejects(sounds.add("one-more.wav", bytes("1 s")), { code: "too-many-sounds" });
  });

  it("writes over nothing that is there and not shown", async () => {
    await using house = await shelf();
    const sounds = house.open();
    await sounds.add("a.wav", bytes("1 s"));
    await mkdir(join(house.folder, "more"));
    await symlink("a.wav", join(house.folder, "link.wav"));
    for (const name of ["more", "link.wav"]) {
      await assert.rejects(sounds.rename("a.wav", name), { code: "exists" }, name);
      await assert.rejects(sounds.add(name, bytes("1 s")), { code: "exists" }, name);
    }
    for (let at = 0; at < 256; at++) await writeFile(join(house.folder, `s${at}.wav`), "1 s");
    const shown = await names(sounds);
    const hidden = (await readdir(house.folder)).find((name) => /^s\d+/.test(name) && !shown.includes(name));
    assert.ok(hidden);
    const before = String(await readFile(join(house.folder, hidden)));
    await assert.rejects(sounds.rename("a.wav", hidden), { code: "exists" });
    assert.equal(String(await readFile(join(house.folder, hidden))), before);
    assert.equal((await sounds.rename("a.wav", "a.wav")).name, "a.wav");
  });

  it("rings: what is short enough is a chime, unless its name is taken", async () => {
    await using house = await shelf();
    const sounds = house.open();
    const chimes = new Chimes({ converter: house.converter, sounds, log: silentLog });
    let told = 0;
    using _listener = chimes.onChange(() => told++);
    await sounds.add("Westminster.mp3", bytes("8 s"));
    await sounds.add("Gong.mp3", bytes("1 s"));
    await sounds.add("radio.mp3", bytes("61 s"));
    assert.deepEqual(
      chimes.list().map(({ name }) => name),
      ["doorbell", "gong", "alert", "Westminster"],
    );
    assert.deepEqual(chimes.get("westminster"), {
      name: "Westminster",
      builtIn: false,
      seconds: 8,
      file: "Westminster.mp3",
    });
    await chimes.sound("westminster")?.open({} as never, { gain: 1, signal: new AbortController().signal });
    assert.equal(house.decoded.at(-1), "8 s");
    await assert.rejects(chimes.remove("Westminster"), { code: "in-sounds" });
    await sounds.remove("Westminster.mp3");
    assert.deepEqual([chimes.get("Westminster"), told], [undefined, 4]);
  });
});
