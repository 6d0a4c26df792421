import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { within } from "../within.ts";
import { endInterface, openRoomNet } from "./room-net.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";

// Runs alone: counts every slot of sound.

// Two stations on a bridge that loses 5 % and sends each packet four times: what was said is what was recorded.

const folder = mkdtempSync(join(tmpdir(), "doorward-rooms-"));
const slots = 500;
const said = slotTones(slots);

before(async () => {
  writeFileSync(join(folder, "in.wav"), wavOfTones(said));
  await buildNativeStation();
});
after(() => rmSync(folder, { recursive: true }));

const [native, ours] = stationPrograms as [(typeof stationPrograms)[0], (typeof stationPrograms)[0]];

describe("a station over a bad network", { concurrency: true }, () => {
  for (const [at, { talker, listener }] of [
    { talker: native, listener: ours },
    { talker: ours, listener: native },
    { talker: ours, listener: ours },
  ].entries()) {
    it(`${talker.name} is heard by ${listener.name}: 99 % of the slots, none twice`, async (t) => {
      await using net = await openRoomNet([{ bad: true }, {}]);
      const [near, far] = net.ends;
      const out = join(folder, `out-${at}.wav`);
      const env = { XDG_STATE_HOME: join(folder, `state-${at}`) };
      const common = ["--interface", endInterface, "--volume", "100"];
      await using ear = startStation(listener, [...common, "--name", "Office", "--out", out, "--run-for", "15500"], {
        through: far?.through ?? [],
        env,
      });
      await within("the listener runs", ear.running);
      const talk = ["--in", join(folder, "in.wav"), "--talk-at", "800", "--talk-for", "10320", "--run-for", "12000"];
      await using mouth = startStation(talker, [...common, "--name", "Kitchen", ...talk], {
        through: near?.through ?? [],
        env,
      });
      const { sent } = await within("the talker ends", mouth.report, 40_000);
      const report = await within("the listener ends", ear.report, 40_000);
      const heard = tonesOfWav(readFileSync(out));
      const found = heardOf(said, heard);
      const sounding = heard.filter((tone) => tone !== undefined).length;
      t.diagnostic(`${found} of ${slots} slots heard, ${sounding} sound; ${JSON.stringify(report)}`);
      assert.ok(found >= slots * 0.99, `${found} of ${slots} slots were heard`);
      assert.ok(sounding <= slots + 6, `${sounding} slots sound, of ${slots} that were said`);
      assert.ok(report.duplicate > 2 * sent, `${report.duplicate} copies of ${sent} packets`);
    });
  }
});
