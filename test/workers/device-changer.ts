import { z } from "zod";
import type { Driver } from "../../src/device/driver.ts";
import { ConfigFile } from "../../src/hub/config-file.ts";
import { deviceBook } from "../../src/hub/device-book.ts";
import { deviceInputs, devicesConfig, streamsConfig } from "../../src/hub/device-input.ts";
import { Registry } from "../../src/hub/registry.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";

/** Changes devices of the file named on the command line without end, many at once, and says each that was acknowledged. */
const [path = "", seed = "0"] = process.argv.slice(2);
const schema = z.strictObject({ devices: devicesConfig, streams: streamsConfig });
const driver: Driver = {
  kind: "fake",
  summary: "",
  config: z.looseObject({}),
  claims: () => 1,
  run: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
};
const file = new ConfigFile({ path, schema, clock: systemClock });
const registry = new Registry({
  drivers: [driver],
  clock: systemClock,
  log: silentLog,
  book: deviceBook(file),
  seal: (text) => text,
  unseal: (text) => text,
});
const config = await file.read();
if (config) await registry.apply(deviceInputs(config));
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ ready: true });

let count = 0;
async function change(): Promise<void> {
  const number = count++;
  const id = `d-${seed}-${number}`;
  await registry.add({ id, name: `Device ${id}`, address: `fake://${id}/`, volume: 1.5 });
  say({ id, volume: 1.5 });
  await registry.update(id, { volume: 2.5 });
  say({ id, volume: 2.5 });
  if (number % 3 !== 0) return;
  say({ id, leaving: true });
  await registry.remove(id);
  say({ id, volume: null });
}
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (count < 500) await change();
  }),
);
