import assert from "node:assert/strict";
import { it } from "node:test";
import { createOpusDecoder, createOpusEncoder } from "../../src/codecs/opus/index.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { DoorPeer } from "../peers/door-peer.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";
import { share } from "./talk-peer.ts";
import { samplesOf } from "./talk-rig.ts";
import { weriftViewer } from "./webrtc-werift.ts";

// Runs quietly: measures when a talk path closes.

const doorPort = 23_501;
const pitches = { door: 440, anna: 700, ben: 1100 } as const;
type Who = keyof typeof pitches;

/** A second of a pitch, in pieces. */
function hum(toneHz: number, how: { readonly rateHz: number; readonly ms: number }): Int16Array[] {
  const { rateHz, ms } = how;
  const length = (rateHz * ms) / 1000;
  return Array.from({ length: 1000 / ms }, (_, n) =>
    Int16Array.from({ length }, (_, i) =>
      Math.round(7000 * Math.sin((2 * Math.PI * toneHz * (n * length + i)) / rateHz)),
    ),
  );
}

/** Somebody with a browser: connected to the call, humming while they are asked to, and what they heard. */
async function party(rig: HubRig, who: { readonly cookie: string; readonly call: string; readonly toneHz: number }) {
  await using held = new AsyncDisposableStack();
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1, application: "audio" });
  const packets = hum(who.toneHz, { rateHz: 48_000, ms: 20 }).map((block) =>
    encoder.encode(new Uint8Array(block.buffer)).slice(),
  );
  const decoder = held.use(await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 }));
  let heard: Int16Array[] = [];
  const viewer = held.use(
    await weriftViewer({
      setup: "active",
      onPacket: (kind, packet) => {
        if (kind === "audio" && packet.payload.length > 0) heard.push(samplesOf(decoder.decode(packet.payload)));
      },
    }),
  );
  const base = rig.running.httpUrl;
  const answer = await fetch(`${base}whep/calls/${who.call}`, {
    method: "POST",
    headers: { "content-type": "application/sdp", "x-doorward": "1", origin: base.slice(0, -1), cookie: who.cookie },
    body: viewer.offerSdp,
  });
  assert.equal(answer.status, 201, await answer.clone().text());
  await viewer.accept(await answer.text());
  await viewer.connected;
  let sequence = 0;
  const tick = every(systemClock, 19.8, () => {
    const payload = packets[sequence % packets.length] as Uint8Array;
    viewer.speak({ sequence: sequence & 0xffff, timestamp: sequence * 960, payload });
    sequence++;
  });
  held.use(tick);
  const owned = held.move();
  return {
    forget: () => {
      heard = [];
    },
    samples: () => Int16Array.from(heard.flatMap((piece) => [...piece])),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function act(rig: HubRig, as: { readonly cookie: string; readonly path: string }): Promise<Response> {
  const base = rig.running.httpUrl;
  const headers = { "x-doorward": "1", origin: base.slice(0, -1), cookie: as.cookie };
  return fetch(`${base}api/v1/calls/${as.path}`, { method: "POST", headers });
}

it("three in a call: each hears the other two and not itself; the door's talk path opens and closes with it", {
  timeout: 60_000,
}, async () => {
  await using rig = await startRig(
    `enrolment: open\ndoor: { port: ${doorPort}, host: 127.0.0.1 }\ncalls: { tellVisitor: false }\n`,
  );
  const { hub } = rig.running;
  const ben = await rig.person("Ben", ["view", "listen", "talk"]);
  await using door = await DoorPeer.station({ port: doorPort, clientId: "front-door" });
  await until("the door is there", async () => hub.devices.get("front-door")?.state.phase === "live");
  door.say({ type: "event", event: "ring", payload: {} });
  await until("it rings", async () => hub.calls.list().length === 1);
  const call = hub.calls.list()[0]?.id ?? "";
  await using first = await party(rig, { cookie: rig.cookie, call, toneHz: pitches.anna });
  const commands = () => door.all("command").map(({ command }) => command);
  assert.deepEqual(commands(), [], "looking opens nothing");
  assert.equal((await act(rig, { cookie: rig.cookie, path: `${call}/answer` })).status, 200);
  assert.equal((await act(rig, { cookie: ben, path: `${call}/join` })).status, 200);
  const start = await door.next({ type: "command", command: "start_audio" });
  const { stream_id: streamId } = start["payload"] as { readonly stream_id: string };
  let sequence = 0;
  const frames = hum(pitches.door, { rateHz: 16_000, ms: 40 });
  using _door = every(systemClock, 39.8, () => {
    const data = Buffer.from((frames[sequence % frames.length] as Int16Array).buffer).toString("base64");
    const sound = { encoding: "pcm_s16le", sample_rate: 16_000, channels: 1 };
    door.say({ type: "audio_frame", stream_id: streamId, sequence: sequence++, ...sound, data });
  });
  await using second = await party(rig, { cookie: ben, call, toneHz: pitches.ben });
  const atDoor = () =>
    samplesOf(Buffer.concat(door.all("audio_frame").map(({ data }) => Buffer.from(String(data), "base64"))));
  await until("they hear something", async () => second.samples().length > 24_000);
  first.forget();
  second.forget();
  const before = atDoor().length;
  await until(
    "they have heard enough",
    async () => second.samples().length > 72_000 && atDoor().length - before > 24_000,
  );
  const heard: readonly (readonly [Who, Int16Array, number])[] = [
    ["anna", first.samples(), 48_000],
    ["ben", second.samples(), 48_000],
    ["door", atDoor().slice(before), 16_000],
  ];
  for (const [who, samples, rateHz] of heard) {
    const shares = Object.entries(pitches).map(([name, toneHz]) => [name, share(samples, { toneHz, rateHz })] as const);
    for (const [name, part] of shares) {
      const said = `${who} hears of ${name}: ${part.toFixed(3)}`;
      // The door cancels no echo: its microphone is lowered while the others speak.
      if (name === who) assert.ok(part < 0.01, said);
      else if (name === "door") assert.ok(part > 0.002, said);
      else assert.ok(part > 0.3, said);
    }
  }
  assert.ok(hub.callTimes.histogram("answer_to_first_word").count === 1);
  const endedMs = performance.now();
  assert.equal((await act(rig, { cookie: ben, path: `${call}/end` })).status, 200);
  assert.equal((await act(rig, { cookie: rig.cookie, path: `${call}/end` })).status, 200);
  await door.next({ type: "command", command: "stop_audio" });
  assert.ok(performance.now() - endedMs < 1000, "closed within a second");
});
