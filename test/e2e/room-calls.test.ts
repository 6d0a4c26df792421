import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { within } from "../within.ts";
import { startLines } from "./child-lines.ts";
import { endInterface, openRoomNet } from "./room-net.ts";
import { startStation, stationPrograms } from "./room-programs.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "doorward-room-calls-"));
after(() => rmSync(folder, { recursive: true }));
const [, ours] = stationPrograms as [(typeof stationPrograms)[0], (typeof stationPrograms)[0]];

/** Words of each, one after the other: who speaks is not lowered by who speaks at the same time. */
const words = { kitchen: slotTones(30), office: slotTones(60).slice(30) };
const pause = 15;

function wav(parts: { readonly quietSlots: number; readonly tones: readonly number[] }): Buffer {
  const sound = wavOfTones(parts.tones).subarray(44);
  const quiet = Buffer.alloc(parts.quietSlots * 640);
  const body = Buffer.concat([quiet, sound, Buffer.alloc(100 * 640)]);
  const head = wavOfTones(Array.from({ length: body.length / 640 }, () => 0)).subarray(0, 44);
  return Buffer.concat([head, body]);
}

it("room to room: one call, answered, heard both ways, hung up on both sides", { timeout: 60_000 }, async (t) => {
  await using net = await openRoomNet([{}, {}, {}]);
  const [hubEnd, kitchenEnd, officeEnd] = net.ends;
  writeFileSync(join(folder, "kitchen-in.wav"), wav({ quietSlots: 10, tones: words.kitchen }));
  writeFileSync(join(folder, "office-in.wav"), wav({ quietSlots: 10 + 30 + pause, tones: words.office }));
  const rooms = `room: { interfaces: [${endInterface}], webPort: 0 }`;
  writeFileSync(join(folder, "doorward.yaml"), `enrolment: open\n${rooms}\nmqtt: { host: 0.0.0.0 }\n`);
  const command = [process.execPath, join(root, "bin", "doorward.js"), "hub", "--json"];
  await using hub = startLines([...(hubEnd?.through ?? []), ...command], folder);
  await within("the hub listens", hub.line(/"httpUrl"/));
  const station = (name: "kitchen" | "office", args: readonly string[]) => {
    const { through = [] } = (name === "kitchen" ? kitchenEnd : officeEnd) ?? {};
    const sound = ["--in", join(folder, `${name}-in.wav`), "--out", join(folder, `${name}.wav`)];
    const place = ["--interface", endInterface, "--mqtt", hubEnd?.address ?? "", "--volume", "100"];
    const env = { XDG_STATE_HOME: join(folder, name) };
    return startStation(ours, ["--name", name, ...place, ...sound, ...args], { through, env });
  };
  await using office = station("office", ["--answer-after", "300"]);
  await using kitchen = station("kitchen", [
    "--target",
    "office",
    "--call-at",
    "1500",
    "--hang-up-at",
    "4000",
    "--run-for",
    "4600",
  ]);
  await within("it rings", office.says(/kitchen calls/));
  const rangMs = performance.now();
  await within(
    "both are in it",
    Promise.all([office.says(/in a call with kitchen/), kitchen.says(/in a call with office/)]),
  );
  t.diagnostic(`answered after ${Math.round(performance.now() - rangMs)} ms`);
  await within("the caller hangs up", kitchen.says(/no call any more/));
  const endedMs = performance.now();
  await within(
    "both are out of it",
    Promise.all([office.says(/no call any more: ended/), kitchen.says(/no call any more/)]),
  );
  assert.ok(performance.now() - endedMs < 1000, "both are silent within a second");
  office.process.kill("SIGTERM");
  await within("they end", Promise.all([kitchen.report, office.report]));
  const heard = (where: "kitchen" | "office") => tonesOfWav(readFileSync(join(folder, `${where}.wav`)));
  const [atOffice, atKitchen] = [heardOf(words.kitchen, heard("office")), heardOf(words.office, heard("kitchen"))];
  t.diagnostic(`${atOffice} and ${atKitchen} of 30 slots heard`);
  assert.ok(atOffice >= 26 && atKitchen >= 26);
});
