import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createYooseeDriver } from "../src/drivers/yoosee/index.ts";
import type { TurnState } from "../src/hub/api.ts";
import type { ChannelId } from "../src/hub/channel.ts";
import { LocalDevice } from "../src/hub/device.ts";
import { driverSource } from "../src/hub/driver-source.ts";
import { Turns } from "../src/hub/turns.ts";
import { Voices } from "../src/hub/voices.ts";
import { pcmFormat } from "../src/media/format.ts";
import type { SpeechSource } from "../src/media/speech.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { createConverter } from "../src/workers/ffmpeg/index.ts";

const settings = {
  enabled: true,
  warm: false,
  warmByHabit: true,
  volume: 1,
  muted: false,
  doNotDisturb: false,
  watch: "auto" as const,
  ptz: "off" as const,
  permanent: true,
  preview: false,
};

/** A hub with two cameras of different format that are switched off: nothing listens at their port. */
function makeHouse() {
  const converter = createConverter({ clock: systemClock, log: silentLog });
  const driver = createYooseeDriver();
  const make = (id: string, profile: string) =>
    new LocalDevice({
      settings: { ...settings, id, name: id },
      source: driverSource({
        driver,
        config: driver.config.parse({ address: "rtsp://127.0.0.1:9/onvif1", profile }),
        clock: systemClock,
        log: silentLog,
      }),
      clock: systemClock,
      log: silentLog,
    });
  const devices = [make("a", "classic"), make("b", "gwell")];
  const device = (id: string) => devices.find((one) => one.id === id);
  const voices = new Voices({ clock: systemClock });
  const house = () => ({ devices: [], groups: new Map() });
  const { lost } = voices;
  const turns = new Turns({ device, house, converter, clock: systemClock, log: silentLog, lost });
  return {
    turns,
    voices,
    [Symbol.asyncDispose]: async () => {
      for (const one of devices) await one.close();
      await converter[Symbol.asyncDispose]();
    },
  };
}

async function speak(
  house: ReturnType<typeof makeHouse>,
  what: { readonly to: readonly ChannelId[]; readonly source: SpeechSource },
) {
  const states: TurnState[] = [];
  const talk = house.turns.take({
    to: what.to,
    talker: { id: "anna", name: "Anna" },
    priority: 0,
    queue: false,
    source: what.source,
    onState: (state) => states.push(state),
  });
  await talk.done;
  return states.at(-1);
}

// A rejection that nobody handles ends the hub's process; here it fails the test.
describe("cameras that refuse", () => {
  it("the first press of a process tells why and ends nothing", async () => {
    await using house = makeHouse();
    const voice = house.voices.open({ owner: "anna" });
    const last = await speak(house, { to: ["device:a"], source: { live: true, voice: voice.track } });
    assert.ok(last?.state === "failed" && /camera its address/.test(last.reason), JSON.stringify(last));
  });

  it("a recording to two of different format tells why and ends nothing", async () => {
    await using house = makeHouse();
    const opened: number[] = [];
    const source: SpeechSource = {
      live: false,
      open: async (format) => {
        opened.push(format.sampleRateHz);
        await systemClock.sleep(50);
        async function* frames() {
          yield { data: new Uint8Array(320), timestampUs: 0, key: true };
        }
        return { frames: frames(), [Symbol.asyncDispose]: async () => {} };
      },
    };
    const last = await speak(house, { to: ["device:a", "device:b"], source });
    assert.ok(last?.state === "failed" && /camera its address/.test(last.reason), JSON.stringify(last));
    assert.deepEqual(
      opened.toSorted(),
      [pcmFormat(16000), pcmFormat(8000)].map((format) => format.sampleRateHz),
    );
  });
});
