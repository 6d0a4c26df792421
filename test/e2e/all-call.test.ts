import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { it } from "node:test";
import { createOpusEncoder } from "../../src/codecs/opus/index.ts";
import { bytesOf } from "../../src/codecs/pcm/index.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import type { Hearing } from "../../src/hub/api.ts";
import { opusFormat } from "../../src/media/format.ts";
import { Track } from "../../src/media/track.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { startArrivingFake } from "../contracts/arriving-fake.ts";
import { clip } from "../rtsp.ts";
import { startRig, until } from "./hub-rig.ts";

// Runs alone: measures how soon everybody hears.

const presses = 12;
const atMostMs = 150;

/** A talker's microphone: Opus of a tone, from the press on. */
async function talker() {
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 2 });
  const samples = Int16Array.from({ length: 1920 }, (_, n) => 8000 * Math.sin((2 * Math.PI * 500 * (n >> 1)) / 48_000));
  const packets = Array.from({ length: 50 }, () => Uint8Array.from(encoder.encode(bytesOf(samples))));
  const track = new Track(opusFormat, { id: "talker/main/audio", clock: systemClock });
  let n = 0;
  const write = () =>
    track.write({ data: packets[n++ % 50]!, timestampUs: systemClock.nowUs(), durationUs: 20_000, key: true });
  const sending = every(systemClock, 20, write);
  return {
    track,
    [Symbol.dispose]: () => {
      sending[Symbol.dispose]();
      track.close();
    },
  };
}

/** A camera that accepts connections and says nothing. */
async function deadCamera() {
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `rtsp://127.0.0.1:${port}/cam`, [Symbol.dispose]: () => void server.close() };
}

it("a call to all is heard by everybody else within 150 ms, with a dead device among them", {
  timeout: 60_000,
}, async (t) => {
  const camera = () =>
    startFakeRtsp({ video: clip(), backchannel: [{ kind: "audio", codec: "pcma", sampleRateHz: 8000, channels: 1 }] });
  await using first = await camera();
  await using second = await camera();
  using dead = await deadCamera();
  await using rig = await startRig(
    [
      "devices:",
      `  first: { address: "${first.address}", warm: true }`,
      `  second: { address: "${second.address}", warm: true }`,
      `  dead: { address: "${dead.address}" }`,
      "  yard: { arrives: whip }",
      "whip: { udpPort: 0 }",
      "",
    ].join("\n"),
  );
  const { hub, converter } = rig.running;
  let arrivedUs: number | undefined;
  await using arriving = await startArrivingFake("whip", hub, () => {
    arrivedUs ??= systemClock.nowUs();
  });
  const peer = await arriving.call({ token: await hub.reception.renew("yard", "Anna") });
  const live = (id: string) => hub.devices.get(id)?.state.phase === "live";
  await until("they are connected", async () => ["first", "second", "yard"].every(live));
  await converter.available();
  using voice = await talker();

  const press = async (): Promise<readonly number[]> => {
    const from = [first, second].map(({ ear }) => ear.packets.length);
    arrivedUs = undefined;
    const times = () => [...[first, second].map(({ ear }, n) => ear.packets[from[n] ?? 0]?.atUs), arrivedUs];
    let hearing: readonly Hearing[] = [];
    const pressedUs = systemClock.nowUs();
    const turn = hub.turns.take({
      to: ["all"],
      talker: { id: "anna", name: "Anna" },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: () => {},
      onHearing: (now) => {
        hearing = now;
      },
    });
    await until("everybody else hears it", async () => times().every((time) => time !== undefined));
    await until("it is told", async () => hearing.filter(({ state }) => state === "playing").length === 3);
    assert.equal(hearing.find(({ deviceId }) => deviceId === "dead")?.state, "connecting");
    turn.cancel();
    await turn.done;
    return times().map((time) => ((time ?? 0) - pressedUs) / 1000);
  };
  await press();
  const delays: (readonly number[])[] = [];
  for (let n = 0; n < presses; n++) delays.push(await press());
  peer.hangUp();
  const worst = delays.map((each) => Math.max(...each)).toSorted((a, b) => a - b);
  const apart = delays.map((each) => Math.max(...each) - Math.min(...each)).toSorted((a, b) => a - b);
  const at = (sorted: readonly number[], share: number) =>
    Math.round(sorted[Math.floor((presses - 1) * share)] ?? Number.NaN);
  t.diagnostic(
    `press to the last of three ears: median ${at(worst, 0.5)} ms, p95 ${at(worst, 0.95)} ms; ` +
      `first to last ear: median ${at(apart, 0.5)} ms`,
  );
  assert.ok(at(worst, 0.95) <= atMostMs, `${worst.map(Math.round)} ms`);
});
