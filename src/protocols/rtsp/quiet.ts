import { decodeG711 } from "../../codecs/g711/index.ts";
import { isQuietPcm } from "../../media/blocks.ts";
import type { AudioFormat } from "../../media/format.ts";

/** A test for packets that nobody would miss; undefined for codecs in which only a decoder could tell. */
export function quietTest(format: AudioFormat): ((data: Uint8Array) => boolean) | undefined {
  const { codec } = format;
  if (codec === "pcm_s16le") return isQuietPcm;
  if (codec === "pcmu" || codec === "pcma") return (data) => isQuietPcm(decodeG711(codec, data));
  return undefined;
}
