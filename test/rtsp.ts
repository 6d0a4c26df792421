/** What the tests of RTSP share: a clip as access units, sound, and a driver on a device without a hub. */

import { createHash } from "node:crypto";
import { AccessUnitSplitter } from "../src/codecs/access-unit.ts";
import { joinAnnexB, splitAnnexB } from "../src/codecs/annexb.ts";
import { nalFacts } from "../src/codecs/nal.ts";
import { ParameterSetKeeper } from "../src/codecs/video-format.ts";
import type { DeviceMemory } from "../src/device/driver.ts";
import { rtspConfig } from "../src/drivers/rtsp/config.ts";
import type { FakeAudio, FakeNalVideo } from "../src/drivers/rtsp/fake-media.ts";
import { createRtspDriver } from "../src/drivers/rtsp/index.ts";
import type { NalCodec } from "../src/media/format.ts";
import type { Clock, ManualClock } from "../src/util/clock.ts";
import { FakeDevice } from "./contracts/fake-device.ts";
import { makeClip } from "./ffmpeg.ts";

const clips = new Map<NalCodec, FakeNalVideo>();

/** 50 pictures, a key frame every 10, served at 100 a second so that tests are short; made once per codec. */
export function clip(codec: NalCodec = "h264"): FakeNalVideo {
  const made = clips.get(codec);
  if (made) return made;
  const video = clipOf(codec, [makeClip({ codec, keyInterval: 10 })]);
  clips.set(codec, video);
  return video;
}

/** What was made by {@link makeClip}, one behind the other, served at 100 pictures a second. */
export function clipOf(codec: NalCodec, annexB: readonly Uint8Array[]): FakeNalVideo {
  const accessUnits = annexB.flatMap((one) => {
    const splitter = new AccessUnitSplitter({ codec });
    return [...splitter.push(one), ...splitter.flush()].map(({ nals }) => joinAnnexB(nals));
  });
  return { codec, frameRate: 100, accessUnits };
}

/** What a reader should get for each access unit of a clip. */
export function asFrames(video: FakeNalVideo): Buffer[] {
  const keeper = new ParameterSetKeeper(video.codec);
  const splitter = new AccessUnitSplitter({ codec: video.codec });
  const units = [...splitter.push(Buffer.concat(video.accessUnits)), ...splitter.flush()];
  return units.flatMap(({ nals }) => Buffer.from(keeper.prepare(nals)?.data ?? []));
}

/** What is seen of a picture: its slices. */
export function pictureHash(data: Uint8Array, codec: NalCodec = "h264"): string {
  const hash = createHash("md5");
  for (const nal of splitAnnexB(data)) if (nalFacts[codec].isSlice(nal)) hash.update(nal);
  return hash.digest("hex");
}

/** Two seconds of A-law noise in packets of 20 ms. */
export function noise(): FakeAudio {
  const packets = Array.from({ length: 100 }, (_, n) =>
    Uint8Array.from({ length: 160 }, (_, i) => (n * 37 + i * 11) & 0xff),
  );
  return { format: { kind: "audio", codec: "pcma", sampleRateHz: 8000, channels: 1 }, packets, packetMs: 20 };
}

/** The driver at work. Disposing stops it and waits for its end. */
export interface Running extends AsyncDisposable {
  readonly device: FakeDevice;
  /** How it ended: undefined for a stop, else the error. */
  readonly ended: Promise<unknown>;
}

/** Runs the driver on a device of its own. */
export function runDriver(
  config: Record<string, unknown>,
  options: {
    readonly clock?: Clock;
    /** What was learnt before; nothing unless given. */
    readonly memory?: DeviceMemory;
    readonly driver?: ReturnType<typeof createRtspDriver>;
  } = {},
): Running {
  const device = new FakeDevice(options);
  const ended = (options.driver ?? createRtspDriver()).run(device, rtspConfig.parse(config)).then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    device,
    ended,
    [Symbol.asyncDispose]: async () => {
      device.stop.abort();
      await ended;
    },
  };
}

/** Moves a clock that stands still in steps, letting sockets work in between, until `condition` holds. */
export async function advanceUntil(clock: ManualClock, condition: () => boolean, stepMs = 20): Promise<void> {
  for (let n = 0; !condition(); n++) {
    if (n > 20_000) throw new Error(`never came true: ${condition}`);
    await clock.advance(stepMs);
  }
}
