import { AV_CODEC_ID_H264, AVMEDIA_TYPE_VIDEO } from "node-av/constants";
import {
  Codec,
  CodecContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  InputFormat,
  Packet,
  type Stream,
} from "node-av/lib";
import { splitAnnexB } from "../../../codecs/annexb.ts";
import { ParameterSetKeeper } from "../../../codecs/video-format.ts";
import type { Format } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import { FatalError, RecoverableError } from "../../../util/errors.ts";
import type { CaptureOptions } from "../messages.ts";
import { check, emptyFrame, present } from "./av.ts";
import { VideoEncoder } from "./video-encoder.ts";

/** What a device films, as H.264: its own where it gives that, encoded once where it gives pictures. */
export interface OpenCapture extends AsyncDisposable {
  readonly format: Format;
  /** FFmpeg's name of the encoder; undefined where nothing is encoded. */
  readonly encoder: string | undefined;
  /** Frames as they come; timestamps from 0. */
  readonly frames: AsyncGenerator<Frame, void, void>;
  /** Makes the next picture a key frame, or the stream as large as it is told. */
  tune(how: { readonly keyFrame?: boolean | undefined; readonly bitrateBps?: number | undefined }): void;
  /** Lets go of a device that gives nothing. */
  interrupt(): void;
}

/** Opens a device by FFmpeg's name of its input. Throws FatalError `no-device`, RecoverableError `capture`. */
export async function openCapture(options: CaptureOptions): Promise<OpenCapture> {
  await using held = new AsyncDisposableStack();
  const context = await openDevice(options);
  held.defer(() => context.closeInput());
  const stream = context.streams[context.findBestStream(AVMEDIA_TYPE_VIDEO)];
  if (!stream) throw new FatalError(`${options.url} gives no picture`, { code: "no-device" });
  return stream.codecpar.codecId === AV_CODEC_ID_H264
    ? await passThrough(context, { stream, held })
    : await encoded(context, { stream, options, held });
}

async function openDevice({ format, url, tries }: CaptureOptions): Promise<FormatContext> {
  const input = present(InputFormat.findInputFormat(format), `input of kind ${format}`);
  let why = 0;
  for (const wishes of tries) {
    const context = new FormatContext();
    context.allocContext();
    context.probesize = 500_000n;
    context.maxAnalyzeDuration = 500_000n;
    why = await context.openInput(url, input, Dictionary.fromObject({ ...wishes }));
    if (why >= 0) why = await context.findStreamInfo();
    if (why >= 0) return context;
    await context.closeInput();
  }
  throw new RecoverableError(`${url} cannot be opened: ${FFmpegError.strerror(why)}`, { code: "capture" });
}

async function passThrough(
  context: FormatContext,
  { stream, held }: { readonly stream: Stream; readonly held: AsyncDisposableStack },
): Promise<OpenCapture> {
  const keeper = new ParameterSetKeeper("h264");
  const clock = timesOf(stream);
  const frames = packetsOf(context, stream, async (packet) => {
    const unit = packet.data ? keeper.prepare(splitAnnexB(Uint8Array.from(packet.data))) : undefined;
    return unit ? [{ ...unit, timestampUs: clock(packet.pts) }] : [];
  });
  return await opened({ context, keeper, encoder: undefined, frames, tune: () => {}, held });
}

async function encoded(
  context: FormatContext,
  how: { readonly stream: Stream; readonly options: CaptureOptions; readonly held: AsyncDisposableStack },
): Promise<OpenCapture> {
  const { stream, options, held } = how;
  const decoder = await openDecoder(stream, held);
  const encoder = held.use(await VideoEncoder.open(formOf(stream, options), options.bitrateBps));
  const keeper = new ParameterSetKeeper("h264");
  const clock = timesOf(stream);
  const picture = held.adopt(emptyFrame(), (frame) => frame.free());
  let bitrateBps: number | undefined;
  const frames = packetsOf(context, stream, async (packet) => {
    const ready: Frame[] = [];
    if ((await decoder.sendPacket(packet)) < 0) return ready; // damaged: the next one is whole
    while ((await decoder.receiveFrame(picture)) >= 0) {
      if (bitrateBps !== undefined) await encoder.follow(bitrateBps);
      bitrateBps = undefined;
      for (const { data, timestampUs } of await encoder.encode(picture, clock(picture.pts))) {
        const unit = keeper.prepare(splitAnnexB(data));
        if (unit) ready.push({ ...unit, timestampUs });
      }
    }
    return ready;
  });
  const tune: OpenCapture["tune"] = (wish) => {
    if (wish.keyFrame) encoder.keyFrame();
    bitrateBps = wish.bitrateBps ?? bitrateBps;
  };
  return await opened({ context, keeper, encoder: encoder.name, frames, tune, held });
}

/** Waits for the first picture, so that its format is known; takes over what is held once it came. */
async function opened(what: {
  readonly context: FormatContext;
  readonly keeper: ParameterSetKeeper;
  readonly encoder: string | undefined;
  readonly frames: AsyncGenerator<Frame, never, void>;
  readonly tune: OpenCapture["tune"];
  readonly held: AsyncDisposableStack;
}): Promise<OpenCapture> {
  const { context, keeper, encoder, frames, tune, held } = what;
  held.use(frames);
  held.defer(() => context.interrupt());
  const first = await frames.next();
  const all = async function* () {
    yield first.value;
    yield* frames;
  };
  const owned = held.move();
  return {
    format: keeper.format,
    encoder,
    frames: all(),
    tune,
    interrupt: () => context.interrupt(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function* packetsOf(
  context: FormatContext,
  stream: Stream,
  take: (packet: Packet) => Promise<readonly Frame[]>,
): AsyncGenerator<Frame, never, void> {
  using packet = new Packet();
  packet.alloc();
  for (;;) {
    const result = await context.readFrame(packet);
    if (result < 0) check(result, "reading the camera");
    const frames = packet.streamIndex === stream.index ? await take(packet) : [];
    packet.unref();
    yield* frames;
  }
}

/** Microseconds since the first picture; devices stamp theirs by a clock of the machine. */
function timesOf(stream: Stream): (pts: bigint) => number {
  const { num, den } = stream.timeBase;
  let first: bigint | undefined;
  let last = -1;
  return (pts) => {
    first ??= pts;
    last = Math.max(last + 1, Math.round((Number(pts - first) * num * 1e6) / den));
    return last;
  };
}

/** As large as the device gives it, but not larger than asked for. */
function formOf(stream: Stream, { widthPx, heightPx, fps }: CaptureOptions) {
  const { width, height } = stream.codecpar;
  const shrink = Math.min(1, widthPx / width, heightPx / height);
  const even = (px: number) => Math.max(16, Math.round((px * shrink) / 2) * 2);
  const { num, den } = stream.avgFrameRate;
  return { widthPx: even(width), heightPx: even(height), fps: num > 0 && den > 0 ? Math.round(num / den) : fps };
}

async function openDecoder({ codecpar }: Stream, held: AsyncDisposableStack): Promise<CodecContext> {
  const codec = present(Codec.findDecoder(codecpar.codecId), "decoder for what the camera gives");
  const context = held.adopt(new CodecContext(), (made) => made.freeContext());
  context.allocContext3(codec);
  check(context.parametersToContext(codecpar), "setting up the camera's decoder");
  context.threadCount = 1;
  check(await context.open2(codec), "opening the camera's decoder");
  return context;
}
