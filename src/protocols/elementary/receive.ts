import { AccessUnitSplitter } from "../../codecs/access-unit.ts";
import type { NalCodec } from "../../codecs/video-codec.ts";
import { ParameterSetKeeper } from "../../codecs/video-format.ts";
import type { VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { frameMemory } from "../../media/frame-memory.ts";
import { SmoothTimestamps } from "../../media/smooth.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";

/** How much may come, and for how long, without a picture before it is no camera, or one that must be asked again. */
const maxBytesWithoutFrame = 32 * 1024 * 1024;
const maxUsWithoutFrame = 30_000_000;

/** Where frames go: a driver's track. */
export interface VideoSink {
  write(frame: Frame): void;
  updateFormat(format: VideoFormat): void;
}

/** Options of {@link receive}. Everything about the device is structural, so that any driver may use it. */
export interface ReceiveOptions {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly codec: NalCodec | "auto";
  /** Frames per second, if known better than by the stream. */
  readonly frameRate?: number;
  readonly clock: Clock;
  /** The stream's format is known, just before its first key frame is written: gives the track to write to. */
  readonly onTrack: (format: VideoFormat) => VideoSink;
}

interface Stream {
  readonly keeper: ParameterSetKeeper;
  readonly timestamps: SmoothTimestamps;
  sink?: VideoSink;
  version: number;
}

/**
 * Cuts what a camera sends into frames and writes them to a track, from the first key frame on. Returns when `chunks`
 * ends. Throws RecoverableError `no-key-frame` when 30 s or 32 MiB hold no picture.
 */
export async function receive(options: ReceiveOptions): Promise<void> {
  const { clock } = options;
  const splitter = new AccessUnitSplitter(options.codec === "auto" ? {} : { codec: options.codec });
  let stream: Stream | undefined;
  let bytes = 0;
  let lastFrameUs = clock.nowUs();
  for await (const chunk of options.chunks) {
    for (const unit of splitter.push(chunk)) {
      stream ??= openStream(unit.codec, options);
      if (!handle(stream, unit.nals, options)) continue;
      bytes = 0;
      lastFrameUs = clock.nowUs();
    }
    bytes += chunk.length;
    if (bytes <= maxBytesWithoutFrame && clock.nowUs() - lastFrameUs <= maxUsWithoutFrame) continue;
    throw new RecoverableError("bytes come, but no picture is in them: is it H.264 or H.265?", {
      code: "no-key-frame",
    });
  }
}

function openStream(codec: NalCodec, { clock, frameRate }: ReceiveOptions): Stream {
  return {
    keeper: new ParameterSetKeeper(codec),
    timestamps: new SmoothTimestamps({ clock, frameRate }),
    version: 0,
  };
}

/** True if the unit became a frame. */
function handle(stream: Stream, nals: readonly Uint8Array[], options: ReceiveOptions): boolean {
  const frame = stream.keeper.prepare(nals, { take: frameMemory.take });
  if (!frame || (!stream.sink && !frame.key)) return false;
  if (stream.version !== stream.keeper.version) follow(stream, options);
  stream.sink?.write({ ...frame, timestampUs: stream.timestamps.next(frame) });
  return true;
}

/** The parameter sets are new: the first time there is a track to open, later its details change. */
function follow(stream: Stream, options: ReceiveOptions): void {
  const { format } = stream.keeper;
  stream.version = stream.keeper.version;
  if (options.frameRate === undefined) stream.timestamps.declare(format.frameRate);
  if (stream.sink) stream.sink.updateFormat(format);
  else stream.sink = options.onTrack(format);
}
