import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { seal, unseal } from "./sealed.ts";

const cheap = { logN: 10, r: 1, p: 1 };
const passphrase = "grüne Tür, offen";

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const sealed = (bytes: Uint8Array) => buffer(seal(inPieces(bytes, 10_000), passphrase, cheap));
const opened = (bytes: Uint8Array, by = passphrase) => buffer(unseal(inPieces(bytes, 7777), by));
const refused = (bytes: Uint8Array, code: string, by?: string) => assert.rejects(opened(bytes, by), { code });

describe("a sealed backup", () => {
  it("opens with its passphrase, however long it is", async () => {
    for (const length of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
      const bytes = randomBytes(length);
      assert.ok((await opened(await sealed(bytes))).equals(bytes), `${length} bytes`);
    }
    const made = await sealed(Buffer.from("text"));
    assert.equal((await opened(made, passphrase.normalize("NFD"))).toString(), "text", "another keyboard's ü");
  });

  it("opens with no other one, and says that apart from a damage", async () => {
    const made = await sealed(randomBytes(200_000));
    await refused(made, "wrong-passphrase", "another one");
    for (const at of [90, 5000, 150_000, made.length - 1]) {
      const changed = Buffer.from(made);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await assert.rejects(
        opened(changed),
        ({ code }: { code?: string }) => code === "damaged" || code === "cut",
        `${at}`,
      );
    }
  });

  it("is found cut off wherever it is cut, and longer than it was", async () => {
    const made = await sealed(randomBytes(200_000));
    for (const length of [83, 100, 65_536, 65_648, 131_213, made.length - 1])
      await refused(made.subarray(0, length), "cut");
    await refused(Buffer.concat([made, Buffer.of(0)]), "damaged");
    const parts = [83, 65_640, 131_197];
    const [a, b, c] = parts;
    const swapped = Buffer.concat([made.subarray(0, a), made.subarray(b, c), made.subarray(a, b), made.subarray(c)]);
    await refused(swapped, "damaged");
  });

  it("is told from what is none, and from what a later version made", async () => {
    await refused(Buffer.from("PK"), "no-backup");
    await refused(randomBytes(500), "no-backup");
    const made = await sealed(Buffer.from("text"));
    made[16] = 2;
    await refused(made, "newer");
    const greedy = await sealed(Buffer.from("text"));
    greedy[17] = 40;
    await refused(greedy, "damaged");
  });
});
