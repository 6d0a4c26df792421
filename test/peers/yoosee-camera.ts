/** A scripted Yoosee camera as a program: prints its port, then at SIGTERM what its ear noticed, and ends. */
import { startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";

const [host = "127.0.0.1"] = process.argv.slice(2);
const fake = await startFakeYoosee({ host, capacityMs: 10_000 });
process.stdout.write(`${JSON.stringify({ port: fake.port })}\n`);
process.once("SIGTERM", () => {
  const { counters, firstSoundUs } = fake.playout;
  process.stdout.write(`${JSON.stringify({ ...counters, ...fake.counters, firstSoundUs })}\n`, () => process.exit(0));
});
