import assert from "node:assert/strict";
import { test } from "node:test";
import { sweepGarbage } from "./soak/sweep.ts";

test("damage at random places of ten dialogues: the stream goes on within one group of pictures", async () => {
  const { runs, ours, ffmpeg, both, worse } = await sweepGarbage({ runs: 40, seed: 5, beside: true });
  assert.ok(ours >= runs * 0.97, `${ours} of ${runs} went on`);
  assert.ok(both >= ffmpeg * 0.97, `${both} of the ${ffmpeg} that ffmpeg survived:\n${worse.join("\n")}`);
});
