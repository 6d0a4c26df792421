import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readWav, writeWav } from "../codecs/wav/index.ts";
import { chimeRateHz, chimeSamples, chimeSeconds, ownChimes } from "../media/chime-tones.ts";
import type { FileSource } from "../media/convert.ts";
import { pcmFormat } from "../media/format.ts";
import { silentLog } from "../util/log.ts";
import { Chimes, maxChimeBytes } from "./chimes.ts";

const wav = (seconds = 0.5) => writeWav(new Int16Array(8000 * seconds).fill(900), { sampleRateHz: 8000 });

/** Chimes in a folder of their own, and what was decoded of them. */
async function library() {
  const folder = join(await mkdtemp(join(tmpdir(), "chimes-")), "chimes");
  const decoded: Uint8Array[] = [];
  const converter = {
    decodeFile: async (source: FileSource) => {
      assert.ok("bytes" in source);
      const pieces: Uint8Array[] = [];
      for await (const piece of source.bytes) pieces.push(piece);
      decoded.push(Buffer.concat(pieces));
      return { durationUs: undefined, frames: [] as never, [Symbol.asyncDispose]: async () => {} };
    },
  };
  const open = () => new Chimes({ folder, converter, log: silentLog });
  const play = async (chimes: Chimes, name: string) => {
    const { signal } = new AbortController();
    await chimes.sound(name)?.open(pcmFormat(8000), { gain: 1, signal });
    return decoded.at(-1);
  };
  return { folder, open, play };
}

describe("chimes", () => {
  it("are a doorbell and two others before anybody added one, the same each time and free of clipping", () => {
    assert.deepEqual(ownChimes, ["doorbell", "gong", "alert"]);
    for (const name of ownChimes) {
      const samples = chimeSamples(name);
      assert.deepEqual(chimeSamples(name), samples);
      assert.ok(Math.abs(samples.length / chimeRateHz - chimeSeconds(name)) < 0.001);
      const loudest = Math.max(...samples.map(Math.abs));
      assert.ok(loudest > 10_000 && loudest < 32_000, `${name}: ${loudest}`);
      assert.ok(Math.abs(samples[0] ?? 1) < 50 && Math.abs(samples.at(-1) ?? 999) < 50, `${name} does not click`);
    }
  });

  it("keep what is added over a restart, and play it", async () => {
    const { folder, open, play } = await library();
    const chimes = open();
    let changes = 0;
    using _watch = chimes.onChange(() => changes++);
    assert.deepEqual(await chimes.add(" Big Ben ", wav()), { name: "Big Ben", builtIn: false, seconds: 0.5 });
    assert.deepEqual(await readdir(folder), ["Big Ben.wav"]);
    assert.equal(changes, 1);
    const again = open();
    assert.deepEqual(
      again.list().map(({ name, builtIn }) => [name, builtIn]),
      [
        ["doorbell", true],
        ["gong", true],
        ["alert", true],
        ["Big Ben", false],
      ],
    );
    assert.deepEqual(await play(again, "big ben"), Buffer.from(wav()));
    assert.equal(readWav((await play(again, "Doorbell")) ?? new Uint8Array()).sampleRateHz, chimeRateHz);
    assert.equal(again.sound("nothing"), undefined);
  });

  it("of one name, whatever the case of its letters, are one: the newest counts", async () => {
    const { folder, open } = await library();
    const chimes = open();
    await Promise.all([chimes.add("Ding", wav(1)), chimes.add("DING", wav(2))]);
    assert.deepEqual(chimes.get("ding"), { name: "DING", builtIn: false, seconds: 2 });
    assert.deepEqual(await readdir(folder), ["DING.wav"]);
  });

  it("are removed for good, but the hub's own are not", async () => {
    const { folder, open } = await library();
    const chimes = open();
    await chimes.add("Ding", wav());
    await chimes.remove("ding");
    assert.deepEqual(await readdir(folder), []);
    assert.equal(chimes.get("ding"), undefined);
    await assert.rejects(chimes.remove("ding"), { code: "not-found" });
    await assert.rejects(chimes.remove("doorbell"), { code: "built-in" });
  });

  it("refuse in one sentence what cannot be one, and keep what was there", async () => {
    const { open } = await library();
    const chimes = open();
    const large = Buffer.concat([wav(), Buffer.alloc(maxChimeBytes)]);
    const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
      ["Ding", Buffer.from("no sound"), /it is no WAV file: a chime is a WAV file/],
      ["Ding", large, /larger than 5 MiB/],
      ["Ding", wav(61), /lasts 61 s; a chime may last 60 s/],
      ["doorbell", wav(), /one of the hub's own/],
      ["Gong", wav(), /one of the hub's own/],
      ["../../etc/passwd", wav(), /a chime's name/],
      [".hidden", wav(), /a chime's name/],
      ["a\nb", wav(), /a chime's name/],
      ["x".repeat(49), wav(), /a chime's name/],
      ["", wav(), /a chime's name/],
    ];
    for (const [name, file, sentence] of cases) await assert.rejects(chimes.add(name, file), sentence);
    assert.equal(chimes.list().length, 3);
    for (let n = 0; n < 64; n++) await chimes.add(`c${n}`, wav(0.01));
    await assert.rejects(chimes.add("one more", wav()), { code: "too-many-chimes" });
    await chimes.add("c7", wav());
  });

  it("found in the folder at the start are taken, and what is no chime there costs nothing", async () => {
    const { folder, open } = await library();
    await mkdir(folder);
    await writeFile(join(folder, "Own.wav"), wav());
    await writeFile(join(folder, "broken.wav"), "no sound");
    await writeFile(join(folder, "notes.txt"), "hello");
    await writeFile(join(folder, "doorbell.wav"), wav());
    const names = open().list();
    assert.deepEqual(
      names.map(({ name }) => name),
      ["doorbell", "gong", "alert", "Own"],
    );
  });

  it("of a hub without a folder are its own only", async () => {
    const chimes = new Chimes({ converter: { decodeFile: async () => assert.fail() }, log: silentLog });
    assert.equal(chimes.list().length, 3);
    await assert.rejects(chimes.add("Ding", wav()), { code: "no-folder" });
  });
});
