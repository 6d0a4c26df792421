/** `npm run test:soak -- [runs] [seed]`: the long form of test/garbage.test.ts. */
import { sweepGarbage } from "./sweep.ts";

const [runs = "10000", seed = "1"] = process.argv.slice(2);
const result = await sweepGarbage({
  runs: Number(runs),
  seed: Number(seed),
  beside: true,
  onRun: (done) => done % 500 === 0 && process.stdout.write(`${done} runs\n`),
});
const share = (part: number, of: number) => `${part} of ${of} (${((100 * part) / Math.max(1, of)).toFixed(2)} %)`;
process.stdout.write(
  [
    `the stream went on within one group of pictures in ${share(result.ours, result.runs)}`,
    `ffmpeg gave the last picture in ${share(result.ffmpeg, result.runs)}`,
    `of those, ours went on in ${share(result.both, result.ffmpeg)}`,
    ...result.worse.slice(0, 50),
    "",
  ].join("\n"),
);
process.exitCode = result.both >= result.ffmpeg * 0.99 ? 0 : 1;
