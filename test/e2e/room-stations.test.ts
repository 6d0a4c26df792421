import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { createOpusDecoder } from "../../src/codecs/opus/index.ts";
import { wavHeader } from "../../src/endpoints/machine/wav.ts";
import { isRoomSilence } from "../../src/protocols/room/packet.ts";
import { joinRoom } from "../peers/room-peer.ts";
import { within } from "../within.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";

// Runs quietly: counts every slot of sound.

// The same scenes for both stations: what they say is heard by a peer on loopback, what they hear is what they recorded.

const folder = mkdtempSync(join(tmpdir(), "doorward-rooms-"));
const said = slotTones(60);
const [anna, ben, carl] = ["00000000000000a1", "00000000000000b2", "00000000000000c3"] as const;
/** What tones.ts calls these frequencies. */
const [low, middle, high] = [
  { hz: 400, tone: 0 },
  { hz: 1000, tone: 3 },
  { hz: 2000, tone: 6 },
];

before(async () => {
  writeFileSync(join(folder, "in.wav"), wavOfTones(said));
  await buildNativeStation();
});
after(() => rmSync(folder, { recursive: true }));

/** How many slots of a recording have this tone. */
const slotsOf = (heard: readonly (number | undefined)[], tone: number) => heard.filter((one) => one === tone).length;

