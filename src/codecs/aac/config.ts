import { WireError } from "../../util/errors.ts";
import { BitReader } from "../bit-reader.ts";

/** What an AudioSpecificConfig says. */
export interface AacConfig {
  /** 2 is AAC-LC; 5 (SBR) and 29 (PS) are reported as their core, 2 in all that we met. */
  readonly objectType: number;
  /** Rate that comes out of a decoder: of the extension, if SBR is announced. */
  readonly sampleRateHz: number;
  /** Rate of the core, by which RTP timestamps of 1024 samples go unless the SDP says otherwise. */
  readonly coreRateHz: number;
  readonly channels: number;
}

/** Sampling frequencies by index (ISO 14496-3, table 1.18). */
export const aacRates: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

/** Reads an AudioSpecificConfig (ISO 14496-3, 1.6.2.1), as in `config=` of the SDP. Throws WireError. */
export function parseAacConfig(config: Uint8Array): AacConfig {
  const bits = new BitReader(config.length > 64 ? config.subarray(0, 64) : config);
  let objectType = readObjectType(bits);
  const coreRateHz = readRate(bits);
  const layout = bits.bits(4);
  let sampleRateHz = coreRateHz;
  const parametricStereo = objectType === 29;
  if (objectType === 5 || parametricStereo) {
    sampleRateHz = readRate(bits);
    objectType = readObjectType(bits);
  }
  if (layout > 7) throw new WireError(`AAC: channel configuration ${layout}`);
  const channels = layout === 7 ? 8 : Math.max(1, layout);
  return { objectType, sampleRateHz, coreRateHz, channels: parametricStereo ? 2 : channels };
}

/** An AudioSpecificConfig for AAC-LC: two bytes, or five for a rate that is not in the table. */
export function makeAacConfig(options: { readonly sampleRateHz: number; readonly channels: number }): Uint8Array {
  const { sampleRateHz, channels } = options;
  const layout = channels === 8 ? 7 : channels;
  const index = aacRates.indexOf(sampleRateHz);
  if (index >= 0) return Uint8Array.of((2 << 3) | (index >> 1), ((index & 1) << 7) | (layout << 3));
  const value = (2n << 35n) | (15n << 31n) | (BigInt(sampleRateHz & 0xffffff) << 7n) | (BigInt(layout) << 3n);
  return Uint8Array.from({ length: 5 }, (_, i) => Number((value >> BigInt(32 - i * 8)) & 255n));
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === 15 ? bits.bits(24) : aacRates[index];
  if (!rate || rate > 192_000) throw new WireError(`AAC: sampling frequency ${rate ?? `index ${index}`}`);
  return rate;
}
