import { WireError } from "../util/errors.ts";
import { joinAnnexBInto, newBytes, type TakeBytes } from "./annexb.ts";
import { BitReader, unescapeRbsp } from "./bit-reader.ts";
import { parseH264Sps } from "./h264/index.ts";
import { parseH265Sps } from "./h265/index.ts";
import { nalFacts } from "./nal.ts";
import type { NalCodec, VideoFormat } from "./video-codec.ts";

const none: readonly Uint8Array[] = [];
const maxSets = 32;
const maxSetBytes = 4096;
/** This many pictures with B slices are proof of them. */
const sureOfB = 2;

/**
 * Format of a stream with these parameter sets (any order, without start codes). Size, rate and profile come from the
 * first SPS that can be read; they are missing when there is none, and a broken one is no error here.
 */
export function videoFormat(codec: NalCodec, parameterSets: readonly Uint8Array[]): VideoFormat {
  const { isSps } = nalFacts[codec];
  for (const nal of parameterSets) {
    if (!isSps(nal)) continue;
    const sps = readSps(codec, nal);
    if (!sps) continue;
    const { widthPx, heightPx, frameRate, profile } = sps;
    const mayReorder = "mayReorder" in sps && { mayReorder: true as const };
    const rate = frameRate ? { frameRate } : {};
    return { kind: "video", codec, parameterSets, widthPx, heightPx, profile, ...rate, ...mayReorder };
  }
  return { kind: "video", codec, parameterSets };
}

function readSps(codec: NalCodec, nal: Uint8Array): ReturnType<typeof parseH264Sps> | undefined {
  try {
    return codec === "h264" ? parseH264Sps(nal) : parseH265Sps(nal);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * Keeps the parameter sets of one stream and puts them before each key frame exactly once, so that a viewer can begin
 * at any key frame even if the camera sends its sets seldom, or only in its SDP (`add`). Delimiters and fillers go.
 */
export class ParameterSetKeeper {
  readonly codec: NalCodec;
  #sets = new Map<string, Uint8Array>();
  #changed = new Set<string>();
  #version = 0;
  #bPictures = 0;
  #format: VideoFormat;

  constructor(codec: NalCodec) {
    this.codec = codec;
    this.#format = { kind: "video", codec, parameterSets: [] };
  }

  /** At least one set of each kind is known. */
  get complete(): boolean {
    const ranks = new Set([...this.#sets.keys()].map((key) => key[0]));
    return ranks.size === nalFacts[this.codec].setRanks;
  }

  /** The stream's format as far as its sets and its pictures tell. */
  get format(): VideoFormat {
    return this.#format;
  }

  /** Grows by one whenever a set is new or differs from before, and when it is known that there are B pictures. */
  get version(): number {
    return this.#version;
  }

  /** Remembers sets that came outside the stream (`sprop-parameter-sets`, avcC). Other units are passed over. */
  add(nals: readonly Uint8Array[]): void {
    for (const nal of nals) this.#keep(nal);
  }

  /**
   * One access unit as the hub carries it: Annex B, a key frame beginning with all kept sets. A set in front of another
   * frame is sent only if it is news. Undefined when no picture is in it, or for a key frame whose sets are unknown. With
   * `recovery`, a point from which the picture becomes right counts as a key frame. `take` gives the bytes, new ones by default.
   */
  prepare(
    nals: readonly Uint8Array[],
    options: { readonly recovery?: boolean; readonly take?: TakeBytes } = {},
  ): { readonly data: Uint8Array; readonly key: boolean } | undefined {
    const facts = nalFacts[this.codec];
    const rest: Uint8Array[] = [];
    let hasSlice = false;
    for (const nal of nals) {
      if (this.#keep(nal) || facts.isPadding(nal)) continue;
      rest.push(nal);
      hasSlice ||= facts.isSlice(nal);
    }
    if (!hasSlice) return undefined;
    this.#lookForB(rest);
    const key = facts.isKey(rest) || (options.recovery === true && facts.isRecovery(rest));
    if (key && !this.complete) return undefined;
    const sets = key ? this.#format.parameterSets : this.#news();
    if (this.#changed.size > 0) this.#changed.clear();
    const all = sets.length > 0 ? [...sets, ...rest] : rest;
    return { data: joinAnnexBInto(all, options.take ?? newBytes), key };
  }

  #lookForB(nals: readonly Uint8Array[]): void {
    if (this.#bPictures >= sureOfB || !nalFacts[this.codec].hasBSlice(nals)) return;
    if (++this.#bPictures < sureOfB) return;
    this.#format = { ...this.#format, reordered: true };
    this.#version++;
  }

  #news(): readonly Uint8Array[] {
    if (this.#changed.size === 0) return none;
    return [...this.#changed].sort().flatMap((name) => this.#sets.get(name) ?? []);
  }

  /** True when `nal` is a parameter set, which was taken (or, if absurd, thrown away). */
  #keep(nal: Uint8Array): boolean {
    const rank = nalFacts[this.codec].setRank(nal);
    if (rank < 0) return false;
    if (nal.length > maxSetBytes) return true;
    const name = `${rank}.${setId(this.codec, nal)}`;
    const known = this.#sets.get(name);
    if (known && Buffer.compare(known, nal) === 0) return true;
    if (!known && this.#sets.size >= maxSets) return true;
    this.#sets.set(name, new Uint8Array(nal));
    this.#changed.add(name);
    this.#version++;
    const sorted = [...this.#sets.keys()].sort().flatMap((key) => this.#sets.get(key) ?? []);
    const reordered = this.#bPictures >= sureOfB;
    this.#format = { ...videoFormat(this.codec, sorted), ...(reordered && { reordered }) };
    return true;
  }
}

/** The id within its kind; 0, most streams' only one, for one that cannot be read. Two digits, sortable. */
function setId(codec: NalCodec, nal: Uint8Array): string {
  return String(Math.min(99, readSetId(codec, nal))).padStart(2, "0");
}

function readSetId(codec: NalCodec, nal: Uint8Array): number {
  const facts = nalFacts[codec];
  try {
    if (codec === "h265" && facts.setRank(nal) === 0) return (nal[2] ?? 0) >> 4;
    if (codec === "h265" && facts.isSps(nal)) return parseH265Sps(nal).id;
    return new BitReader(unescapeRbsp(nal, 64), facts.isSps(nal) ? 4 : facts.headerBytes).ue();
  } catch (error) {
    if (error instanceof WireError) return 0;
    throw error;
  }
}
