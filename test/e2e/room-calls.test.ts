import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { within } from "../within.ts";
import { startLines } from "./child-lines.ts";
import { endInterface, openRoomNet } from "./room-net.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";

// Runs quietly: counts every slot of sound.

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
  const body = Buffer.concat([quiet, sound, Buffer.alloc(2000 * 640)]);
  const head = wavOfTones(Array.from({ length: body.length / 640 }, () => 0)).subarray(0, 44);
  return Buffer.concat([head, body]);
}

/** Resolves when so many of the words were played by a station whose output is ours: how many. */
async function hears(station: ChildProcess, said: readonly number[]): Promise<number> {
  const wanted = 21;
  const head = wavOfTones([]);
  let played = Buffer.alloc(0);
  let found = 0;
  let looked = 0;
  await within(
    () => `${wanted} of ${said.length} slots are heard, but ${found}`,
    new Promise<void>((resolve, reject) => {
      station.once("exit", () => reject(new Error(`the station ended after ${found} slots`)));
      station.stdout?.on("data", (samples: Buffer) => {
        played = Buffer.concat([played, samples]);
        if (played.length - looked < 25 * 640) return;
        looked = played.length;
        found = heardOf(said, tonesOfWav(Buffer.concat([head, played])));
        if (found >= wanted) resolve();
      });
    }),
    60_000,
  );
  return found;
}

// Our program in TypeScript calls, the one in C answers.
it("room to room: one call, answered, heard both ways, hung up on both sides", { timeout: 120_000 }, async (t) => {
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
    ...["--in", join(folder, `${name}-in.wav`), "--out", "-"],
  ];
  const at = (end: typeof hubEnd, state: string) => ({
    through: end?.through ?? [],
    env: { XDG_STATE_HOME: join(folder, state) },
    piped: true,
  });
  await using office = startStation(native, [...options("office"), "--answer-after", "200"], at(officeEnd, "office"));
  const calls = ["--target", "office", "--call-at", "2500", "--button", "key"];
  await using kitchen = startStation(ours, [...options("kitchen"), ...calls], at(kitchenEnd, "kitchen"));
  const heard = Promise.all([hears(office.process, words.kitchen), hears(kitchen.process, words.office)]);
  heard.catch(() => {}); // What comes before it fails first.
  await within("it rings", office.says(/is called by kitchen/));
  const rangMs = performance.now();
  const both = [office.says(/in a call with kitchen/), kitchen.says(/in a call with office/)];
  await within("both are in it", Promise.all(both));
  t.diagnostic(`answered after ${Math.round(performance.now() - rangMs)} ms`);
  const [atOffice, atKitchen] = await heard;
  t.diagnostic(`${atOffice} and ${atKitchen} of 25 slots heard`);
  kitchen.process.stdin?.write(" ");
  await within("the caller is out of it", kitchen.says(/no call any more: ended/));
  const endedMs = performance.now();
  await within("the other is", office.says(/no call any more/));
  assert.ok(performance.now() - endedMs < 1000, "both are silent within a second");
  for (const station of [office, kitchen]) station.process.kill("SIGTERM");
  await within("they end", Promise.all([kitchen.report, office.report]));
});
