import type { OpusDecoderHandle } from "libopus-wasm";
import { WireError } from "../../util/errors.ts";
import { bytesOf } from "../pcm/samples.ts";
import type { OpusRate } from "./encoder.ts";
import { opusPacketDurationUs } from "./packet.ts";

/** Options of {@link createOpusDecoder}: what comes out, whatever was encoded. */
export interface OpusDecoderOptions {
  readonly sampleRateHz: OpusRate;
  readonly channels: 1 | 2;
}

/** One stream's decoder. Its owner disposes it. All sound is interleaved s16le. */
export interface OpusDecoder extends Disposable {
  /** The packet's sound. Throws WireError for a malformed packet; the decoder can go on. */
  decode(packet: Uint8Array): Uint8Array;
  /** Sound in place of a lost packet of `durationUs`, out of `next`'s coarse copy if it has one, else invented. */
  conceal(durationUs: number, next?: Uint8Array): Uint8Array;
}

/** A decoder (libopus in WebAssembly, RFC 6716). */
export async function createOpusDecoder(options: OpusDecoderOptions): Promise<OpusDecoder> {
  const maxFrameSize = (options.sampleRateHz * 120) / 1000;
  const { createDecoder, isOpusError } = await import("libopus-wasm");
  const decoder = await createDecoder({
    sampleRate: options.sampleRateHz,
    channels: options.channels,
    maxFrameSize,
  });
  return wrap(decoder, {
    options,
    guard: (run) => {
      try {
        return run();
      } catch (error) {
        if (isOpusError(error)) throw new WireError(`Opus: ${error.message}`, { cause: error });
        throw error;
      }
    },
  });
}

interface Wrapped {
  readonly options: OpusDecoderOptions;
  /** Runs it, and says in our words what the library throws. */
  readonly guard: <T>(run: () => T) => T;
}

function wrap(decoder: OpusDecoderHandle, { options, guard }: Wrapped): OpusDecoder {
  const frameSizeOf = (durationUs: number) => {
    const step = options.sampleRateHz / 400;
    const steps = Math.round((durationUs * 400) / 1e6);
    return Math.min(48, Math.max(1, steps)) * step;
  };
  return {
    decode: (packet) => {
      opusPacketDurationUs(packet);
      return bytesOf(guard(() => decoder.decode(packet)));
    },
    conceal: (durationUs, next) => {
      const frameSize = frameSizeOf(durationUs);
      if (!next) return bytesOf(guard(() => decoder.decodePacketLoss(frameSize)));
      return bytesOf(guard(() => decoder.decode(next, { decodeFec: true, frameSize })));
    },
    [Symbol.dispose]: () => decoder.free(),
  };
}
