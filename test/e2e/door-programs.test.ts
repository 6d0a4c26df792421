import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { promisify } from "node:util";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { configSchema } from "../../src/config.ts";
import { everything, type Rig, startRig } from "../web-rig.ts";
import { within } from "../within.ts";
import { type StationProgram, startStation } from "./room-programs.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "doorward-door-"));
after(() => rmSync(folder, { recursive: true }));

function portOf({ web }: Rig): string {
  return new URL(web.addresses.find((one) => one.startsWith("tcp:")) ?? "").port;
}

async function tokenOf({ identity, person }: Rig): Promise<string> {
  const anna = await person({ name: "Anna", administrator: true });
  return (await identity.credentials.makeToken(anna.id, { name: "programs", grants: [...everything] })).secret;
}

it("a client in Python, written from docs/door-protocol.md alone: registration, commands, errors, sound both ways", async (t) => {
  await using rig = await startRig({}, { enrolment: "open", door: { port: 0 } });
  // It answers by hand what a station is asked: the hub asks nothing of itself.
  rig.hub.follow(configSchema.parse({ devices: {}, calls: { tellVisitor: false } }));
  const program = join(root, "test", "peers", "door-client.py");
  const run = promisify(execFile)("python3", [program, portOf(rig), await tokenOf(rig)], { timeout: 60_000 });
  const told = JSON.parse((await run).stdout) as { readonly checked: number; readonly wrong: readonly unknown[] };
  t.diagnostic(JSON.stringify(told));
  assert.deepEqual(told.wrong, []);
  assert.ok(told.checked > 150, `${told.checked} checks`);
});

const program = (name: "door-station" | "ha-client"): StationProgram => ({
  name,
  command: [process.execPath, join(root, "bin", "doorward.js"), name, "--json"],
  ready: / is registered at /,
});

it("doorward door-station is let in with a token of its own, rings, speaks and hears; doorward ha-client opens it", async (t) => {
  const slots = 60;
  const said = { door: slotTones(slots), phone: slotTones(slots).reverse() };
  for (const [name, tones] of Object.entries(said)) writeFileSync(join(folder, `${name}.wav`), wavOfTones(tones));
  await using rig = await startRig({}, { door: { port: 0 } });
  const shared = ["--port", portOf(rig)];
  const at = (file: string) => join(folder, file);
  const files = (name: string) => ["--in", at(`${name}.wav`), "--out", at(`${name}-heard.wav`)];
  const own = ["--client-id", "front-door", "--state", at("state.json"), "--relay", "print", "--ring-at", "500"];
  await using station = startStation(program("door-station"), [...shared, ...own, ...files("door")]);
  await within("the station waits", station.says(/doorward enrol approve front-door/));
  await rig.hub.reception.approve("front-door", { by: "Anna" });
  const env = { DOORWARD_TOKEN: await tokenOf(rig) };
  const quiet = ["--client-id", "opener", "--sound", "none", "--command", "unlock"];
  await within("the station is let in", station.running);
  const wav = [...files("phone"), "--run-for", "2500"];
  await using client = startStation(program("ha-client"), [...shared, ...wav], { env });
  const heard = await within("the client ends", client.report);
  await using opener = startStation(program("ha-client"), [...shared, ...quiet], { env });
  await within("the door is opened", station.says(/opener opens the door for 3 s/));
  await opener.report;
  station.process.kill("SIGTERM");
  const counted = await within("the station ends", station.report);
  t.diagnostic(JSON.stringify({ heard, counted }));
  for (const [from, to] of [
    ["door", "phone"],
    ["phone", "door"],
  ] as const) {
    const found = heardOf(said[from], tonesOfWav(readFileSync(at(`${to}-heard.wav`))));
    assert.ok(found >= slots - 1, `${to} hears ${from}: ${found} of ${slots} slots`);
  }
});
