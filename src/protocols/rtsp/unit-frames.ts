import { opusPacketDurationUs } from "../../codecs/opus/packet.ts";
import { ParameterSetKeeper } from "../../codecs/video-format.ts";
import type { AudioFormat, Format, VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpUnit } from "../rtp/depacketize.ts";

/** Where the frames of one stream go; the driver's track. */
export interface FrameSink {
  write(frame: Frame): void;
  updateFormat(format: Format): void;
}

/** Makes the hub's frames of one stream's units. */
export interface UnitFrames {
  /** `timestampUs` is the unit's time on the hub's clock. Gives the frame that was written, if any. */
  push(unit: RtpUnit, timestampUs: number): Frame | undefined;
}

/**
 * Video: begins with a key frame, each key frame with its parameter sets; units with a hole are dropped, and after a key
 * frame with a hole everything up to the next one.
 */
export function createVideoFrames(format: VideoFormat, sink: FrameSink): UnitFrames {
  const keeper = new ParameterSetKeeper(format.codec);
  keeper.add(format.parameterSets);
  let published = keeper.version;
  let needKey = true;
  return {
    push: (unit, timestampUs) => {
      const prepared = keeper.prepare(unit.nals);
      if (!prepared) return undefined;
      if (!unit.complete) {
        if (prepared.key) needKey = true;
        return undefined;
      }
      if (needKey && !prepared.key) return undefined;
      needKey = false;
      if (keeper.version !== published) {
        published = keeper.version;
        sink.updateFormat(keeper.format);
      }
      const frame: Frame = { data: prepared.data, key: prepared.key, timestampUs };
      sink.write(frame);
      return frame;
    },
  };
}

/** Sound: one frame for each unit, copied out of the receive buffer, with its duration. */
export function createAudioFrames(format: AudioFormat, sink: FrameSink): UnitFrames {
  return {
    push: (unit, timestampUs) => {
      const durationUs = audioDurationUs(format, unit.data);
      if (!unit.complete || durationUs === undefined) return undefined;
      const frame: Frame = { data: unit.data.slice(), key: true, timestampUs, durationUs };
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
