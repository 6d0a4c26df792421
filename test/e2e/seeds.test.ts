import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { createOpusEncoder } from "../../src/codecs/opus/index.ts";
import { within } from "../within.ts";
import { startLines } from "./child-lines.ts";
import { openRoomNet } from "./room-net.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";

// Runs quietly: counts what is heard.

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "doorward-seeds-"));
after(() => rmSync(folder, { recursive: true }));
const slots = 100;
const said = slotTones(slots);

it("examples/seeds.yaml and nothing else: stations and a web client with their own defaults hear each other", async (t) => {
  await buildNativeStation();
  await using net = await openRoomNet([{}]);
  const through = net.ends[0]?.through ?? [];
  const sound = wavOfTones(said);
  writeFileSync(join(folder, "in.wav"), sound);
  writeFileSync(join(folder, "words.opus"), await packetsOf(sound.subarray(44)));
  copyFileSync(join(root, "examples", "seeds.yaml"), join(folder, "doorward.yaml"));
  const python = ["python3", join(root, "test", "peers", "room-station.py")];
  await using stack = new AsyncDisposableStack();
  const run = (command: readonly string[]) => stack.use(startLines([...through, ...command], folder));
  const hub = run([process.execPath, join(root, "bin", "doorward.js"), "hub", "--json"]);
  await within("the hub listens", hub.line(/"httpUrl"/));
  const web = run([...python, "web", "Tablet", "13"]);
  await within("the web client is there", web.line(/ready/));
  const attic = run([...python, "station", "Attic", join(folder, "words.opus"), "12", "1.5"]);
  const out = join(folder, "out.wav");
  const [native] = stationPrograms;
  assert.ok(native);
  const sounds = ["--in", join(folder, "in.wav"), "--out", out, "--volume", "100"];
  const talk = ["--talk-at", "6000", "--talk-for", "2320", "--run-for", "10500"];
  await using hall = startStation(native, ["--name", "Hall", "--interface", "lo", ...sounds, ...talk], { through });
  const report = await within("the station in C ends", hall.report, 40_000);
  const heardAtWeb = JSON.parse(await within("the web client ends", web.line(/"sizes"/))) as {
    readonly sizes: Readonly<Record<string, number>>;
    readonly kinds: readonly string[];
  };
  const heardInAttic = JSON.parse(await within("the station in Python ends", attic.line(/"heard"/))) as {
    readonly sent: number;
    readonly heard: Readonly<Record<string, number>>;
  };
  t.diagnostic(JSON.stringify({ heardAtWeb, heardInAttic, report }));
  const found = heardOf(said, tonesOfWav(readFileSync(out)));
  assert.ok(found >= slots - 1, `the station in C hears the one in Python: ${found} of ${slots} slots`);
  const words = Math.max(0, ...Object.values(heardInAttic.heard));
  assert.ok(words >= slots, `the station in Python hears the one in C: ${words} of ${slots} words`);
  assert.deepEqual(Object.keys(heardAtWeb.sizes), ["641"]);
  assert.ok((heardAtWeb.sizes["641"] ?? 0) >= 2 * slots - 4, `the web client hears both: ${heardAtWeb.sizes["641"]}`);
  assert.ok(heardAtWeb.kinds.includes("init") && heardAtWeb.kinds.includes("targets"));
});

/** Opus packets, each behind its length. */
async function packetsOf(pcm: Uint8Array): Promise<Buffer> {
  using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1, packetLossPercent: 10 });
  const parts: Buffer[] = [];
  for (let at = 0; at < pcm.length; at += 640) {
    const opus = encoder.encode(pcm.subarray(at, at + 640));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(opus.length);
    parts.push(length, Buffer.from(opus));
  }
  return Buffer.concat(parts);
}
