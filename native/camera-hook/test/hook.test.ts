import { test } from "node:test";
import { runChecks } from "./checks.ts";

// Runs alone: times each call.

/** `test/soak/camera-hook.test.ts` times and fuzzes for longer. */
const short = { TIMING_CALLS: "1000", TIMING_RECONNECTS: "500", FUZZ_SECONDS: "4" };

test("camera hook", { timeout: 600_000 }, (t) => runChecks(t, short));
