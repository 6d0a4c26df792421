import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { KeyFrameAsker } from "./key-frame-asker.ts";

function scene({ byRtcp }: { readonly byRtcp: boolean }) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const asker = new KeyFrameAsker({
    clock,
    ask: () => {
      if (byRtcp) asked.push(`rtcp ${clock.nowUs() / 1000}`);
      return byRtcp;
    },
    askElsewhere: () => asked.push(`elsewhere ${clock.nowUs() / 1000}`),
  });
  return { clock, asked, asker };
}

describe("asking a camera for a key frame", () => {
  it("is done at once, and ever more seldom where none comes of it", async () => {
    const { clock, asked, asker } = scene({ byRtcp: true });
    for (let n = 0; n < 300; n++) {
      asker.want();
      await clock.advance(100);
    }
    assert.deepEqual(asked, ["rtcp 0", "rtcp 1000", "rtcp 3000", "rtcp 7000", "rtcp 15000"]);
  });

  it("is done once a second at most where one comes each time", async () => {
    const { clock, asked, asker } = scene({ byRtcp: true });
    for (let n = 0; n < 30; n++) {
      asker.want();
      asker.came();
      await clock.advance(100);
    }
    assert.deepEqual(asked, ["rtcp 0", "rtcp 1000", "rtcp 2000"]);
  });

  it("takes the way that costs a request only when none comes by itself", async () => {
    const { clock, asked, asker } = scene({ byRtcp: false });
    asker.want();
    await clock.advance(400);
    asker.came();
    await clock.advance(2000);
    assert.deepEqual(asked, []);
    asker.want();
    await clock.advance(600);
    assert.deepEqual(asked, ["elsewhere 2900"]);
  });

  it("ends with the stream", async () => {
    const { clock, asked, asker } = scene({ byRtcp: false });
    asker.want();
    asker[Symbol.dispose]();
    await clock.advance(5000);
    assert.deepEqual(asked, []);
    assert.equal(clock.pending, 0);
  });

  it("asks nothing for who still wants one after the stream", async () => {
    for (const byRtcp of [true, false]) {
      const { clock, asked, asker } = scene({ byRtcp });
      asker[Symbol.dispose]();
      asker.want();
      assert.equal(clock.pending, 0);
      assert.deepEqual(asked, []);
    }
  });
});
