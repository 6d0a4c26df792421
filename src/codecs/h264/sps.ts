import { WireError } from "../../util/errors.ts";
import { BitReader, unescapeRbsp } from "../bit-reader.ts";

/** What a sequence parameter set says. */
export interface H264Sps {
  readonly id: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Frames per second of the VUI's timing, if it has one. */
  readonly frameRate?: number;
  /** The VUI says that pictures may come in another order than they are shown. */
  readonly mayReorder?: true;
  /** `profile-level-id`: six hex digits (RFC 6184, 8.1). */
  readonly profile: string;
}

const withChroma = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const maxMacroblocks = 1024;

/** Reads a sequence parameter set, header byte included (H.264 7.3.2.1.1). Throws WireError. */
export function parseH264Sps(nal: Uint8Array): H264Sps {
  if (nal.length < 5 || (nal[0]! & 0x1f) !== 7) throw new WireError("H.264 SPS: not one");
  const bytes = unescapeRbsp(nal);
  const profile = Buffer.from(bytes.subarray(1, 4)).toString("hex");
  const bits = new BitReader(bytes, 4);
  const id = bits.ueMax(31, "H.264 SPS id");
  const chroma = withChroma.has(bytes[1]!) ? readChroma(bits) : { format: 1, separate: false };
  bits.ueMax(12, "H.264 SPS log2_max_frame_num");
  skipPictureOrder(bits);
  bits.ue(); // max_num_ref_frames
  bits.bit(); // gaps_in_frame_num_value_allowed_flag
  const widthMbs = bits.ueMax(maxMacroblocks - 1, "H.264 SPS width") + 1;
  const heightUnits = bits.ueMax(maxMacroblocks - 1, "H.264 SPS height") + 1;
  const fieldFactor = bits.flag() ? 1 : 2;
  if (fieldFactor === 2) bits.bit(); // mb_adaptive_frame_field_flag
  bits.bit(); // direct_8x8_inference_flag
  const crop = bits.flag() ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const unitX = chroma.format === 1 || chroma.format === 2 ? (chroma.separate ? 1 : 2) : 1;
  const unitY = (chroma.format === 1 && !chroma.separate ? 2 : 1) * fieldFactor;
  const widthPx = widthMbs * 16 - (crop[0]! + crop[1]!) * unitX;
  const heightPx = heightUnits * 16 * fieldFactor - (crop[2]! + crop[3]!) * unitY;
  if (widthPx < 1 || heightPx < 1) throw new WireError("H.264 SPS: cropped to nothing");
  return { id, widthPx, heightPx, profile, ...(bits.flag() && readVui(bits)) };
}

function readChroma(bits: BitReader): { format: number; separate: boolean } {
  const format = bits.ueMax(3, "H.264 SPS chroma_format_idc");
  const separate = format === 3 && bits.flag();
  bits.ueMax(6, "H.264 SPS bit depth");
  bits.ueMax(6, "H.264 SPS bit depth");
  bits.bit(); // qpprime_y_zero_transform_bypass_flag
  const lists = bits.flag() ? (format === 3 ? 12 : 8) : 0;
  for (let i = 0; i < lists; i++) {
    const present = bits.flag();
    if (present) skipScaling(bits, i < 6 ? 16 : 64);
  }
  return { format, separate };
}

function skipScaling(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) & 255;
    if (next !== 0) last = next;
  }
}

function skipPictureOrder(bits: BitReader): void {
  const type = bits.ueMax(2, "H.264 SPS pic_order_cnt_type");
  if (type === 0) bits.ueMax(12, "H.264 SPS log2_max_pic_order_cnt");
  if (type !== 1) return;
  bits.bit();
  bits.se();
  bits.se();
  const cycle = bits.ueMax(255, "H.264 SPS num_ref_frames_in_pic_order_cnt_cycle");
  for (let i = 0; i < cycle; i++) bits.se();
}

/** VUI (E.1.1). One that is cut (seen on cameras) says as much as is there, which is no error. */
function readVui(bits: BitReader): Pick<H264Sps, "frameRate" | "mayReorder"> {
  const said: { frameRate?: number; mayReorder?: true } = {};
  try {
    const frameRate = readVuiFrameRate(bits);
    if (frameRate !== undefined) said.frameRate = frameRate;
    if (readReordering(bits)) said.mayReorder = true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return said;
}

function readVuiFrameRate(bits: BitReader): number | undefined {
  if (bits.flag() && bits.bits(8) === 255) bits.skip(32); // aspect ratio
  if (bits.flag()) bits.bit(); // overscan
  if (bits.flag()) {
    bits.skip(4); // video_format, full range
    if (bits.flag()) bits.skip(24); // colours
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  if (!bits.flag()) return undefined;
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  bits.bit(); // fixed_frame_rate_flag
  const rate = timeScale / (2 * unitsInTick);
  return rate >= 0.1 && rate <= 480 ? rate : undefined;
}

/** The rest of the VUI: whether max_num_reorder_frames is more than 0. */
function readReordering(bits: BitReader): boolean {
  const nalHrd = bits.flag();
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.flag();
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.bit(); // low_delay_hrd_flag
  bits.bit(); // pic_struct_present_flag
  if (!bits.flag()) return false;
  bits.bit(); // motion_vectors_over_pic_boundaries_flag
  for (let i = 0; i < 4; i++) bits.ue(); // sizes of pictures and motion vectors
  return bits.ue() > 0;
}

/** hrd_parameters (E.1.2). */
function skipHrd(bits: BitReader): void {
  const count = bits.ueMax(31, "H.264 SPS cpb_cnt") + 1;
  bits.skip(8); // scales
  for (let i = 0; i < count; i++) {
    bits.ue();
    bits.ue();
    bits.bit();
  }
  bits.skip(20); // lengths
}
