import { findStartCode, joinAnnexB, splitAnnexB } from "../../codecs/annexb.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { VideoCodec } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpPacket } from "./packet.ts";
import type { Depacketizer, DepacketizerCounters, RtpUnit } from "./unit.ts";
import { type NalPart, readVideoPayload } from "./video-payload.ts";

const maxUnitBytes = 8 * 1024 * 1024;
const maxNals = 4096;
const maxPieces = 32_768;
const nothing = new Uint8Array(0);

/**
 * Access units out of H.264 or H.265 packets. A unit ends with the marker or when the timestamp changes; a camera that
 * sets the marker on every slice is recognised by a second picture piece with the same timestamp, and then only the
 * timestamp counts. One that sends parameter sets and picture as one unit with start codes inside is understood too.
 */
export function createVideoDepacketizer(codec: VideoCodec, fmtp: Readonly<Record<string, string>>): Depacketizer {
  return new VideoDepacketizer(codec, Number(fmtp["sprop-max-don-diff"] ?? 0) > 0);
}

class VideoDepacketizer implements Depacketizer {
  readonly counters: DepacketizerCounters = { malformed: 0, oversized: 0 };
  #nals: Uint8Array[] = [];
  #bytes = 0;
  #pieces: Uint8Array[] | undefined;
  #timestamp: number | undefined;
  #sequence: number | undefined;
  #complete = true;
  #gap = false;
  #dropping = false;
  #lastPictureAt: number | undefined;
  #markerLies = false;
  readonly #codec: VideoCodec;
  readonly #hasDon: boolean;

  constructor(codec: VideoCodec, hasDon: boolean) {
    this.#codec = codec;
    this.#hasDon = hasDon;
  }

  push(packet: RtpPacket): RtpUnit[] {
    const lost = this.#sequence !== undefined && packet.sequence !== ((this.#sequence + 1) & 0xffff);
    this.#sequence = packet.sequence;
    const units: RtpUnit[] = [];
    const changed = this.#timestamp !== undefined && packet.timestamp !== this.#timestamp;
    if (lost) this.#lose();
    if (changed) this.#finish(units);
    if (lost) this.#gap = true;
    this.#timestamp = packet.timestamp;
    this.#take(packet, lost);
    if (packet.marker && !this.#markerLies) this.#finish(units);
    return units;
  }

  spoil(): void {
    this.#lose();
  }

  flush(): RtpUnit[] {
    const units: RtpUnit[] = [];
    this.#complete = false;
    this.#finish(units);
    this.#timestamp = undefined;
    return units;
  }

  #take(packet: RtpPacket, lost: boolean): void {
    try {
      const empty = this.#nals.length === 0 && !this.#pieces;
      const parts = readVideoPayload(packet.payload, { codec: this.#codec, hasDon: this.#hasDon });
      const first = parts[0];
      if (lost && empty && first && !this.#beginsUnit(first)) this.#complete = false;
      for (const part of parts) this.#addPart(part);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed++;
      this.#pieces = undefined;
      this.#complete = false;
      this.#gap = true;
    }
  }

  #beginsUnit(part: NalPart): boolean {
    return part.first && nalFacts[this.#codec].startsUnit(part.bytes);
  }

  #addPart(part: NalPart): void {
    this.#bytes += part.bytes.length;
    if (this.#dropping) return;
    if (this.#bytes > maxUnitBytes || this.#nals.length > maxNals || (this.#pieces?.length ?? 0) > maxPieces) {
      this.#dropping = true;
      this.#nals = [];
      this.#pieces = undefined;
      this.counters.oversized++;
      return;
    }
    if (part.first) {
      if (this.#pieces) this.#lose();
      this.#pieces = [];
    }
    if (!this.#pieces) {
      this.#complete = false;
      return;
    }
    this.#pieces.push(part.bytes);
    if (!part.last) return;
    const nal = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = undefined;
    const joined = nalFacts[this.#codec].setRank(nal) >= 0 && findStartCode(nal) >= 0;
    if (joined) for (const one of splitAnnexB(joinAnnexB([nal]))) this.#addNal(one);
    else this.#addNal(nal);
  }

  #addNal(nal: Uint8Array): void {
    if (nalFacts[this.#codec].isSlice(nal)) {
      const again = this.#nals.length === 0 && this.#lastPictureAt === this.#timestamp;
      if (again && !nalFacts[this.#codec].startsUnit(nal)) this.#markerLies = true;
      this.#lastPictureAt = this.#timestamp;
    }
    this.#nals.push(nal);
  }

  /** A unit in pieces cannot be finished any more. */
  #lose(): void {
    if (this.#nals.length > 0 || this.#pieces) {
      this.#complete = false;
      this.#gap = true;
    }
    this.#pieces = undefined;
  }

  #finish(units: RtpUnit[]): void {
    if (this.#pieces) this.#lose();
    const given = this.#nals.length > 0 && !this.#dropping;
    if (given) {
      const timestamp = this.#timestamp ?? 0;
      units.push({ nals: this.#nals, data: nothing, timestamp, complete: this.#complete, gap: this.#gap });
    }
    this.#nals = [];
    this.#bytes = 0;
    this.#gap = !given && (this.#gap || !this.#complete || this.#dropping); // told by the next unit
    this.#complete = true;
    this.#dropping = false;
  }
}
