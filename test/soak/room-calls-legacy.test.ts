import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { createOpusEncoder } from "../../src/codecs/opus/index.ts";
import { bytesOf } from "../../src/codecs/pcm/index.ts";
import { startLines } from "../e2e/child-lines.ts";
import { endInterface, openRoomNet } from "../e2e/room-net.ts";
import { within } from "../within.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "doorward-legacy-calls-"));
const words = join(folder, "words.opus");
after(() => rmSync(folder, { recursive: true }));

before(async () => {
  using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1, application: "voip" });
  const packets = Array.from({ length: 50 }, (_, n) => {
    const block = Int16Array.from({ length: 320 }, (_, i) => 9000 * Math.sin((n * 320 + i) / 7));
    const opus = encoder.encode(bytesOf(block));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(opus.length);
    return Buffer.concat([length, opus]);
  });
  writeFileSync(words, Buffer.concat(packets));
});

/** What a station tells at its end. */
interface Told {
  readonly sent: number;
  readonly rings: number;
  /** Seconds since its start at which a word came. */
  readonly heard: readonly number[];
  readonly missed: number;
  /** Seconds for which it wanted to talk and heard somebody. */
  readonly waited: number;
}

it("two stations of the original in a call: rung, answered by talking, heard in turn, hung up by the button", {
  timeout: 90_000,
}, async (t) => {
  await using net = await openRoomNet([{}, {}, {}]);
  const [hubEnd, ...ends] = net.ends;
  const rooms = `room: { interfaces: [${endInterface}], webPort: 0 }`;
  writeFileSync(join(folder, "doorward.yaml"), `enrolment: open\n${rooms}\nmqtt: { host: 0.0.0.0 }\n`);
  const command = [process.execPath, join(root, "bin", "doorward.js"), "hub", "--json"];
  await using hub = startLines([...(hubEnd?.through ?? []), ...command], folder);
  await within("the hub listens", hub.line(/"httpUrl"/));
  await using stack = new AsyncDisposableStack();
  const start = (at: number, name: string, script: readonly string[]) => {
    const end = ends[at];
    const own = [hubEnd?.address ?? "", end?.address ?? "", name, words, "14"];
    const python = ["python3", join(root, "test", "peers", "legacy-room.py"), ...own, ...script];
    const lines = stack.use(startLines([...(end?.through ?? []), ...python], folder));
    return async () => JSON.parse(await within(`${name} ends`, lines.line(/"sent"/), 40_000)) as Told;
  };
  // It rings with a chime; who is rung talks in a pause of it. What is said after the call reaches nobody.
  const office = start(0, "Office", ["answer@0.5:1.5", "talk@12.5:0.8"]);
  const kitchen = start(1, "Kitchen", ["call@1.5:Office", "talk@8.5:1.5", "call@11.3:Office"]);
  const [atOffice, atKitchen] = [await office(), await kitchen()];
  t.diagnostic(`office: ${JSON.stringify({ ...atOffice, heard: atOffice.heard.length })}`);
  t.diagnostic(`kitchen: ${JSON.stringify({ ...atKitchen, heard: atKitchen.heard.length })}`);
  const between = (told: Told, from: number, to: number) => told.heard.filter((s) => s >= from && s < to).length;
  assert.ok(atOffice.rings >= 1);
  assert.ok(between(atKitchen, 0, 8.4) >= 65, "the answer is heard where it was called from");
  assert.ok(between(atOffice, 8.4, 11.3) >= 65, "and what is said there, in the other");
  assert.ok(atKitchen.waited < 0.1, "its floor is free when the other is silent");
  assert.equal(between(atKitchen, 12.2, 14), 0, "after the call nobody hears the other");
});
