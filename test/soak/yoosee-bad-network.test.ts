import { test } from "node:test";
import { playsWithoutGap } from "../e2e/yoosee-bad-network.ts";

test("a minute of sound to a Yoosee camera: 60 ms jitter, 1 % loss, three stalls of 1.5 s", { timeout: 170_000 }, (t) =>
  playsWithoutGap(t, { lastsMs: 60_000, stallsAtMs: [24_000, 36_000, 48_000] }),
);
