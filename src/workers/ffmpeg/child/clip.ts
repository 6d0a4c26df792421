import { AV_PIX_FMT_YUV420P } from "node-av/constants";
import { Frame as AvFrame, Codec, CodecContext, Dictionary, Packet, Rational } from "node-av/lib";
import { splitAnnexB } from "../../../codecs/annexb.ts";
import { ParameterSetKeeper } from "../../../codecs/video-format.ts";
import { type Format, opusFormat } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import { bell } from "../demo-bell.ts";
import type { SceneOptions, StreamFrame } from "../messages.ts";
import { check, present } from "./av.ts";
import { createAudioEncoder } from "./encode.ts";
import { Scene } from "./scene.ts";

/** A made-up camera: stream 0 is its picture, stream 1 its sound if it has one. */
export interface OpenScene {
  readonly formats: readonly Format[];
  /** One picture and the sound beside it at a time; timestamps count from 0. */
  readonly batches: AsyncGenerator<StreamFrame[], undefined, void>;
}

/** Starts drawing and encoding `options`. Throws FatalError when FFmpeg lacks the encoder. */
export async function openScene(options: SceneOptions): Promise<OpenScene> {
  const pictures = encodePictures(options);
  const first = await pictures.next();
  const format = first.value?.format;
  if (!format) throw new Error("no picture");
  const formats: Format[] = options.toneHz > 0 ? [format, opusFormat] : [format];
  return { formats, batches: interleave(options, first.value?.frame, pictures) };
}

interface EncodedPicture {
  readonly frame: Frame;
  readonly format: Format;
}

async function* interleave(
  options: SceneOptions,
  first: Frame | undefined,
  pictures: AsyncGenerator<EncodedPicture, void, void>,
): AsyncGenerator<StreamFrame[], undefined, void> {
  const sound = options.toneHz > 0 ? encodeTone(options.toneHz) : undefined;
  let heard: Frame | undefined;
  try {
    for (let picture = first; picture; picture = (await pictures.next()).value?.frame) {
      const batch: StreamFrame[] = [{ ...picture, stream: 0 }];
      while (sound) {
        heard ??= (await sound.next()).value ?? undefined;
        if (!heard || heard.timestampUs > picture.timestampUs) break;
        batch.push({ ...heard, stream: 1 });
        heard = undefined;
      }
      yield batch;
    }
  } finally {
    await pictures.return();
    await sound?.return();
  }
  return undefined;
}

async function* encodePictures(options: SceneOptions): AsyncGenerator<EncodedPicture, void, void> {
  using context = await openEncoder(options);
  using packet = new Packet();
  packet.alloc();
  const scene = new Scene(options);
  const keeper = new ParameterSetKeeper(options.codec);
  const total = options.seconds === undefined ? Number.POSITIVE_INFINITY : Math.round(options.seconds * options.fps);
  for (let sent = 0; sent <= total; sent++) {
    if (sent === total) await context.sendFrame(null);
    else {
      using picture = AvFrame.fromVideoBuffer(scene.draw(options.startWallMs + (sent * 1000) / options.fps), {
        width: options.widthPx,
        height: options.heightPx,
        format: AV_PIX_FMT_YUV420P,
        pts: BigInt(sent),
      });
      check(await context.sendFrame(picture), "encoding a picture");
    }
    while ((await context.receivePacket(packet)) >= 0) {
      const unit = packet.data ? keeper.prepare(splitAnnexB(Uint8Array.from(packet.data))) : undefined;
      const timestampUs = Math.round((Number(packet.pts) * 1e6) / options.fps);
      packet.unref();
      if (unit) yield { frame: { ...unit, timestampUs }, format: keeper.format };
    }
  }
}

async function openEncoder(options: SceneOptions): Promise<CodecContext> {
  const name = options.codec === "h265" ? "libx265" : "libx264";
  const codec = present(Codec.findEncoderByName(name as never), `encoder for ${options.codec}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = options.widthPx;
  context.height = options.heightPx;
  context.pixelFormat = AV_PIX_FMT_YUV420P;
  context.timeBase = new Rational(1, options.fps);
  context.framerate = new Rational(options.fps, 1);
  context.gopSize = options.gopFrames;
  context.maxBFrames = 0;
  context.threadCount = 1;
  const { gopFrames } = options;
  const own: Record<string, string> =
    options.codec === "h265"
      ? {
          "x265-params": `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:open-gop=0:bframes=0:repeat-headers=1:log-level=none:pools=1:frame-threads=1`,
        }
      : { profile: "baseline", "x264-params": `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0` };
  const shared = { preset: "ultrafast", tune: "zerolatency", crf: "26" };
  check(
    await context.open2(codec, Dictionary.fromObject({ ...shared, ...own })),
    `opening the encoder for ${options.codec}`,
  );
  return context;
}

/** The camera's sound: a bell every second, as Opus. */
async function* encodeTone(pitchHz: number): AsyncGenerator<Frame, void, void> {
  const { sampleRateHz, channels } = opusFormat;
  using encoder = await createAudioEncoder(opusFormat);
  const block = Buffer.alloc(encoder.blockSamples * channels * 2);
  for (let at = 0; ; at += encoder.blockSamples) {
    for (let i = 0; i < encoder.blockSamples; i++) {
      const value = bell((at + i) / sampleRateHz, pitchHz);
      for (let channel = 0; channel < channels; channel++) block.writeInt16LE(value, (i * channels + channel) * 2);
    }
    for (const { data, pts } of encoder.encode(block, at)) {
      yield { data, key: true, timestampUs: Math.max(0, Math.round((pts * 1e6) / sampleRateHz)), durationUs: 20_000 };
    }
  }
}
