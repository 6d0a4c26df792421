import { splitAnnexB } from "../codecs/annexb.ts";
import { encodeG711 } from "../codecs/g711/index.ts";
import type { Config } from "../config.ts";
import { startFake } from "../drivers/elementary/fake.ts";
import { startFakeIngenic } from "../drivers/ingenic/fake.ts";
import { startFakeRtsp } from "../drivers/rtsp/fake.ts";
import { startFakeYoosee } from "../drivers/yoosee/fake.ts";
import type { DeviceInput } from "../hub/device-settings.ts";
import type { RunningHub } from "../main.ts";
import type { NalCodec } from "../media/format.ts";
import { messageOf } from "../util/errors.ts";
import type { CommandContext } from "./command.ts";
import { openLiveClip } from "./live-clip.ts";

const fps = 15;

/** Adds one room of the house to the hub. */
type Room = (house: House) => Promise<void>;

interface House {
  readonly running: RunningHub;
  readonly opened: AsyncDisposableStack;
  add(input: DeviceInput): Promise<void>;
  /** Pictures of a camera, whose clock shows the time at which they are played, as its fake takes them. */
  pictures<T>(scene: Scene, make: (data: Uint8Array) => T): Promise<readonly T[]>;
}

interface Scene {
  /** The device that shows it. */
  readonly id: string;
  readonly hue: number;
  readonly codec?: NalCodec;
}

/** The make-believe house: one scripted camera of each kind on loopback, in the running hub, two room stations and a door bell. The caller disposes it. */
export async function openDemoHouse(
  running: RunningHub,
  how: { readonly context: CommandContext; readonly config: Pick<Config, "room" | "mqtt" | "door"> },
): Promise<AsyncDisposable> {
  const { context, config } = how;
  await using opened = new AsyncDisposableStack();
  const house: House = {
    running,
    opened,
    add: async (input) => {
      await running.hub.devices.addTransient(input);
    },
    pictures: (scene, make) => openPictures(scene, { make, running, context }),
  };
  const cameras: readonly Room[] = [garden, frontDoor, yard, nursery, garage];
  for (const camera of cameras) {
    if (context.signal.aborted) break;
    await camera(house).catch((error) => {
      context.stderr.write(`doorward demo: one camera is missing: ${messageOf(error)}\n`);
    });
  }
  const { room: rooms, mqtt: broker, door } = config;
  if (rooms) (await import("./demo-rooms.ts")).addDemoRooms(running, { context, opened, rooms, broker });
  if (door) (await import("./demo-door.ts")).addDemoDoor(running, { context, opened, door });
  return opened.move();
}

function openPictures<T>(
  { id, ...scene }: Scene,
  how: { readonly make: (data: Uint8Array) => T; readonly running: RunningHub; readonly context: CommandContext },
): Promise<readonly T[]> {
  const { running, context, make } = how;
  const { clock, log } = context;
  const size = { widthPx: 640, heightPx: 360, fps, gopFrames: fps, seconds: 1 };
  return openLiveClip(
    {
      draw: async (startWallMs) => (await running.converter.generateClip({ ...size, ...scene, startWallMs })).frames,
      gopFrames: fps,
      frameMs: 1000 / fps,
      wanted: () => running.hub.devices.get(id)?.state.phase !== "idle",
      clock,
      onError: (error) => log.debug({ err: error, device: id }, "a picture of the demo was not drawn"),
    },
    { make },
  );
}

const asIs = (data: Uint8Array) => data;

/** A made-up camera with a running clock and a bell. */
const garden: Room = (house) =>
  house.add({
    id: "garden",
    name: "Garden",
    area: "Outside",
    address: "test:?name=&size=960x540&fps=20&gop=2&tone=440&hue=150",
  });

/** A standard camera with sound and an ONVIF back channel. */
const frontDoor: Room = async (house) => {
  const accessUnits = await house.pictures({ id: "front-door", hue: 205 }, asIs);
  const fake = house.opened.use(
    await startFakeRtsp({
      video: { codec: "h264", frameRate: fps, accessUnits },
      audio: {
        format: { kind: "audio", codec: "pcma", sampleRateHz: 8000, channels: 1 },
        packets: chime(),
        packetMs: 20,
      },
      backchannel: [{ kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 }],
    }),
  );
  await house.add({ id: "front-door", name: "Front door", area: "Entrance", address: fake.address });
};

/** A Yoosee camera: picture by RTSP and talk by its own command on the same port. */
const yard: Room = async (house) => {
  const accessUnits = await house.pictures({ id: "yard", hue: 30 }, asIs);
  const video = house.opened.use(
    await startFakeRtsp({
      path: "/onvif1",
      video: { codec: "h264", frameRate: fps, accessUnits },
    }),
  );
  const fake = house.opened.use(await startFakeYoosee({ rtspPort: video.port }));
  const address = `rtsp://127.0.0.1:${fake.port}/onvif1`;
  await house.add({ id: "yard", name: "Yard", area: "Outside", address, options: { transport: "tcp" } });
};

/** An Ingenic camera with our hook in it: picture, sound, talk and health at ports of their own. */
const nursery: Room = async (house) => {
  const units = await house.pictures({ id: "nursery", hue: 280 }, splitAnnexB);
  const fake = house.opened.use(
    await startFakeIngenic({ codec: "h264", units, frameRate: fps, delimiters: true, microphone: true }),
  );
  const { address, ...options } = fake.config;
  await house.add({ id: "nursery", name: "Nursery", area: "Upstairs", address, options });
};

/** A raw stream over TCP, with H.265, which not every browser can show. */
const garage: Room = async (house) => {
  const units = await house.pictures({ id: "garage", hue: 0, codec: "h265" }, splitAnnexB);
  const fake = house.opened.use(await startFake({ codec: "h265", units, frameRate: fps }));
  await house.add({ id: "garage", name: "Garage (H.265)", area: "Outside", address: fake.address });
};

/** Four seconds of two soft bell strokes in A-law at 8 kHz, 20 ms a packet. */
function chime(): Uint8Array[] {
  const rateHz = 8000;
  const pcm = new Int16Array(4 * rateHz);
  for (let index = 0; index < pcm.length; index++) {
    const seconds = index / rateHz;
    pcm[index] = Math.round(6000 * (stroke(seconds, 659) + stroke(seconds - 0.5, 523)));
  }
  const packets: Uint8Array[] = [];
  for (let at = 0; at < pcm.length; at += 160) {
    const block = pcm.subarray(at, at + 160);
    packets.push(encodeG711("pcma", new Uint8Array(block.buffer, block.byteOffset, block.byteLength)));
  }
  return packets;
}

function stroke(seconds: number, pitchHz: number): number {
  return seconds < 0 ? 0 : Math.exp(-3 * seconds) * Math.sin(2 * Math.PI * pitchHz * seconds);
}
