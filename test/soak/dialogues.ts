import { AccessUnitSplitter } from "../../src/codecs/access-unit.ts";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { type FakeRtspOptions, startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import type { FakeVideo } from "../../src/drivers/rtsp/fake-media.ts";
import { createRtspDriver } from "../../src/drivers/rtsp/index.ts";
import type { VideoCodec } from "../../src/media/format.ts";
import { packetizeVideo } from "../../src/protocols/rtp/packetize-video.ts";
import { makeClip } from "../ffmpeg.ts";
import { noise, runDriver } from "../rtsp.ts";

/** What a camera sent after each request of one connection. */
export interface Dialogue {
  readonly name: string;
  readonly codec: VideoCodec;
  /** Pictures from one key picture to the next. */
  readonly group: number;
  readonly answers: readonly { readonly method: string; readonly bytes: Uint8Array }[];
}

const pictures = 90;

function video(codec: VideoCodec, options: { readonly group: number; readonly size?: string }): FakeVideo {
  const splitter = new AccessUnitSplitter({ codec });
  const clip = makeClip({ codec, frames: 100, keyInterval: options.group, size: options.size ?? "320x240" });
  const units = [...splitter.push(clip), ...splitter.flush()];
  return { codec, frameRate: 200, accessUnits: units.map(({ nals }) => joinAnnexB(nals)) };
}

/** Ten cameras, each recorded until it had sent some groups of pictures. */
export async function recordDialogues(): Promise<Dialogue[]> {
  const h264 = video("h264", { group: 10 });
  const long = video("h264", { group: 20 });
  const large = video("h264", { group: 10, size: "960x540" });
  const h265 = video("h265", { group: 10 });
  const guard = { username: "admin", password: "secret", scheme: "digest-md5", wrongStatus: 401 } as const;
  const cameras: readonly [string, number, FakeRtspOptions][] = [
    ["plain", 10, { video: h264 }],
    ["with sound", 10, { video: h264, audio: noise() }],
    ["long groups", 20, { video: long }],
    ["large pictures", 10, { video: large }],
    ["H.265", 10, { video: h265 }],
    ["H.265 with sound", 10, { video: h265, audio: noise() }],
    ["a password", 10, { video: h264, guard }],
    ["absolute controls", 10, { video: h264, control: "absolute" }],
    ["no sets in the description", 10, { video: h264, sprop: false }],
    [
      "large packets",
      10,
      { video: large, faults: { picture: (nals) => packetizeVideo(nals, { codec: "h264", maxBytes: 8000 }) } },
    ],
  ];
  const dialogues: Dialogue[] = [];
  for (const [name, group, options] of cameras) dialogues.push(await record({ name, group, options }));
  return dialogues;
}

async function record(camera: {
  readonly name: string;
  readonly group: number;
  readonly options: FakeRtspOptions;
}): Promise<Dialogue> {
  await using fake = await startFakeRtsp({ protocols: ["tcp"], ...camera.options });
  const answers: { method: string; bytes: Uint8Array[] }[] = [];
  const tap = {
    connected: () => {},
    sent: (bytes: Uint8Array) => {
      const method = Buffer.from(bytes).toString("latin1").split(" ")[0] ?? "";
      answers.push({ method, bytes: [] });
    },
    received: (bytes: Uint8Array) => void answers.at(-1)?.bytes.push(bytes.slice()),
    datagram: () => {},
  };
  const config = { address: fake.address, backchannel: "off", username: "admin", password: "secret" };
  await using running = runDriver(config, { driver: createRtspDriver({ tap }) });
  await running.device.until(() => (running.device.video?.counters.frames ?? 0) > pictures);
  return {
    name: camera.name,
    codec: camera.options.video?.codec ?? "h264",
    group: camera.group,
    answers: answers.map(({ method, bytes }) => ({ method, bytes: Buffer.concat(bytes) })),
  };
}
