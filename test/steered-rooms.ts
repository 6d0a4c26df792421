import type { MqttClient } from "mqtt";
import { opusFormat } from "../src/media/format.ts";
import { RoomArrivals } from "../src/surfaces/room/arrivals.ts";
import { StationCalls } from "../src/surfaces/room/calls/station-calls.ts";
import { type RoomConfig, roomConfig } from "../src/surfaces/room/config.ts";
import { RoomStations } from "../src/surfaces/room/stations.ts";
import { startSteering } from "../src/surfaces/room/steer/start.ts";
import type { Lent } from "../src/surfaces/surface.ts";
import { silentLog } from "../src/util/log.ts";
import { type House, until } from "./mqtt-house.ts";
import type { Listening } from "./peers/mosquitto.ts";

/** A hub that steers rooms, with a camera that can be spoken through, and a program that sees and may do everything. */
export interface Steered extends AsyncDisposable {
  readonly home: House;
  readonly stations: RoomStations;
  readonly program: MqttClient;
  readonly all: Listening;
  /** Name of the camera as a station. */
  readonly yard: string;
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
  /** Ends the steering alone. */
  end(): void;
  /** Waits for a line that comes from now on. */
  next(pattern: RegExp): Promise<string>;
  /** Moves the clock on, and lets what was gathered be said. */
  pass(ms?: number): Promise<void>;
}

/** Steers the rooms of a house, which ends with it. */
export async function steer(home: House): Promise<Steered> {
  await using held = new AsyncDisposableStack();
  held.use(home);
  const { rig, clock, hubId } = home;
  await rig.hub.devices.addTransient({
    id: "yard",
    name: "Yard",
    area: "Garden",
    address: "fake://x/?audio&speaker",
    warm: true,
  });
  await rig.hub.devices.get("yard")?.waitForSpeaker({ timeoutMs: 1000 });
  const stations = held.use(new RoomStations({ clock, log: silentLog }));
  const house = {
    hub: rig.hub,
    bus: rig.web.bus,
    version: "0.0.0-test",
    say: () => spoken,
  } as unknown as Lent<RoomConfig>;
  const config = roomConfig.parse({ interfaces: ["lo"] }) as RoomConfig;
  const calls = held.use(new StationCalls({ hub: rig.hub, stations, hubName: "Doorward", hangUpAfterMs: 30_000 }));
  const speakerOf = () => ({ formats: [opusFormat], echoCancelling: false, play: async () => {} });
  const arrivals = held.use(new RoomArrivals({ hub: rig.hub, stations, speakerOf }));
  const steering = held.use(
    startSteering({ house, config, stations, arrivals, calls, hubId, sender: rig.identity.installation }),
  );
  await until(home, true);
  const program = await home.program();
  const all = await home.listen("#");
  const owned = held.move();
  let seen = 0;
  const next = async (pattern: RegExp) => {
    for (;;) {
      for (; seen < all.lines.length; seen++) {
        const line = all.lines[seen] ?? "";
        if (!pattern.test(line)) continue;
        seen++;
        return line;
      }
      await new Promise(setImmediate);
    }
  };
  const steered: Steered = {
    home,
    stations,
    program,
    all,
    yard: `${hubId}_yard`,
    publish: async (topic, payload, retain = false) => {
      await program.publishAsync(topic, payload, { qos: 1, retain });
    },
    end: () => steering[Symbol.dispose](),
    next,
    pass: async (ms = 100) => {
      await clock.advance(ms);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return steered;
}

/** Something that is said in one frame. */
export const spoken = {
  live: false,
  open: async () => ({
    frames: (async function* () {
      yield { data: new Uint8Array(640), timestampUs: 0, key: true, durationUs: 20_000 };
    })(),
    [Symbol.asyncDispose]: async () => {},
  }),
} as const;

/** Lets time pass until something happens. */
export async function passUntil<T>(steered: Pick<Steered, "pass">, happens: Promise<T>): Promise<T> {
  let done = false;
  const over = happens.finally(() => {
    done = true;
  });
  over.catch(() => {});
  while (!done) {
    await steered.pass(20);
    await new Promise(setImmediate);
  }
  return await over;
}

/** Lets time pass until it is so. */
export async function untilTrue(
  is: () => boolean,
  pass: (ms: number) => Promise<void> = async () => {},
): Promise<void> {
  while (!is()) {
    await pass(20);
    await new Promise(setImmediate);
  }
}
