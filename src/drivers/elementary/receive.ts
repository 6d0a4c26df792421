import { AccessUnitSplitter } from "../../codecs/access-unit.ts";
import type { VideoCodec } from "../../codecs/video-codec.ts";
import { ParameterSetKeeper } from "../../codecs/video-format.ts";
import type { Device, TrackWriter } from "../../device/driver.ts";
import { SmoothTimestamps } from "../../media/smooth.ts";
import { RecoverableError } from "../../util/errors.ts";

/** How much may come, and for how long, without a picture before it is no camera, or one that must be asked anew. */
const maxBytesWithoutFrame = 32 * 1024 * 1024;
const maxUsWithoutFrame = 30_000_000;

/** Options of {@link receive}. */
export interface ReceiveOptions {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly codec: VideoCodec | "auto";
  /** Frames per second, if known better than by the stream. */
  readonly frameRate?: number;
}

interface Stream {
  readonly keeper: ParameterSetKeeper;
  readonly timestamps: SmoothTimestamps;
  writer?: TrackWriter;
  version: number;
}

/**
 * Cuts what a camera sends into frames and writes them to the device's track, from the first key frame on. Returns when
 * `chunks` ends. Throws RecoverableError `no-key-frame` when 30 s or 32 MiB hold no picture.
 */
export async function receive(device: Device, options: ReceiveOptions): Promise<void> {
  const splitter = new AccessUnitSplitter(options.codec === "auto" ? {} : { codec: options.codec });
  let stream: Stream | undefined;
  let bytes = 0;
  let lastFrameUs = device.clock.nowUs();
  for await (const chunk of options.chunks) {
    for (const unit of splitter.push(chunk)) {
      stream ??= openStream(device, { codec: unit.codec, frameRate: options.frameRate });
      const written = handle(device, { stream, nals: unit.nals, fixedRate: options.frameRate });
      if (!written) continue;
      bytes = 0;
      lastFrameUs = device.clock.nowUs();
    }
    bytes += chunk.length;
    if (bytes <= maxBytesWithoutFrame && device.clock.nowUs() - lastFrameUs <= maxUsWithoutFrame) continue;
    throw new RecoverableError("bytes come, but no picture is in them: is it H.264 or H.265?", {
      code: "no-key-frame",
    });
  }
}

function openStream(device: Device, options: { codec: VideoCodec; frameRate?: number }): Stream {
  return {
    keeper: new ParameterSetKeeper(options.codec),
    timestamps: new SmoothTimestamps({ clock: device.clock, frameRate: options.frameRate }),
    version: 0,
  };
}

/** True if the unit became a frame. */
function handle(device: Device, unit: { stream: Stream; nals: readonly Uint8Array[]; fixedRate?: number }): boolean {
  const { stream } = unit;
  const frame = stream.keeper.prepare(unit.nals);
  if (!frame || (!stream.writer && !frame.key)) return false;
  if (stream.version !== stream.keeper.version) follow(device, stream, unit.fixedRate);
  stream.writer?.write({ ...frame, timestampUs: stream.timestamps.next(frame) });
  return true;
}

/** The parameter sets are new: the first time there is a track to publish, later its details change. */
function follow(device: Device, stream: Stream, fixedRate: number | undefined): void {
  const { format } = stream.keeper;
  stream.version = stream.keeper.version;
  if (fixedRate === undefined) stream.timestamps.declare(format.frameRate);
  if (stream.writer) {
    stream.writer.updateFormat(format);
    return;
  }
  stream.writer = device.publish(format);
  device.log.info({ codec: format.codec, widthPx: format.widthPx, heightPx: format.heightPx }, "video begins");
  device.ready();
}
