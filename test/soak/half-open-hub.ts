import { systemClock } from "../../src/util/clock.ts";
import { startRig } from "../web-rig.ts";

/**
 * A hub for the test of connections whose path is cut: listens for door stations, and writes a line for each change of the
 * stations that are there, with the time in seconds. `unlock` on its input gives each of them a command.
 */
await using rig = await startRig({}, { enrolment: "open", door: { host: "0.0.0.0", port: 8765 } });
const say = (line: object) => process.stdout.write(`${JSON.stringify({ at: systemClock.wallMs() / 1000, ...line })}\n`);
const phases = new Map<string, string>();
rig.hub.devices.onChange(({ id }) => {
  const device = rig.hub.devices.get(id);
  const phase = device?.state.phase ?? "removed";
  if (phases.get(id) === phase) return;
  phases.set(id, phase);
  say({ station: id, phase, connections: device?.attempts ?? 0 });
});
say({ listening: true });
for await (const _ of process.stdin) {
  for (const device of rig.hub.devices.list()) {
    device.command("unlock", {}).catch((error: unknown) => say({ command: String(error) }));
  }
}
