import { test } from "node:test";
import { runChecks } from "../../native/camera-hook/test/checks.ts";

test("camera hook: 10,000 reconnects of a client, and a minute of fuzzing", { timeout: 900_000 }, (t) =>
  runChecks(t, "test", { FUZZ_SECONDS: "60" }),
);
