import { AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_JPEG, type AVPixelFormat, SWS_AREA } from "node-av/constants";
import { Codec, CodecContext, Dictionary, type Frame, Packet, Rational, SoftwareScaleContext } from "node-av/lib";
import type { VideoCodec, VideoFormat } from "../../../media/format.ts";
import { FatalError, RecoverableError } from "../../../util/errors.ts";
import { bufferOf, check, emptyFrame, present } from "./av.ts";

/** 8192 by 4320: a stream that claims more is damaged or means harm. */
export const maxPixels = 8192 * 4320;

/** FFmpeg's names of the decoders. */
export const decoderNames: Readonly<Record<VideoCodec, string>> = { h264: "h264", h265: "hevc", mjpeg: "mjpeg" };

/**
 * Decodes one key frame (Annex B, with its parameter sets) to a JPEG, scaled down to `widthPx` when it is wider.
 * Throws RecoverableError `no-picture` when the frame cannot be decoded.
 */
export async function keyFrameToJpeg(
  format: VideoFormat,
  keyFrame: Uint8Array,
  widthPx: number | undefined,
): Promise<Uint8Array> {
  using picture = await decodePicture(format, keyFrame);
  const width = even(Math.min(picture.width, Math.max(16, widthPx ?? picture.width)));
  const height = even(Math.max(16, Math.round((picture.height * width) / picture.width)));
  using scaled = scalePicture(picture, { width, height });
  return await encodeJpeg(scaled);
}

async function decodePicture(format: VideoFormat, keyFrame: Uint8Array): Promise<Frame> {
  const codec = present(Codec.findDecoderByName(decoderNames[format.codec] as never), format.codec);
  using context = new CodecContext();
  context.allocContext3(codec);
  context.threadCount = 1;
  check(await context.open2(codec, Dictionary.fromObject({ max_pixels: maxPixels })), `opening ${format.codec}`);
  using packet = new Packet();
  packet.alloc();
  packet.data = bufferOf(keyFrame);
  const frame = emptyFrame();
  const sent = await context.sendPacket(packet);
  if (sent >= 0) await context.sendPacket(null);
  if (sent < 0 || (await context.receiveFrame(frame)) < 0 || frame.width === 0) {
    frame.free();
    throw new RecoverableError("the camera's last key frame could not be decoded", { code: "no-picture" });
  }
  return frame;
}

function scalePicture(picture: Frame, size: { readonly width: number; readonly height: number }): Frame {
  using scaler = new SoftwareScaleContext();
  scaler.getContext(
    picture.width,
    picture.height,
    picture.format as AVPixelFormat,
    size.width,
    size.height,
    AV_PIX_FMT_YUVJ420P,
    SWS_AREA,
  );
  const scaled = emptyFrame();
  scaled.format = AV_PIX_FMT_YUVJ420P;
  scaled.width = size.width;
  scaled.height = size.height;
  check(scaled.getBuffer(), "allocating a picture");
  check(scaler.scaleFrameSync(scaled, picture), "scaling a picture");
  scaled.pts = 0n;
  return scaled;
}

async function encodeJpeg(picture: Frame): Promise<Uint8Array> {
  const codec = present(Codec.findEncoderByName("mjpeg" as never), "JPEG encoder");
  using context = new CodecContext();
  context.allocContext3(codec);
  context.width = picture.width;
  context.height = picture.height;
  context.pixelFormat = AV_PIX_FMT_YUVJ420P;
  context.colorRange = AVCOL_RANGE_JPEG;
  context.timeBase = new Rational(1, 25);
  context.qMin = 3;
  context.qMax = 5;
  context.threadCount = 1;
  check(await context.open2(codec), "opening the JPEG encoder");
  check(await context.sendFrame(picture), "encoding a picture");
  using packet = new Packet();
  packet.alloc();
  check(await context.receivePacket(packet), "encoding a picture");
  if (!packet.data) throw new FatalError("encoding a picture: no bytes", { code: "ffmpeg" });
  return Uint8Array.from(packet.data);
}

function even(value: number): number {
  return value & ~1;
}
