import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { Patience } from "./patience.ts";

const refused = new RecoverableError("connection refused");
const random = () => 0.999;

/** Waits after a loss; gives how long it took, with what happens meanwhile. */
async function waited(
  patience: Patience,
  error: RecoverableError | FatalError,
  meanwhile: [number, () => void][] = [],
) {
  const clock = new ManualClock();
  const retryInMs = patience.delayMs(error, { attempt: 9, random });
  let overMs = -1;
  const wait = patience.wait({ error, retryInMs }, { clock, signal: new AbortController().signal });
  const done = wait.then(() => {
    overMs = clock.nowUs() / 1000;
  });
  for (let ms = 0; overMs < 0; ms += 100) {
    for (const [atMs, act] of meanwhile) if (atMs === ms) act();
    await clock.advance(100);
  }
  await done;
  return Math.round(overMs / 500) * 500;
}

describe("how long a device in trouble is left alone", () => {
  it("is half a minute at most while nobody watches, and five seconds while somebody does", async () => {
    const patience = new Patience();
    assert.equal(await waited(patience, refused), 30_000);
    patience.watched = true;
    assert.equal(await waited(patience, refused), 5000);
    patience.watched = false;
    assert.equal(await waited(patience, refused), 30_000);
  });

  it("is over when somebody comes to watch, but never within a second of the loss", async () => {
    const patience = new Patience();
    const come = () => {
      patience.watched = true;
    };
    assert.equal(await waited(patience, refused, [[12_000, come]]), 12_000);
    patience.watched = false;
    assert.equal(await waited(patience, refused, [[300, come]]), 1000);
  });

  it("is over for what only a person can mend when somebody wants it tried now, except for a refused password", async () => {
    const patience = new Patience();
    const hurry: [number, () => void][] = [[4000, () => patience.hurry()]];
    const gone = new FatalError("no such path", { code: "not-found" });
    const password = new FatalError("wrong password", { code: "wrong-password" });
    assert.equal(await waited(patience, gone, hurry), 4000);
    assert.equal(await waited(patience, password, hurry), 60_000);
  });
});
