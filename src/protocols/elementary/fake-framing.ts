import { joinAnnexB } from "../../codecs/annexb.ts";
import type { NalCodec } from "../../codecs/video-codec.ts";

/**
 * How an encoder of this family puts a unit on the wire: with 4-byte or 3-byte start codes, or as AVCC
 * packs (each unit after its 4-byte length).
 */
export type FakeFraming = "start-codes" | "short-start-codes" | "avcc";

const delimiters: Readonly<Record<NalCodec, Uint8Array>> = {
  h264: Uint8Array.of(0x09, 0xf0),
  h265: Uint8Array.of(0x46, 0x01, 0x50),
};

/** Bytes of one access unit as the fake's encoder and hook send it. */
export function frameUnit(
  unit: readonly Uint8Array[],
  options: { readonly codec: NalCodec; readonly framing?: FakeFraming; readonly delimiters?: boolean },
): Uint8Array {
  const nals = options.delimiters ? [...unit, delimiters[options.codec]] : unit;
  switch (options.framing ?? "start-codes") {
    case "start-codes":
      return joinAnnexB(nals);
    case "short-start-codes":
      return Buffer.concat(nals.flatMap((nal) => [Uint8Array.of(0, 0, 1), nal]));
    case "avcc":
      return Buffer.concat(nals.flatMap((nal) => [lengthOf(nal), nal]));
  }
}

function lengthOf(nal: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, nal.length);
  return length;
}
