import assert from "node:assert/strict";
import { test } from "node:test";
import { sweepGarbage } from "./sweep.ts";

/** `SOAK_RUNS=500 npm run test:soak` for less than the 10,000 runs of the long form; `SOAK_SEED` for other damage. */
const runs = Number(process.env["SOAK_RUNS"] ?? 10_000);
const seed = Number(process.env["SOAK_SEED"] ?? 1);

test(`the stream goes on in 99 % of what ffmpeg survives, ${runs} runs`, { timeout: 7_200_000 }, async (t) => {
  const result = await sweepGarbage({ runs, seed, beside: true });
  const share = (part: number, of: number) => `${part} of ${of} (${((100 * part) / Math.max(1, of)).toFixed(2)} %)`;
  t.diagnostic(`went on within one group of pictures: ${share(result.ours, result.runs)}`);
  t.diagnostic(`ffmpeg gave the last picture: ${share(result.ffmpeg, result.runs)}`);
  t.diagnostic(`of those, ours went on: ${share(result.both, result.ffmpeg)}`);
  for (const line of result.worse.slice(0, 50)) t.diagnostic(line);
  assert.ok(result.both >= result.ffmpeg * 0.99);
});
