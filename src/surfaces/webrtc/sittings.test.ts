import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { Sittings } from "./sittings.ts";
import { wantsSound } from "./viewings.ts";

describe("who watches, in the history", () => {
  it("is told once for a sitting, however often they come back to the tab", async () => {
    const clock = new ManualClock();
    const sittings = new Sittings(clock);
    const come = (key: string) => {
      using sitting = sittings.begin(key);
      return sitting.first;
    };
    assert.deepEqual([come("anna garden view"), come("anna garden view")], [true, false]);
    assert.ok(come("anna garden listen"), "to listen is something else");
    await clock.advance(29 * 60_000);
    assert.ok(!come("anna garden view"));
    await clock.advance(31 * 60_000);
    assert.ok(come("anna garden view"));
  });

  it("is the same sitting for as long as it goes on", async () => {
    const clock = new ManualClock();
    const sittings = new Sittings(clock);
    using _evening = sittings.begin("anna garden view");
    await clock.advance(10 * 3_600_000);
    using again = sittings.begin("anna garden view");
    assert.ok(!again.first);
  });
});

describe("an offer", () => {
  const offer = (...audio: string[]) => ["v=0", "m=video 9 X 96", "a=recvonly", ...audio, ""].join("\r\n");

  it("asks for sound only where it would take some", () => {
    assert.ok(!wantsSound(offer()));
    assert.ok(!wantsSound(offer("m=audio 9 X 111", "a=inactive")));
    assert.ok(!wantsSound(offer("m=audio 9 X 111", "a=sendonly")), "a microphone alone");
    assert.ok(wantsSound(offer("m=audio 9 X 111", "a=recvonly")));
    assert.ok(wantsSound(offer("m=audio 9 X 111")), "both ways, as is usual");
  });
});
