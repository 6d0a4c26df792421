import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createYooseeDriver } from "../src/drivers/yoosee/index.ts";
import type { TalkState } from "../src/hub/api.ts";
import { LocalDevice } from "../src/hub/device.ts";
import { driverSource } from "../src/hub/driver-source.ts";
import { Route } from "../src/hub/route.ts";
import { opusFormat, pcmFormat } from "../src/media/format.ts";
import type { Frame } from "../src/media/frame.ts";
import type { SpeechSource } from "../src/media/speech.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { createConverter } from "../src/workers/ffmpeg/index.ts";

const settings = { enabled: true, warm: false, volume: 1, doNotDisturb: false, permanent: true, preview: false };

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
  const route = new Route({ device, converter, clock: systemClock, log: silentLog });
  return {
    route,
    [Symbol.asyncDispose]: async () => {
      for (const one of devices) await one.close();
      await converter[Symbol.asyncDispose]();
    },
  };
}

async function speak(
  house: ReturnType<typeof makeHouse>,
  what: { readonly to: string[]; readonly source: SpeechSource },
) {
  const states: TalkState[] = [];
  const talk = house.route.take({
    devices: what.to,
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
    async function* frames(): AsyncGenerator<Frame, void, void> {
      await systemClock.sleep(300);
      yield* [];
    }
    const last = await speak(house, { to: ["a"], source: { live: true, format: opusFormat, frames: frames() } });
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
    const last = await speak(house, { to: ["a", "b"], source });
    assert.ok(last?.state === "failed" && /camera its address/.test(last.reason), JSON.stringify(last));
    assert.deepEqual(
      opened.toSorted(),
      [pcmFormat(16000), pcmFormat(8000)].map((format) => format.sampleRateHz),
    );
  });
});