for (const [at, program] of stationPrograms.entries()) {
  const port = (scene: number) => 15_700 + at * 20 + scene;
  // What one scene sets is kept for its own station alone.
  const how = (scene: number) => ({ env: { XDG_STATE_HOME: join(folder, `${at}-${scene}`) } });
  const common = (scene: number) => ["--name", "Kitchen", "--interface", "lo", "--port", `${port(scene)}`];
  const recorded = (name: string) => tonesOfWav(readFileSync(join(folder, `${at}-${name}.wav`)));
  const out = (name: string) => ["--out", join(folder, `${at}-${name}.wav`)];

  describe(program.name, { concurrency: true }, () => {
    it("says its words between 15 packets of silence and 10, under numbers without a gap", async () => {
      await using peer = await joinRoom(port(0));
      const talk = ["--in", join(folder, "in.wav"), "--priority", "1", "--talk-at", "300", "--talk-for", "1500"];
      await using station = startStation(program, [...common(0), ...talk, "--run-for", "2400"], how(0));
      const { sent } = await within("the station ends", station.report);
      const packets = peer.heard.map(({ packet }) => packet);
      assert.equal(packets.length, sent);
      const silent = packets.map((packet) => isRoomSilence(packet));
      // No word waits behind silence: on a busy machine a packet of it is left out.
      assert.ok(silent.indexOf(false) >= 13 && silent.indexOf(false) <= 15, `${silent.indexOf(false)} of 15`);
      // The codec rings for some packets behind the words.
      assert.ok(silent.slice(-6).every(Boolean));
      packets.forEach((packet, i) => {
        assert.equal(packet.sequence, ((packets[0]?.sequence ?? 0) + i) >>> 0);
        assert.equal(packet.priority, 1);
      });
      const heard = await tonesOfPackets(packets.map(({ opus }) => opus));
      assert.ok(heardOf(said, heard) >= 59, `${heardOf(said, heard)} of 60 slots`);
      const wholeMs = (peer.heard.at(-1)?.atMs ?? 0) - (peer.heard[0]?.atMs ?? 0);
      // A clock of its own would be off by more: a packet that arrives late, by less.
      assert.ok(Math.abs(wholeMs - (sent - 1) * 20) < 160, `${sent} packets took ${wholeMs} ms`);
    });

    it("says nothing to a room that is not there", async () => {
      await using peer = await joinRoom(port(1));
      const talk = ["--target", "Attic", "--talk-at", "300", "--talk-for", "500", "--run-for", "1300"];
      await using station = startStation(program, [...common(1), ...talk], how(1));
      await Promise.all([station.says(/Attic/), station.report]);
      assert.equal(peer.heard.length, 0);
    });

    it("hears the first talker alone, of four copies of each packet one, and an emergency over both", async () => {
      await using peer = await joinRoom(port(2));
      await using station = startStation(program, [...common(2), ...out("first"), "--run-for", "4600"], how(2));
      await within("the station runs", station.running);
      const first = peer.say({ sender: anna, hz: low.hz, frames: 100, copies: 4 });
      await wait(200);
      const second = peer.say({ sender: ben, hz: middle.hz, frames: 60 });
      await wait(1000);
      const emergency = peer.say({ sender: carl, hz: high.hz, frames: 50, priority: 2 });
      await Promise.all([first, second, emergency]);
      const { duplicate, ignored } = await within("the station ends", station.report);
      const heard = recorded("first");
      // Until the emergency, which begins by a timer of its own: on a busy machine the first has said less by then.
      assert.ok(slotsOf(heard, low.tone) >= 44 && slotsOf(heard, low.tone) <= 64, `${slotsOf(heard, low.tone)} of 60`);
      assert.ok(slotsOf(heard, middle.tone) <= 1, "nobody talks over anybody");
      assert.ok(slotsOf(heard, high.tone) >= 48 && slotsOf(heard, high.tone) <= 52, `${slotsOf(heard, high.tone)}`);
      assert.ok(duplicate >= 150, `${duplicate} copies`);
      assert.ok(ignored >= 60, `${ignored} packets of others`);
    });

    it("makes up for the time in which it was stopped with what came meanwhile, without a gap", async () => {
      await using peer = await joinRoom(port(5));
      await using station = startStation(program, [...common(5), ...out("stopped"), "--run-for", "3800"], how(5));
      await within("the station runs", station.running);
      const talk = peer.say({ sender: anna, hz: low.hz, frames: 90 });
      await wait(600);
      station.process.kill("SIGSTOP");
      await wait(160);
      station.process.kill("SIGCONT");
      await talk;
      await within("the station ends", station.report);
      const heard = recorded("stopped");
      const found = slotsOf(heard, low.tone);
      const silent = heard.lastIndexOf(low.tone) - heard.indexOf(low.tone) + 1 - found;
      assert.ok(found >= 88, `${found} of 90 slots`);
      assert.ok(silent <= 3, `${silent} slots of silence within the talk, of 8 in which it was stopped`);
    });

    it("plays an emergency in full though its volume is 0, and is silent again behind it", async () => {
      await using peer = await joinRoom(port(3));
      const args = [...common(3), "--volume", "0", ...out("loud"), "--run-for", "5200"];
      await using station = startStation(program, args, how(3));
      await within("the station runs", station.running);
      await peer.say({ sender: anna, hz: low.hz, frames: 25 });
      await wait(600);
      await peer.say({ sender: carl, hz: high.hz, frames: 40, priority: 2 });
      await wait(600);
      await peer.say({ sender: anna, hz: middle.hz, frames: 25, firstSequence: 100 });
      await within("the station ends", station.report);
      const heard = recorded("loud");
      assert.deepEqual([slotsOf(heard, low.tone), slotsOf(heard, middle.tone)], [0, 0]);
      assert.ok(slotsOf(heard, high.tone) >= 38, `${slotsOf(heard, high.tone)} of 40`);
    });

    it("is not interrupted by its equals, and silent at once when an emergency comes", async () => {
      await using peer = await joinRoom(port(4));
      const talk = ["--in", join(folder, "in.wav"), "--talk-at", "200", "--talk-for", "3000"];
      const args = [...common(4), ...out("cut"), ...talk, "--run-for", "3600"];
      await using station = startStation(program, args, how(4));
      await within("the words begin", peer.packets(20));
      await peer.say({ sender: anna, hz: low.hz, frames: 20 });
      const cutMs = performance.now();
      await peer.say({ sender: carl, hz: high.hz, frames: 40, priority: 2 });
      await within("the station ends", station.report);
      const words = peer.heard.filter(({ packet }) => !isRoomSilence(packet));
      const last = words.at(-1)?.atMs ?? 0;
      assert.ok(last > cutMs - 40, "it goes on over its equals");
      assert.ok(last < cutMs + 120, `it spoke for ${Math.round(last - cutMs)} ms into the emergency`);
      const heard = recorded("cut");
      assert.ok(slotsOf(heard, low.tone) <= 1, `${slotsOf(heard, low.tone)} slots were heard while it talked`);
      assert.ok(slotsOf(heard, high.tone) >= 36, `${slotsOf(heard, high.tone)} of 40`);
    });
  });
}

/** The stations' own time passes: each is a process with its own clock. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function tonesOfPackets(packets: readonly Uint8Array[]): Promise<(number | undefined)[]> {
  using decoder = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
  const sound = Buffer.concat(packets.map((packet) => decoder.decode(packet)));
  return tonesOfWav(Buffer.concat([wavHeader(sound.length), sound]));
}
