import { createOpusEncoder } from "../src/codecs/opus/index.ts";
import { bytesOf } from "../src/codecs/pcm/index.ts";
import type { CallInfo } from "../src/hub/call-info.ts";
import { type AudioFormat, opusFormat } from "../src/media/format.ts";
import type { Frame } from "../src/media/frame.ts";
import { RoomArrivals } from "../src/surfaces/room/arrivals.ts";
import { StationCalls } from "../src/surfaces/room/calls/station-calls.ts";
import { RoomStations } from "../src/surfaces/room/stations.ts";
import { RoomTalks } from "../src/surfaces/room/talks.ts";
import { ManualClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { startRig } from "./web-rig.ts";

/** The stations of the house. */
export const rooms = {
  kitchen: { id: "intercom_0000000a", sender: "000000000000000a", address: "127.0.0.10", name: "Kitchen" },
  office: { id: "intercom_0000000b", sender: "000000000000000b", address: "127.0.0.11", name: "Office" },
  attic: { id: "intercom_0000000c", sender: "000000000000000c", address: "127.0.0.12", name: "Attic" },
} as const;
/** One of them. */
export type Room = keyof typeof rooms;
/** Its device. */
export const deviceOf = (room: Room) => rooms[room].id.replace("_", "-");
/** After which a station that knows nothing of calls leaves its own. */
export const silenceMs = 30_000;

/** Three stations that were let in, a door and a hub; `knows` know of calls. */
export async function stationHouse({ knows = [] as readonly Room[], enrolment = "open" as "open" | "pending" } = {}) {
  const clock = new ManualClock();
  const rig = await startRig({ door: "fake://x/?live" }, { clock, enrolment });
  const { hub } = rig;
  const stations = new RoomStations({ clock, log: silentLog });
  const calls = new StationCalls({ hub, stations, hubName: "Doorward", hangUpAfterMs: silenceMs });
  const heard = new Map<string, Frame[]>();
  const formats: AudioFormat[] = [opusFormat];
  const arrivals = new RoomArrivals({
    hub,
    stations,
    speakerOf: (stationId, deviceId) => ({
      formats,
      echoCancelling: true,
      play: async (speech) => {
        const { frames } = calls.heardAt(deviceId, speech);
        const list = heard.get(stationId) ?? [];
        heard.set(stationId, list);
        for await (const frame of frames) {
          if (speech.signal.aborted) break;
          if (speech.live) list.push(frame);
        }
      },
    }),
  });
  const talks = new RoomTalks({
    ...{ hub, stations, arrivals, calls },
    config: { name: "Doorward", group: "224.0.0.100", emergency: "all" },
    networkOf: () => undefined,
  });
  const packets = async (level: number) => {
    using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1 });
    const block = (n: number) => Int16Array.from({ length: 320 }, (_, i) => level * Math.sin((n * 320 + i) / 5));
    return Array.from({ length: 20 }, (_, n) => encoder.encode(bytesOf(block(n))).slice()).slice(10);
  };
  const sound = { loud: await packets(9000), quiet: await packets(20) };
  /** Says something for so long. */
  const say = async (
    room: Room,
    ms: number,
    how: { readonly level?: "loud" | "quiet"; readonly priority?: 0 | 2 } = {},
  ) => {
    const { sender, address } = rooms[room];
    const talk = talks.hear({ sender, address, priority: how.priority ?? 0, group: undefined });
    const blocks = sound[how.level ?? "loud"];
    for (let n = 0; n < ms / 20; n++) {
      const data = blocks[n % blocks.length] as Uint8Array;
      talk.write({ data, timestampUs: clock.nowUs(), durationUs: 20_000, key: true }, 0);
      await clock.advance(20);
    }
    return talk;
  };
  for (const [room, { id, name, address }] of Object.entries(rooms)) {
    stations.told({ id, name, address, calls: knows.includes(room as Room) });
    stations.status(id, true);
    await clock.advance(50);
  }
  const states: string[] = [];
  hub.calls.onChange(({ change, by, reason }) => {
    if (change !== "rung") states.push([change, by?.name, reason].filter(Boolean).join(" "));
  });
  const call = (): CallInfo | undefined => hub.calls.list()[0];
  const owned = new AsyncDisposableStack();
  owned.use(rig);
  for (const one of [stations, arrivals, calls]) owned.use(one);
  return {
    ...{ rig, hub, clock, stations, arrivals, calls, say, sound, states, call },
    press: (from: Room, to: Room | "door") =>
      calls.press(deviceOf(from), [`device:${to === "door" ? to : deviceOf(to)}`]),
    heardIn: (room: Room) => heard.get(rooms[room].id)?.length ?? 0,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
