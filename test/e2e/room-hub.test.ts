import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { connectAsync } from "mqtt";
import { heardOf, slotTones, tonesOfWav, wavOfTones } from "../../native/room-station/test/tones.ts";
import { freePort } from "../free-port.ts";
import { within } from "../within.ts";
import { startLines } from "./child-lines.ts";
import { startHubProcess } from "./hub-process.ts";
import { endInterface, openRoomNet } from "./room-net.ts";
import { buildNativeStation, startStation, stationPrograms } from "./room-programs.ts";

// Runs quietly: counts every slot of sound, and measures how soon stations are back.

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "doorward-rooms-"));
const slots = 500;
const said = slotTones(slots);
const [native, ours] = stationPrograms as [(typeof stationPrograms)[0], (typeof stationPrograms)[0]];

before(async () => {
  writeFileSync(join(folder, "in.wav"), wavOfTones(said));
  await buildNativeStation();
});
after(() => rmSync(folder, { recursive: true }));

for (const [at, talker] of [native, ours].entries()) {
  it(`when ${talker.name} is killed in mid-talk the floor is free after 500 ms`, async (t) => {
    const [port, brokerPort] = [15_880 + at, await freePort()];
    const rooms = `room: { interfaces: [lo], port: ${port}, webPort: 0 }`;
    const config = `enrolment: open\n${rooms}\nmqtt: { port: ${brokerPort} }\n`;
    await using _hub = await startHubProcess({ folder: join(folder, `hub-${at}`), config });
    const mqtt = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { protocolVersion: 4, reconnectPeriod: 0 });
    await using _mqtt = { [Symbol.asyncDispose]: () => mqtt.endAsync(true) };
    const common = ["--interface", "lo", "--port", `${port}`, "--mqtt", `127.0.0.1:${brokerPort}`];
    const env = { XDG_STATE_HOME: join(folder, `state-${at}`) };
    await using office = startStation(ours, [...common, "--name", "Office"], { env });
    await within("the listener is at the broker", office.says(/the broker is there/));
    const states = stateWatch(mqtt);
    await mqtt.subscribeAsync("intercom/+/state");
    const talk = ["--in", join(folder, "in.wav"), "--talk-at", "700", "--talk-for", "9000"];
    await using kitchen = startStation(talker, [...common, "--name", "Kitchen", ...talk], { env });
    await within("the listener hears", states('{"state":"receiving"}'));
    await new Promise((resolve) => setTimeout(resolve, 600));
    const freed = states('{"state":"idle"}');
    const killedMs = performance.now();
    kitchen.process.kill("SIGKILL");
    await within("the floor is free", freed);
    const tookMs = performance.now() - killedMs;
    t.diagnostic(`free after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs > 400 && tookMs < 700, `the floor was free after ${tookMs} ms`);
  });
}

it("stations go on talking to each other while the hub is killed and starts again, and then it is back", async (t) => {
  await using net = await openRoomNet([{}, { bad: true }, {}]);
  const [hubEnd, hallEnd, kitchenEnd] = net.ends.map(({ through }) => ({ through }));
  const home = mkdtempSync(join(folder, "hub-"));
  const rooms = `room: { interfaces: [${endInterface}] }`;
  writeFileSync(join(home, "doorward.yaml"), `enrolment: open\n${rooms}\nmqtt: { host: 0.0.0.0 }\n`);
  await using stack = new AsyncDisposableStack();
  const inHub = (command: readonly string[]) => stack.use(startLines([...(hubEnd?.through ?? []), ...command], home));
  const startHub = async () => {
    const hub = inHub([process.execPath, join(root, "bin", "doorward.js"), "hub", "--json"]);
    await within("the hub listens", hub.line(/"httpUrl"/));
    return hub;
  };
  const first = await startHub();
  const common = ["--interface", endInterface, "--mqtt", net.ends[0]?.address ?? "", "--volume", "100"];
  const sound = ["--in", join(folder, "in.wav")];
  const out = join(folder, "kitchen.wav");
  const kitchenArgs = ["--name", "Kitchen", ...sound, "--out", out, "--talk-at", "19000", "--talk-for", "2320"];
  const env = { XDG_STATE_HOME: join(folder, "state-net") };
  await using kitchen = startStation(ours, [...common, ...kitchenArgs, "--run-for", "22500"], { ...kitchenEnd, env });
  await within("the listener is at the broker", kitchen.says(/the broker is there/));
  const hallArgs = ["--name", "Hall", ...sound, "--talk-at", "500", "--talk-for", "10320", "--run-for", "22000"];
  await using hall = startStation(native, [...common, ...hallArgs], hallEnd);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  await first.kill();
  await startHub();
  await within(
    "the station is back at the broker",
    kitchen.says(/the broker: .*\n(.*\n)*.*the broker is there/),
    40_000,
  );
  const web = inHub(["python3", join(root, "test", "peers", "room-station.py"), "web", "Tablet", "20"]);
  const { repaired, duplicate } = await within("the listener ends", kitchen.report, 60_000);
  await within("the talker ends", hall.report, 60_000);
  const heard = tonesOfWav(readFileSync(out));
  const found = heardOf(said, heard);
  const { sizes } = JSON.parse(await within("the web client ends", web.line(/"sizes"/), 60_000)) as {
    readonly sizes: Readonly<Record<string, number>>;
  };
  t.diagnostic(
    `${found} of ${slots} slots heard, ${repaired} repaired, ${duplicate} copies; ${sizes["641"]} of 100 by the hub`,
  );
  assert.ok(found >= slots * 0.99, `${found} of ${slots} slots were heard`);
  assert.ok(heard.filter((tone) => tone !== undefined).length <= slots + 6, "none was heard twice");
  assert.ok((sizes["641"] ?? 0) >= 99, `${sizes["641"]} of 100 frames came by the hub that is back`);
});

/** Resolves when one of the stations says this of what it does. */
function stateWatch(mqtt: Awaited<ReturnType<typeof connectAsync>>): (state: string) => Promise<void> {
  return (state) =>
    new Promise((resolve) => {
      const look = (_topic: string, payload: Buffer, { retain }: { readonly retain: boolean }) => {
        if (retain || payload.toString() !== state) return;
        mqtt.off("message", look);
        resolve();
      };
      mqtt.on("message", look);
    });
}
