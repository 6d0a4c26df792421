import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultCost, PasswordHasher } from "./password.ts";

const cheap = { N: 16, r: 1, p: 1 };

describe("passwords", () => {
  it("are hashed with scrypt at N=2^15, r=8, p=3, and stored with these numbers", async () => {
    assert.deepEqual(defaultCost, { N: 32_768, r: 8, p: 3 });
    const stored = await new PasswordHasher().hash("correct horse");
    assert.match(stored, /^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
    assert.equal(await new PasswordHasher({ cost: cheap }).verify("correct horse", stored), true);
  });

  it("fit only the same word, in whatever Unicode form it is typed", async () => {
    const hasher = new PasswordHasher({ cost: cheap });
    const stored = await hasher.hash("Türe öffnen");
    assert.equal(await hasher.verify("Tu\u0308re o\u0308ffnen", stored), true);
    assert.equal(await hasher.verify("Türe offnen", stored), false);
    assert.notEqual(await hasher.hash("same"), await hasher.hash("same"));
  });

  it("never fit a person who has none, or a stored text that is damaged", async () => {
    const hasher = new PasswordHasher({ cost: cheap });
    for (const stored of [undefined, "", "scrypt$16$1$1$x$y", "plain"]) {
      assert.equal(await hasher.verify("", stored), false);
    }
  });

  it("are hashed two at a time; sixteen wait, the next is refused", async () => {
    const hasher = new PasswordHasher({ cost: { N: 1024, r: 8, p: 1 } });
    const tries = Array.from({ length: 19 }, () => hasher.hash("x"));
    const results = await Promise.allSettled(tries);
    const refused = results.filter((result) => result.status === "rejected").map(({ reason }) => reason.code);
    assert.deepEqual(refused, ["busy"]);
    assert.match(await hasher.hash("again"), /^scrypt/);
  });
});
