import type { VideoFormat } from "./format.ts";

/**
 * Why a picture cannot be shown as it is: its codec is not offered, its kind of H.264 is decoded nowhere, its pictures come in
 * another order than they are shown, or none of them is whole, so that nobody can begin.
 */
export const whysConverted = ["codec", "profile", "reordered", "no-keys"] as const;

/** One of {@link whysConverted}. */
export type WhyConverted = (typeof whysConverted)[number];

/** Profiles of H.264 that browsers decode: Baseline, Main, Extended and High, with 8 bits and 4:2:0 (RFC 6184, table 5). */
const shownProfiles = /^(42|4d|58|64)/i;

/**
 * Why whoever made this offer would not see a picture of this format as it is; undefined when they would. WebRTC shows
 * pictures in the order in which they come, so B pictures are for no browser.
 */
export function whyConverted(format: VideoFormat, offerSdp: string): WhyConverted | undefined {
  if (!offers(format, offerSdp)) return "codec";
  if (format.codec === "h264" && format.profile && !shownProfiles.test(format.profile)) return "profile";
  if (format.reordered) return "reordered";
  return format.withoutKeys ? "no-keys" : undefined;
}

function offers({ codec }: VideoFormat, offerSdp: string): boolean {
  return codec === "h264" || (codec === "h265" && /\bH265\/90000/i.test(offerSdp));
}
