import {
  createOpusDecoder,
  createOpusEncoder,
  type OpusDecoder,
  type OpusEncoder,
  opusPacketDurationUs,
} from "../../codecs/opus/index.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { Reblocker } from "../../media/reblock.ts";
import { authenticity, codec, packetLayout } from "../../protocols/room/constants.ts";
import { WireError } from "../../util/errors.ts";

/** Opus packets as stations take them, out of what a speaker is given. Its owner disposes it. */
export interface RoomPackets extends Disposable {
  /** What one frame becomes. Damaged ones become nothing. */
  push(frame: Frame): Promise<readonly Uint8Array[]>;
  /** The rest, filled up with silence. */
  flush(): readonly Uint8Array[];
}

/** The longest Opus packet that stations take. */
export const maxOpusBytes = packetLayout.maxBytes.value - packetLayout.headerBytes.value;
/** The longest that is sent: the group's tag has to fit behind it. */
const sentOpusBytes = maxOpusBytes - 2 - authenticity.groupBytes.value;
const frameUs = codec.frameMs.value * 1000;
const blockBytes = codec.frameSamples.value * 2;
const rate = { sampleRateHz: codec.sampleRateHz.value, channels: 1 } as const;

/**
 * Opus passes unchanged where stations can take it: one packet of 20 ms that is short enough. Everything else is coded as
 * the stations' own firmware codes it; samples have to be 16 kHz mono.
 */
export function openRoomPackets({ codec: input }: AudioFormat): RoomPackets {
  let encoder: OpusEncoder | undefined;
  let decoder: OpusDecoder | undefined;
  const blocks = new Reblocker(blockBytes);
  const encode = async (pcm: Uint8Array) => {
    encoder ??= await createRoomEncoder();
    return blocks.push(pcm).map((block) => shortened(encoder!, block));
  };
  return {
    push: async ({ data }) => {
      if (input !== "opus") return encode(data);
      if (encoder === undefined && data.length <= sentOpusBytes && fitsStations(data)) return [data];
      try {
        decoder ??= await createOpusDecoder(rate);
        return await encode(decoder.decode(data));
      } catch (error) {
        if (error instanceof WireError) return [];
        throw error;
      }
    },
    flush: () => {
      const last = encoder && blocks.flush();
      return last ? [shortened(encoder!, last)] : [];
    },
    [Symbol.dispose]: () => {
      encoder?.[Symbol.dispose]();
      decoder?.[Symbol.dispose]();
    },
  };
}

/** True for Opus that a station can play as it is. */
export function fitsStations(opus: Uint8Array): boolean {
  if (opus.length > maxOpusBytes) return false;
  try {
    return opusPacketDurationUs(opus) === frameUs;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

/** One packet of silence, shorter than what takes a floor. */
export async function roomSilence(): Promise<Uint8Array> {
  using encoder = await createRoomEncoder();
  const quiet = new Uint8Array(blockBytes);
  let packet = encoder.encode(quiet);
  for (let n = 0; n < 10; n++) packet = encoder.encode(quiet);
  if (packet.length >= packetLayout.silenceBytes.value) throw new Error(`silence of ${packet.length} bytes`);
  return Uint8Array.from(packet);
}

/** The firmware's own settings: voice, variable rate, a coarse copy of each packet in the next. */
function createRoomEncoder(): Promise<OpusEncoder> {
  return createOpusEncoder({
    ...rate,
    bitrateBps: codec.bitrateBps.value,
    application: "voip",
    complexity: codec.complexity.value,
    packetLossPercent: codec.expectedLossPercent.value,
  });
}

/** At a variable rate a packet may become too long for a station; then the moment is left silent. */
function shortened(encoder: OpusEncoder, block: Uint8Array): Uint8Array {
  const packet = encoder.encode(block);
  return packet.length <= sentOpusBytes ? packet : encoder.encode(new Uint8Array(blockBytes));
}
