/** A scripted Yoosee camera as a program of its own, for bench/talk.ts: tells when each turn was first heard. */
import { startFakeYoosee } from "../src/drivers/yoosee/fake.ts";

/** What the camera's process says: its port once, then the wall-clock ms of each turn's first sound. */
export interface FromEar {
  readonly port?: number;
  readonly firstSoundMs?: number;
}

const fake = await startFakeYoosee();
const tell = (message: FromEar) => process.send?.(message);
tell({ port: fake.port });
let turns = 0;
for (;;) {
  const wanted = ++turns;
  await fake.waitFor(() => fake.closed >= wanted);
  const firstSoundUs = fake.playout.takeFirstSound();
  tell({ firstSoundMs: performance.timeOrigin + (firstSoundUs ?? Number.NaN) / 1000 });
}
