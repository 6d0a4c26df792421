import { describe, it } from "node:test";
import { playsWithoutGap } from "./yoosee-bad-network.ts";

// Runs quietly: looks for gaps in the sound.

describe("sound to a Yoosee camera over a bad network", () => {
  it("60 ms jitter, 1 % loss, a stall of 1.5 s: no gap is heard and no lead is over 2 s", { timeout: 90_000 }, (t) =>
    playsWithoutGap(t, { lastsMs: 26_000, stallsAtMs: [16_000] }),
  );
});
