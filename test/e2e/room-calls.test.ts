import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { within } from "../within.ts";
import { startLines } from "./child-lines.ts";
import { endInterface, openRoomNet } from "./room-net.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "doorward-room-calls-"));
before(() => buildNativeStation());
after(() => rmSync(folder, { recursive: true }));
const [native, ours] = stationPrograms as [(typeof stationPrograms)[0], (typeof stationPrograms)[0]];

/** Words of each, one after the other: a microphone is lowered while the others speak, and a while after. */
const words = { kitchen: slotTones(25), office: slotTones(50).slice(25) };
const pause = 30;

function wav(parts: { readonly quietSlots: number; readonly tones: readonly number[] }): Buffer {
  const sound = wavOfTones(parts.tones).subarray(44);
  const quiet = Buffer.alloc(parts.quietSlots * 640);
  const body = Buffer.concat([quiet, sound, Buffer.alloc(100 * 640)]);
  const head = wavOfTones(Array.from({ length: body.length / 640 }, () => 0)).subarray(0, 44);
  return Buffer.concat([head, body]);
}

// Our program in TypeScript calls, the one in C answers.
it("room to room: one call, answered, heard both ways, hung up on both sides", { timeout: 60_000 }, async (t) => {
  await using net = await openRoomNet([{}, {}, {}]);
  const [hubEnd, kitchenEnd, officeEnd] = net.ends;
  writeFileSync(join(folder, "kitchen-in.wav"), wav({ quietSlots: 3, tones: words.kitchen }));
  writeFileSync(join(folder, "office-in.wav"), wav({ quietSlots: 3 + 25 + pause, tones: words.office }));
  const rooms = `room: { interfaces: [${endInterface}], webPort: 0 }`;
  writeFileSync(join(folder, "doorward.yaml"), `enrolment: open\n${rooms}\nmqtt: { host: 0.0.0.0 }\n`);
  const command = [process.execPath, join(root, "bin", "doorward.js"), "hub", "--json"];
  await using hub = startLines([...(hubEnd?.through ?? []), ...command], folder);
  await within("the hub listens", hub.line(/"httpUrl"/));
  const options = (name: string) => [
    ...["--name", name, "--interface", endInterface, "--mqtt", hubEnd?.address ?? "", "--volume", "100"],
    ...["--in", join(folder, `${name}-in.wav`), "--out", join(folder, `${name}.wav`)],
  ];
  const at = (end: typeof hubEnd, state: string) => ({
    through: end?.through ?? [],
    env: { XDG_STATE_HOME: join(folder, state) },
  });
  const calls = ["--target", "office", "--call-at", "1500", "--hang-up-at", "4100", "--run-for", "4500"];
  const answers = ["--answer-after", "200", "--run-for", "9000"];
  await using office = startStation(native, [...options("office"), ...answers], at(officeEnd, "office"));
  await using kitchen = startStation(ours, [...options("kitchen"), ...calls], at(kitchenEnd, "kitchen"));
  await within("it rings", office.says(/is called by kitchen/));
  const rangMs = performance.now();
  const both = [office.says(/in a call with kitchen/), kitchen.says(/in a call with office/)];
  await within("both are in it", Promise.all(both));
  t.diagnostic(`answered after ${Math.round(performance.now() - rangMs)} ms`);
  await within("the caller is out of it", kitchen.says(/no call any more: ended/));
  const endedMs = performance.now();
  await within("the other is", office.says(/no call any more/));
  assert.ok(performance.now() - endedMs < 1000, "both are silent within a second");
  office.process.kill("SIGTERM");
  await within("they end", Promise.all([kitchen.report, office.report]));
  const heard = (where: string) => tonesOfWav(readFileSync(join(folder, `${where}.wav`)));
  const [atOffice, atKitchen] = [heardOf(words.kitchen, heard("office")), heardOf(words.office, heard("kitchen"))];
  t.diagnostic(`${atOffice} and ${atKitchen} of 25 slots heard`);
  assert.ok(atOffice >= 21 && atKitchen >= 21);
});
