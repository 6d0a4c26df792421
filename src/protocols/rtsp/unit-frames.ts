import { readJpeg } from "../../codecs/jpeg/index.ts";
import { type NalFacts, nalFacts } from "../../codecs/nal.ts";
import { opusPacketDurationUs } from "../../codecs/opus/packet.ts";
import { ParameterSetKeeper } from "../../codecs/video-format.ts";
import type { AudioFormat, Format, NalCodec, VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { frameMemory } from "../../media/frame-memory.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpUnit } from "../rtp/depacketize.ts";
import type { QuirkCode } from "../rtp/quirks.ts";

/** Where the frames of one stream go; the driver's track. */
export interface FrameSink {
  write(frame: Frame): void;
  updateFormat(format: Format): void;
}

/** When a unit is of. */
export interface UnitTime {
  /** On the hub's clock, non-decreasing. */
  readonly timestampUs: number;
  /** When a picture is shown, on the same clock, where that is known. */
  readonly shownUs?: number | undefined;
  /** By the camera's wall clock, ms since 1970, where that is known. */
  readonly capturedMs?: number | undefined;
}

/** Makes the hub's frames of one stream's units. */
export interface UnitFrames {
  /** Gives the frame that was written, if any. */
  push(unit: RtpUnit, time: UnitTime): Frame | undefined;
}

/** Options of {@link createVideoFrames}. */
export interface VideoFramesOptions {
  readonly onQuirk?: (quirk: QuirkCode) => void;
  /** What comes is of no use without a key frame. */
  readonly onKeyFrameWanted?: () => void;
}

/** Without a key frame for so long from the beginning on, or for so long since the last one, recovery points count. */
const noKeyUs = { atFirst: 2_000_000, later: 15_000_000 };

/**
 * Video: begins with a key frame, each key frame with its parameter sets; units with a hole are dropped, and after a key
 * frame with a hole everything up to the next one. A stream without key frames begins at a recovery point.
 */
export function createVideoFrames(format: VideoFormat, sink: FrameSink, options: VideoFramesOptions = {}): UnitFrames {
  const { codec } = format;
  return codec === "mjpeg" ? createJpegFrames(format, sink) : new VideoFrames({ ...format, codec }, sink, options);
}

/** Pictures of which each is whole; their size is known when one came. */
function createJpegFrames(format: VideoFormat, sink: FrameSink): UnitFrames {
  let size = "";
  return {
    push: ({ data }, time) => {
      const { widthPx, heightPx } = readJpeg(data);
      if (size !== `${widthPx}x${heightPx}`) sink.updateFormat({ ...format, widthPx, heightPx });
      size = `${widthPx}x${heightPx}`;
      const frame = stamped({ data, key: true }, time);
      sink.write(frame);
      return frame;
    },
  };
}

function stamped({ data, key }: Pick<Frame, "data" | "key">, { timestampUs, capturedMs }: UnitTime): Frame {
  return capturedMs === undefined ? { data, key, timestampUs } : { data, key, timestampUs, capturedMs };
}

class VideoFrames implements UnitFrames {
  #published: number;
  #needKey = true;
  /** When the last key frame came, or the first unit. */
  #keyUs: number | undefined;
  #hadKey = false;
  #withoutKeys = false;
  #reordered = false;
  readonly #keeper: ParameterSetKeeper;
  readonly #facts: NalFacts;
  readonly #sink: FrameSink;
  readonly #options: VideoFramesOptions;

  constructor(format: VideoFormat & { readonly codec: NalCodec }, sink: FrameSink, options: VideoFramesOptions) {
    this.#keeper = new ParameterSetKeeper(format.codec);
    this.#keeper.add(format.parameterSets);
    this.#facts = nalFacts[format.codec];
    this.#sink = sink;
    this.#options = options;
    this.#published = this.#state;
  }

  push(unit: RtpUnit, time: UnitTime): Frame | undefined {
    const { timestampUs } = time;
    this.#keyUs ??= timestampUs;
    const patienceUs = this.#hadKey ? noKeyUs.later : noKeyUs.atFirst;
    const recovery = this.#withoutKeys || timestampUs - this.#keyUs > patienceUs;
    const prepared = this.#keeper.prepare(unit.nals, { recovery, take: frameMemory.take });
    if (!prepared) return undefined;
    if (!unit.complete || (this.#needKey && !prepared.key)) {
      if (!unit.complete && prepared.key) this.#needKey = true;
      if (this.#needKey) this.#options.onKeyFrameWanted?.();
      frameMemory.giveBack(prepared.data);
      return undefined;
    }
    this.#needKey = false;
    this.#look(unit, { key: prepared.key, timestampUs });
    if (this.#published !== this.#state) this.#publish();
    // Of H.265 nobody knows before: all of its pictures may be of kind B, in either order.
    const mayDiffer = this.#reordered || this.#keeper.codec === "h265";
    const plain = stamped(prepared, time);
    const frame: Frame = mayDiffer && time.shownUs !== undefined ? { ...plain, shownUs: time.shownUs } : plain;
    this.#sink.write(frame);
    return frame;
  }

  /** Notices what a person has to know of the stream. */
  #look(unit: RtpUnit, picture: { readonly key: boolean; readonly timestampUs: number }): void {
    if (!this.#reordered && this.#keeper.format.reordered) {
      this.#reordered = true;
      this.#options.onQuirk?.("b-pictures");
    }
    if (!picture.key) return;
    if (this.#facts.isKey(unit.nals)) {
      this.#keyUs = picture.timestampUs;
      this.#hadKey = true;
      this.#withoutKeys = false;
    } else if (!this.#withoutKeys) {
      this.#withoutKeys = true;
      this.#options.onQuirk?.("no-key-pictures");
    }
  }

  /** A number that changes with whatever the format tells. */
  get #state(): number {
    return this.#keeper.version * 2 + (this.#withoutKeys ? 1 : 0);
  }

  #publish(): void {
    this.#published = this.#state;
    this.#sink.updateFormat({
      ...this.#keeper.format,
      ...(this.#withoutKeys && { withoutKeys: true }),
    });
  }
}

/** Sound: one frame for each unit, in bytes of its own, with its duration. */
export function createAudioFrames(format: AudioFormat, sink: FrameSink): UnitFrames {
  return {
    push: (unit, { timestampUs }) => {
      const durationUs = audioDurationUs(format, unit.data);
      if (!unit.complete || durationUs === undefined) return undefined;
      const frame: Frame = { data: new Uint8Array(unit.data), key: true, timestampUs, durationUs };
      sink.write(frame);
      return frame;
    },
  };
}

/** How long one packet of sound lasts, microseconds; undefined for one that cannot be played. */
export function audioDurationUs(format: AudioFormat, bytes: Uint8Array): number | undefined {
  const perSecond = (units: number) => Math.round((units * 1e6) / format.sampleRateHz);
  switch (format.codec) {
    case "opus":
      return opusDurationUs(bytes);
    case "aac":
      return perSecond(1024);
    case "g722":
      return perSecond((bytes.length * 2) / format.channels);
    case "g726":
      return perSecond((bytes.length * 8) / (format.bitsPerSample ?? 4));
    case "pcmu":
    case "pcma":
      return perSecond(bytes.length / format.channels);
    case "pcm_s16le":
      return perSecond(bytes.length / 2 / format.channels);
  }
}

function opusDurationUs(packet: Uint8Array): number | undefined {
  try {
    return opusPacketDurationUs(packet);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
