import { h264NalType, h264SliceKind, h264Type, isH264Key, isH264Slice, startsH264Unit } from "./h264/index.ts";
import { h265NalType, h265Type, isH265Key, isH265Leading, isH265Slice, startsH265Unit } from "./h265/index.ts";
import { holdsRecoveryPoint } from "./sei.ts";

/** The questions asked about NAL units whatever the codec. All take units without start code. */
export interface NalFacts {
  /** Bytes of the unit's header. */
  readonly headerBytes: number;
  /** Rank of a parameter set in its order of sending (VPS, SPS, PPS), from 0; -1 for other units. */
  setRank(nal: Uint8Array): number;
  /** How many ranks there are: all are needed to decode. */
  readonly setRanks: number;
  isSps(nal: Uint8Array): boolean;
  /** Carries picture data. */
  isSlice(nal: Uint8Array): boolean;
  /** Decoding may start at this access unit. */
  isKey(nals: readonly Uint8Array[]): boolean;
  /**
   * Decoding may start here although it is no key picture: at a recovery point, or at a picture that needs no other. What
   * follows refers to nothing before it, but the picture may take a while to become right.
   */
  isRecovery(nals: readonly Uint8Array[]): boolean;
  /** The picture is predicted from later ones too, as far as that can be told from one access unit. */
  hasBSlice(nals: readonly Uint8Array[]): boolean;
  /** Cannot belong to an access unit that already has a picture. */
  startsUnit(nal: Uint8Array): boolean;
  /** Delimiter or filler, which a hub leaves out. */
  isPadding(nal: Uint8Array): boolean;
}

const h264Sets: readonly number[] = [h264Type.sps, h264Type.pps];
const h265Sets: readonly number[] = [h265Type.vps, h265Type.sps, h265Type.pps];

/** {@link NalFacts} of each codec. An H.264 type is never read off an H.265 unit or the other way round. */
export const nalFacts: Readonly<Record<"h264" | "h265", NalFacts>> = {
  h264: {
    headerBytes: 1,
    setRank: (nal) => h264Sets.indexOf(h264NalType(nal)),
    setRanks: 2,
    isSps: (nal) => h264NalType(nal) === h264Type.sps,
    isSlice: isH264Slice,
    isKey: isH264Key,
    isRecovery: (nals) =>
      nals.some((nal) => h264NalType(nal) === h264Type.sei && holdsRecoveryPoint(nal, 1)) ||
      (nals.some(isH264Slice) && nals.filter(isH264Slice).every((nal) => h264SliceKind(nal) === "I")),
    hasBSlice: (nals) => nals.some((nal) => h264SliceKind(nal) === "B"),
    startsUnit: startsH264Unit,
    isPadding: (nal) => h264NalType(nal) === h264Type.aud || h264NalType(nal) === h264Type.filler,
  },
  h265: {
    headerBytes: 2,
    setRank: (nal) => h265Sets.indexOf(h265NalType(nal)),
    setRanks: 3,
    isSps: (nal) => h265NalType(nal) === h265Type.sps,
    isSlice: isH265Slice,
    isKey: isH265Key,
    isRecovery: (nals) => nals.some((nal) => h265NalType(nal) === h265Type.prefixSei && holdsRecoveryPoint(nal, 2)),
    hasBSlice: (nals) => nals.some(isH265Leading),
    startsUnit: startsH265Unit,
    isPadding: (nal) => h265NalType(nal) === h265Type.aud || h265NalType(nal) === h265Type.filler,
  },
};
