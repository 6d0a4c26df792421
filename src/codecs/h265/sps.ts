import { WireError } from "../../util/errors.ts";
import { BitReader, unescapeRbsp } from "../bit-reader.ts";
import { readH265Vui } from "./vui.ts";

/** What a sequence parameter set says. */
export interface H265Sps {
  readonly id: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Frames per second of the VUI's timing, if it has one. */
  readonly frameRate?: number;
  /** Profile and level, e.g. "main L93" (level 3.1 is 93). */
  readonly profile: string;
}

const maxSidePx = 16_384;

/** Reads a sequence parameter set, both header bytes included (H.265 7.3.2.2). Throws WireError. */
export function parseH265Sps(nal: Uint8Array): H265Sps {
  if (nal.length < 16 || ((nal[0]! >> 1) & 0x3f) !== 33) throw new WireError("H.265 SPS: not one");
  const bits = new BitReader(unescapeRbsp(nal), 2);
  bits.skip(4); // sps_video_parameter_set_id
  const subLayers = bits.bits(3);
  bits.bit(); // sps_temporal_id_nesting_flag
  const profile = readProfile(bits, subLayers);
  const id = bits.ueMax(15, "H.265 SPS id");
  const chroma = bits.ueMax(3, "H.265 SPS chroma_format_idc");
  const separate = chroma === 3 && bits.flag();
  const codedWidth = bits.ueMax(maxSidePx, "H.265 SPS width");
  const codedHeight = bits.ueMax(maxSidePx, "H.265 SPS height");
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const unitX = !separate && (chroma === 1 || chroma === 2) ? 2 : 1;
  const unitY = !separate && chroma === 1 ? 2 : 1;
  const widthPx = codedWidth - unitX * (crop[0]! + crop[1]!);
  const heightPx = codedHeight - unitY * (crop[2]! + crop[3]!);
  if (widthPx < 1 || heightPx < 1) throw new WireError("H.265 SPS: cropped to nothing");
  const frameRate = readH265Vui(bits, subLayers);
  return { id, widthPx, heightPx, profile, ...(frameRate === undefined ? {} : { frameRate }) };
}

const profileNames: Readonly<Record<number, string>> = { 1: "main", 2: "main10", 3: "main-still", 4: "rext" };

/** profile_tier_level(1, subLayers) (7.3.3). */
function readProfile(bits: BitReader, subLayers: number): string {
  bits.skip(2); // general_profile_space
  const high = bits.flag();
  const profile = bits.bits(5);
  bits.skip(32 + 48); // compatibility and constraint flags
  const level = bits.bits(8);
  const present: [boolean, boolean][] = [];
  for (let i = 0; i < subLayers; i++) present.push([bits.flag(), bits.flag()]);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [hasProfile, hasLevel] of present) bits.skip((hasProfile ? 88 : 0) + (hasLevel ? 8 : 0));
  return `${profileNames[profile] ?? `profile${profile}`} ${high ? "H" : "L"}${level}`;
}
