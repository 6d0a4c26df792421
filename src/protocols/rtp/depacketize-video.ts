import { findStartCode, joinAnnexB, splitAnnexB } from "../../codecs/annexb.ts";
import { type NalFacts, nalFacts } from "../../codecs/nal.ts";
import type { NalCodec } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";
import { PictureMemory } from "./nal-assembly.ts";
import type { RtpPacket } from "./packet.ts";
import type { QuirkCode } from "./quirks.ts";
import type { Depacketizer, DepacketizerCounters, RtpUnit } from "./unit.ts";
import { beginsWithStartCode, type NalPart, readVideoPayload } from "./video-payload.ts";

const maxUnitBytes = 8 * 1024 * 1024;
const maxNals = 4096;
const maxPieces = 32_768;
const nothing = new Uint8Array(0);

/** This many pictures have to end with their marker before it is believed at once. */
const trustAfter = 3;
/** As many units are searched for start codes inside; later only those that are not mere pictures, unless one was found. */
const searchedNals = 12;
/** A piece of byte stream of this length may go on in the next packet. */
const fullPacketBytes = 1000;

/** Options of {@link createVideoDepacketizer}. */
export interface VideoDepacketizerOptions {
  readonly codec: NalCodec;
  readonly fmtp: Readonly<Record<string, string>>;
  readonly onQuirk?: (quirk: QuirkCode) => void;
}

/**
 * Access units out of H.264 or H.265 packets. A unit ends with the marker or when the timestamp changes. The marker is
 * believed once some pictures of several pieces ended with it: a camera that sets it on every slice is recognised by a
 * second piece of the same picture, and then only the timestamp and the beginnings of pictures count. Units with start
 * codes inside, and packets that are pieces of byte stream, are understood too.
 */
export function createVideoDepacketizer(options: VideoDepacketizerOptions): Depacketizer {
  return new VideoDepacketizer(options);
}

class VideoDepacketizer implements Depacketizer {
  readonly counters: DepacketizerCounters = { malformed: 0, oversized: 0 };
  readonly borrows = true;
  #nals: Uint8Array[] = [];
  #bytes = 0;
  /** Pieces of the unit under way that came; undefined when none is. */
  #pieces: number | undefined;
  readonly #memory = new PictureMemory();
  #timestamp: number | undefined;
  #sequence: number | undefined;
  #complete = true;
  #gap = false;
  #dropping = false;
  /** The unit under way has a picture piece. */
  #hasSlice = false;
  /** The marker came, and whether it ends the unit is to be seen by the next packet. */
  #marked = false;
  /** The marker stood for a while already. */
  #settling = false;
  /** Pictures that ended with their marker; undefined once a marker stood elsewhere. */
  #honest: number | undefined = 0;
  /** Payloads of a unit that travels as byte stream. */
  #stream: Uint8Array[] | undefined;
  #startCodes = false;
  #searched = 0;
  readonly #facts: NalFacts;
  readonly #codec: NalCodec;
  readonly #hasDon: boolean;
  readonly #onQuirk: (quirk: QuirkCode) => void;

  constructor(options: VideoDepacketizerOptions) {
    this.#codec = options.codec;
    this.#facts = nalFacts[options.codec];
    this.#hasDon = Number(options.fmtp["sprop-max-don-diff"] ?? 0) > 0;
    this.#onQuirk = options.onQuirk ?? (() => {});
  }

