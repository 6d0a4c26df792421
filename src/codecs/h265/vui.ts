import { WireError } from "../../util/errors.ts";
import type { BitReader } from "../bit-reader.ts";

/**
 * Frame rate out of the rest of an SPS, from `log2_max_pic_order_cnt` to the VUI's timing (H.265 7.3.2.2, E.2.1);
 * undefined if there is none. `bits` stands after the bit depths' predecessor, the conformance window. A cut or odd
 * tail means no frame rate, which is no error: size and profile were read before it.
 */
export function readH265Vui(bits: BitReader, subLayers: number): number | undefined {
  try {
    return readTail(bits, subLayers);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function readTail(bits: BitReader, subLayers: number): number | undefined {
  bits.ue(); // bit_depth_luma
  bits.ue(); // bit_depth_chroma
  const orderBits = bits.ueMax(12, "H.265 SPS log2_max_pic_order_cnt") + 4;
  for (let i = bits.flag() ? 0 : subLayers; i <= subLayers; i++) for (let j = 0; j < 3; j++) bits.ue();
  for (let i = 0; i < 6; i++) bits.ue(); // block sizes and transform depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp, sample adaptive offset
  if (bits.flag()) {
    bits.skip(8); // pcm bit depths
    bits.ue();
    bits.ue();
    bits.bit();
  }
  skipShortTermSets(bits);
  if (bits.flag()) {
    const count = bits.ueMax(32, "H.265 SPS num_long_term_ref_pics");
    bits.skip(count * (orderBits + 1));
  }
  bits.skip(2); // temporal mvp, strong intra smoothing
  return bits.flag() ? readTiming(bits) : undefined;
}

function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue();
        continue;
      }
      if (size > 1) bits.se();
      for (let i = 0; i < Math.min(64, 1 << (4 + (size << 1))); i++) bits.se();
    }
  }
}

/**
 * st_ref_pic_set() of the SPS (7.3.7); only the number of pictures of each set matters, for the next one's prediction.
 */
function skipShortTermSets(bits: BitReader): void {
  const count = bits.ueMax(64, "H.265 SPS num_short_term_ref_pic_sets");
  let pictures = 0;
  for (let i = 0; i < count; i++) {
    if (i > 0 && bits.flag()) {
      bits.bit(); // delta_rps_sign
      bits.ue(); // abs_delta_rps
      let kept = 0;
      for (let j = 0; j <= pictures; j++) if (bits.flag() || bits.flag()) kept++;
      pictures = kept;
      continue;
    }
    const negative = bits.ueMax(16, "H.265 SPS num_negative_pics");
    const positive = bits.ueMax(16, "H.265 SPS num_positive_pics");
    pictures = negative + positive;
    for (let j = 0; j < pictures; j++) {
      bits.ue();
      bits.bit();
    }
  }
}

function readTiming(bits: BitReader): number | undefined {
  if (bits.flag() && bits.bits(8) === 255) bits.skip(32); // aspect ratio
  if (bits.flag()) bits.bit(); // overscan
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  bits.skip(3); // neutral chroma, field_seq, frame_field_info
  if (bits.flag()) for (let i = 0; i < 4; i++) bits.ue(); // default display window
  if (!bits.flag()) return undefined;
  const unitsInTick = bits.bits(32);
  const rate = bits.bits(32) / unitsInTick;
  return rate >= 0.1 && rate <= 480 ? rate : undefined;
}
