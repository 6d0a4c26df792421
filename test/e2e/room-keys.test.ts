/**
 * What the hub says to all stations at once, by multicast, where each of them asks for its signature: our two stations, let in by
 * tokens, one behind a network that loses a fifth of it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, it } from "node:test";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { newStationToken } from "../../src/endpoints/room-station/enrol.ts";
import { senderOfCard, stationIdOf } from "../../src/protocols/room/station-id.ts";
import { within } from "../within.ts";
import { endInterface, openRoomNet, type RoomEnd } from "./room-net.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";
import type { Asked, RoomsState } from "./rooms-hub.ts";

// Runs quietly: counts what is heard.

const folder = mkdtempSync(join(tmpdir(), "doorward-room-keys-"));
const slots = 150;
const [native, ours] = stationPrograms as [(typeof stationPrograms)[0], (typeof stationPrograms)[0]];

before(async () => {
  writeFileSync(join(folder, "said.wav"), wavOfTones(slotTones(slots)));
  await buildNativeStation();
});
after(() => rmSync(folder, { recursive: true }));

it("an emergency to all is signed for all, heard as one by both stations, and sent to the lossy one alone as well", async (t) => {
  await using net = await openRoomNet([{}, {}, { loses: 20 }]);
  const [hubEnd, nativeEnd, oursEnd] = net.ends as [RoomEnd, RoomEnd, RoomEnd];
  await using hub = await startHub(hubEnd);
  const mac = "020000000a0b";
  const id = stationIdOf(senderOfCard(Buffer.from(mac, "hex")));
  const token = newStationToken();
  const deviceId = id.replace("_", "-");
  await hub.ask({ ask: "letIn", id: deviceId, token, address: nativeEnd.address });
  await done(["ip", ...nativeEnd.through.slice(1), "ip", "link", "set", endInterface, "address", "02:00:00:00:0a:0b"]);
  const { url } = await hub.state();
  const hears = (name: string) => ["--name", name, "--volume", "0", "--out", join(folder, `${name}.wav`)];
  const common = ["--interface", endInterface];
  const broker = ["--mqtt", hubEnd.address, "--user", deviceId];
  const key = createHash("sha256").update(token).digest("hex");
  await using hall = startStation(native, [...common, ...broker, ...hears("Hall")], {
    ...nativeEnd,
    env: { ROOM_KEY: key, ROOM_MQTT_PASSWORD: token },
  });
  const at = new URL(url);
  at.hostname = hubEnd.address;
  const asks = ["--hub", at.href, "--state", join(folder, "attic.json")];
  await using attic = startStation(ours, [...common, ...asks, ...hears("Attic")], oursEnd);
  await hub.until(({ stations }) => stations.filter(({ phase }) => phase === "live").length === 2);
  // Both have the key as soon as they say so, which takes a message there and back.
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(await hub.ask({ ask: "say", wav: join(folder, "said.wav"), priority: 2 }), {
    states: ["granted", "released"],
  });
  await hub.until(({ stations }) => stations.some(({ delivery }) => delivery?.unicast === true), 5000);
  const { stations, metrics } = await hub.state();
  const hallIs = stations.find((one) => one.id === deviceId)?.delivery;
  const atticIs = stations.find((one) => one.id !== deviceId)?.delivery;
  t.diagnostic(`lost: Attic ${atticIs?.loss}, Hall ${hallIs?.loss}`);
  assert.deepEqual(hallIs, { loss: 0, unicast: false });
  assert.ok(atticIs?.unicast && atticIs.loss > 0.1, `${atticIs?.loss} was lost`);
  assert.match(metrics, /doorward_room_stations\{what="lossy"\} 1\n/);
  assert.match(metrics, /doorward_room_sent_total\{what="talks"\} 1\n/, "it was sent once, to both");
  for (const station of [hall, attic]) station.process.kill("SIGTERM");
  const reports = { hall: await within("Hall ends", hall.report), attic: await within("Attic ends", attic.report) };
  t.diagnostic(JSON.stringify(reports));
  const heard = (name: string) => heardOf(slotTones(slots), tonesOfWav(readFileSync(join(folder, `${name}.wav`))));
  // At a volume of 0 nothing but an emergency is heard.
  const found = { hall: heard("Hall"), attic: heard("Attic") };
  t.diagnostic(JSON.stringify(found));
  assert.ok(found.hall >= slots - 1, `Hall heard ${found.hall} of ${slots}`);
  assert.ok(found.attic >= slots * 0.7, `Attic heard ${found.attic} of ${slots}`);
  assert.ok(reports.hall.ignored <= 15, "the silence before the words alone");
});

async function done([command = "", ...args]: readonly string[]): Promise<void> {
  const [code] = await once(spawn(command, args, { stdio: "inherit" }), "exit");
  assert.equal(code, 0, args.join(" "));
}

/** The hub, in its end of the network. */
async function startHub({ through, address }: RoomEnd) {
  const home = mkdtempSync(join(folder, "hub-"));
  const rooms = `room: { interfaces: [${endInterface}], webPort: 0 }\nmqtt: { host: ${address} }\n`;
  writeFileSync(join(home, "doorward.yaml"), `enrolment: open\nhttp: { host: [127.0.0.1, "${address}"] }\n${rooms}`);
  const [command = "", ...args] = [...through, process.execPath, join(import.meta.dirname, "rooms-hub.ts"), home];
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { value, done: over } = await within("the hub answers", lines.next(), 20_000);
    if (over) throw new Error("the hub ended");
    return JSON.parse(value);
  };
  const ask = (asked: Asked) => {
    child.stdin.write(`${JSON.stringify(asked)}\n`);
    return answer();
  };
  const state = async () => (await ask({ ask: "state" })) as RoomsState;
  await answer();
  return {
    ask,
    state,
    until: async (look: (state: RoomsState) => boolean, ms = 10_000) => {
      for (let left = ms; left > 0; left -= 50) {
        if (look(await state())) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.fail(`never came true: ${look}; ${JSON.stringify(await state())}`);
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
