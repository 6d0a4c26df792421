import { test } from "node:test";
import { runChecks } from "./checks.ts";

// Runs alone: times each call.

/** `test/soak/camera-hook.test.ts` times for longer. */
const short = { TIMING_CALLS: "1000", TIMING_RECONNECTS: "500" };

test("camera hook: what it adds to a call", { timeout: 300_000 }, (t) => runChecks(t, "timing", short));
