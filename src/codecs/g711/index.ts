import { bytesOf, samplesOf } from "../pcm/samples.ts";

/** The two laws of G.711: "pcmu" is mu-law, "pcma" A-law. */
export type G711Codec = "pcmu" | "pcma";

/** s16le samples of G.711 bytes (ITU-T G.711). Any byte is valid. */
export function decodeG711(codec: G711Codec, coded: Uint8Array): Uint8Array {
  const table = tableOf(codec).decode;
  return bytesOf(Int16Array.from(coded, (byte) => table[byte]!));
}

/** G.711 bytes of s16le samples, one for each (ITU-T G.711); an odd last byte is left out. */
export function encodeG711(codec: G711Codec, pcm: Uint8Array): Uint8Array {
  const table = tableOf(codec).encode;
  return Uint8Array.from(samplesOf(pcm), (sample) => table[sample + 32_768]!);
}

/** What silence is in each law. */
export const g711Silence: Readonly<Record<G711Codec, number>> = { pcmu: 0xff, pcma: 0xd5 };

function decodeMuLaw(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
  return value & 0x80 ? -magnitude : magnitude;
}

function encodeMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

function decodeALaw(byte: number): number {
  const value = byte ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = ((value & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
}

function encodeALaw(sample: number): number {
  const positive = sample >= 0;
  const magnitude = (positive ? sample : -sample - 1) >> 3;
  const exponent = magnitude < 32 ? 0 : 27 - Math.clz32(magnitude);
  const coded = (exponent << 4) | ((magnitude >> Math.max(1, exponent)) & 0x0f);
  return coded ^ 0x55 ^ (positive ? 0x80 : 0);
}

function table(decode: (byte: number) => number, encode: (sample: number) => number) {
  return {
    decode: Int16Array.from({ length: 256 }, (_, byte) => decode(byte)),
    encode: Uint8Array.from({ length: 65_536 }, (_, i) => encode(i - 32_768)),
  };
}

/** Made at their first use: both together take several milliseconds of a start. */
const made: Partial<Record<G711Codec, ReturnType<typeof table>>> = {};

function tableOf(codec: G711Codec) {
  made[codec] ??= codec === "pcmu" ? table(decodeMuLaw, encodeMuLaw) : table(decodeALaw, encodeALaw);
  return made[codec];
}
