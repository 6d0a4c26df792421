import { test } from "node:test";
import { runChecks } from "./checks.ts";

/** `test/soak/camera-hook.test.ts` fuzzes for longer. */
test("camera hook", { timeout: 600_000 }, (t) => runChecks(t, "untimed", { FUZZ_SECONDS: "4" }));
