import type { OpusEncoderHandle } from "libopus-wasm";
import { bytesOf, samplesOf } from "../pcm/samples.ts";

/** Rates that Opus takes. */
export type OpusRate = 8000 | 12_000 | 16_000 | 24_000 | 48_000;

/** Options of {@link createOpusEncoder}. */
export interface OpusEncoderOptions {
  readonly sampleRateHz: OpusRate;
  readonly channels: 1 | 2;
  /** 32,000 by default. */
  readonly bitrateBps?: number;
  /** "voip" (default) favours speech, "audio" fidelity at half the cost, "low-delay" the shortest look-ahead. */
  readonly application?: "voip" | "audio" | "low-delay";
  /** 0 to 10; 5 by default. */
  readonly complexity?: number;
  /** Expected loss in percent; above 0, packets carry a coarse copy of their predecessor. */
  readonly packetLossPercent?: number;
}

/** One stream's encoder. Its owner disposes it. */
export interface OpusEncoder extends Disposable {
  /**
   * One packet out of 2.5 to 60 ms of interleaved s16le samples, as long as an Opus frame may be. Throws TypeError for
   * another length.
   */
  encode(pcm: Uint8Array): Uint8Array;
  /** Delay of the encoder in samples of its rate. */
  readonly lookaheadSamples: number;
}

/** An encoder (libopus in WebAssembly, RFC 6716). The first call loads it, some 10 ms. */
export async function createOpusEncoder(options: OpusEncoderOptions): Promise<OpusEncoder> {
  const { Application, createEncoder } = await import("libopus-wasm");
  const applications = {
    voip: Application.Voip,
    audio: Application.Audio,
    "low-delay": Application.RestrictedLowDelay,
  } as const;
  const loss = options.packetLossPercent ?? 0;
  const encoder = await createEncoder({
    sampleRate: options.sampleRateHz,
    channels: options.channels,
    bitrate: options.bitrateBps ?? 32_000,
    application: applications[options.application ?? "voip"],
    complexity: options.complexity ?? 5,
    packetLossPercent: loss,
    fec: loss > 0,
  });
  return wrap(encoder, options);
}

function wrap(encoder: OpusEncoderHandle, options: OpusEncoderOptions): OpusEncoder {
  const allowed = new Set([2.5, 5, 10, 20, 40, 60].map((ms) => (options.sampleRateHz * ms) / 1000));
  return {
    encode: (pcm) => {
      const frameSize = pcm.length / 2 / options.channels;
      if (!allowed.has(frameSize)) throw new TypeError(`Opus: ${frameSize} samples are no frame`);
      return encoder.encode(bytesOf(samplesOf(pcm)), { frameSize });
    },
    lookaheadSamples: encoder.getLookahead(),
    [Symbol.dispose]: () => encoder.free(),
  };
}