  push(packet: RtpPacket): RtpUnit[] {
    const lost = this.#sequence !== undefined && packet.sequence !== ((this.#sequence + 1) & 0xffff);
    this.#sequence = packet.sequence;
    this.#memory.called();
    const units: RtpUnit[] = [];
    const changed = this.#timestamp !== undefined && packet.timestamp !== this.#timestamp;
    const ended = changed && this.#marked;
    if (lost && !ended) this.#lose();
    if (ended && this.#honest !== undefined) this.#honest++;
    if (changed) this.#finish(units);
    if (lost) this.#gap = true;
    this.#timestamp = packet.timestamp;
    this.#take(packet, { lost, units });
    if (packet.marker) this.#mark(units);
    return units;
  }

  /** A marker that is not believed yet only ends the unit when the next packet shows that it did. */
  #mark(units: RtpUnit[]): void {
    if (this.#pieces !== undefined) this.#distrust(); // in the middle of a unit it ends nothing
    if (this.#honest === undefined) return;
    if (this.#honest >= trustAfter || !this.#hasSlice) this.#finish(units);
    else this.#marked = true;
  }

  get waits(): boolean {
    return this.#marked || this.#settling;
  }

  settle(): RtpUnit[] {
    this.#memory.called();
    const units: RtpUnit[] = [];
    if (this.#marked && this.#settling) this.#finish(units);
    this.#settling = this.#marked;
    return units;
  }

  spoil(): void {
    this.#lose();
  }

  flush(): RtpUnit[] {
    this.#memory.called();
    const units: RtpUnit[] = [];
    if (!this.#marked) this.#complete = false;
    this.#finish(units);
    this.#timestamp = undefined;
    return units;
  }

  #take(packet: RtpPacket, context: { readonly lost: boolean; readonly units: RtpUnit[] }): void {
    try {
      if (this.#takeStream(packet, context.units)) return;
      const empty = this.#nals.length === 0 && this.#pieces === undefined;
      const { parts, filled, cut } = readVideoPayload(packet.payload, { codec: this.#codec, hasDon: this.#hasDon });
      const first = parts[0];
      if (context.lost && empty && first && !this.#beginsUnit(first)) this.#complete = false;
      for (const part of parts) this.#addPart(part, context.units);
      if (filled) this.#onQuirk("aggregate-padding");
      if (cut) this.#spoilt();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#pieces = undefined;
      this.#spoilt();
    }
  }

  #spoilt(): void {
    this.counters.malformed++;
    this.#complete = false;
    this.#gap = true;
  }

  /** Takes a packet that is a piece of byte stream; false for any other. */
  #takeStream({ payload, marker }: RtpPacket, units: RtpUnit[]): boolean {
    const begins = beginsWithStartCode(payload);
    if (!begins && !this.#stream) return false;
    if (begins) this.#onQuirk("start-codes");
    this.#bytes += payload.length;
    this.#stream ??= [];
    if (this.#bytes <= maxUnitBytes) this.#stream.push(new Uint8Array(payload));
    if (marker || payload.length < fullPacketBytes) this.#endStream(units);
    return true;
  }

  #endStream(units: RtpUnit[]): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream) for (const nal of splitAnnexB(Buffer.concat(stream))) this.#addNal(nal, units);
  }

  #beginsUnit(part: NalPart): boolean {
    return (
      part.first && this.#facts.startsUnit(Buffer.concat([part.header ?? nothing, part.bytes.subarray(part.from)]))
    );
  }

  #addPart(part: NalPart, units: RtpUnit[]): void {
    this.#bytes += part.bytes.length - part.from;
    if (this.#dropping) return;
    if (this.#bytes > maxUnitBytes || this.#nals.length > maxNals || (this.#pieces ?? 0) > maxPieces) {
      this.#dropping = true;
      this.#nals = [];
      this.#pieces = undefined;
      this.counters.oversized++;
      return;
    }
    if (part.first) {
      if (this.#pieces !== undefined) this.#lose();
      this.#pieces = 0;
      this.#memory.begin();
    }
    if (this.#pieces === undefined) {
      this.#complete = false;
      return;
    }
    this.#pieces++;
    if (part.header) this.#memory.add(part.header);
    this.#memory.add(part.bytes, part.from);
    if (!part.last) return;
    this.#pieces = undefined;
    for (const one of this.#apart(this.#memory.take())) this.#addNal(one, units);
  }

  /** The units in one, if there are start codes inside; pieces of a header only are what a sender left of a start code. */
  #apart(nal: Uint8Array): readonly Uint8Array[] {
    const search = this.#startCodes || this.#searched < searchedNals || !this.#facts.isSlice(nal);
    this.#searched++;
    if (!search || (findStartCode(nal) < 0 && !beginsWithStartCode(nal))) return [nal];
    this.#startCodes = true;
    this.#onQuirk("start-codes");
    return splitAnnexB(joinAnnexB([nal])).filter((one) => one.length > this.#facts.headerBytes);
  }

  #addNal(nal: Uint8Array, units: RtpUnit[]): void {
    const slice = this.#facts.isSlice(nal);
    const begins = this.#hasSlice && this.#facts.startsUnit(nal);
    if (begins && this.#marked && this.#honest !== undefined) this.#honest++;
    const ends = begins && (this.#marked || this.#honest === undefined);
    if (ends) this.#finish(units);
    else if (slice && this.#marked) this.#distrust();
    this.#marked = false;
    this.#hasSlice ||= slice;
    this.#nals.push(ends ? this.#memory.again(nal) : nal);
  }

  /** A picture went on behind its marker: from now on only what begins a picture ends the one before. */
  #distrust(): void {
    if (this.#honest === undefined) return;
    this.#honest = undefined;
    this.#onQuirk("early-marker");
  }

  /** A unit in pieces cannot be finished any more. */
  #lose(): void {
    if (this.#nals.length > 0 || this.#pieces !== undefined) {
      this.#complete = false;
      this.#gap = true;
    }
    this.#pieces = undefined;
  }

  #finish(units: RtpUnit[]): void {
    this.#endStream(units);
    if (this.#pieces !== undefined) this.#lose();
    const given = this.#nals.length > 0 && !this.#dropping;
    this.#memory.over(given);
    if (given) {
      const timestamp = this.#timestamp ?? 0;
      units.push({ nals: this.#nals, data: nothing, timestamp, complete: this.#complete, gap: this.#gap });
    }
    this.#nals = [];
    this.#bytes = 0;
    this.#hasSlice = false;
    this.#marked = false;
    this.#gap = !given && (this.#gap || !this.#complete || this.#dropping); // told by the next unit
    this.#complete = true;
    this.#dropping = false;
  }
}
