import { trimNal } from "./annexb.ts";
import { parameterSetAt } from "./sniff.ts";
import type { NalCodec } from "./video-codec.ts";

type Mode = "search" | "start-codes" | "lengths";

/**
 * Cuts an unframed byte stream into NAL units. It may be Annex B with 3- or 4-byte start codes, packs with 4-byte
 * lengths (AVCC), or both in turn, as hooked encoders send it; it begins and resumes anywhere. Garbage is passed over
 * up to the next start code or length-prefixed parameter set; a unit beyond `maxBytes` is thrown away and counted.
 */
export class StreamFraming {
  /** Units thrown away because they were too long. */
  oversized = 0;
  /** How often the stream had to be searched for a beginning, the first time not counted. */
  resyncs = 0;
  #buffer: Uint8Array = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #scan = 0;
  #mode: Mode = "search";
  #lengthsCodec: NalCodec = "h264";
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The units that `chunk` completes, as copies. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#append(chunk);
    const nals: Uint8Array[] = [];
    while (this.#step(nals)) if (this.#start === this.#end) break;
    return nals;
  }

  /**
   * The beginning of the unit under way (a view, at most 4 bytes, empty between units): its kind is known before it is
   * whole.
   */
  get pending(): Uint8Array {
    if (this.#mode !== "start-codes") return this.#buffer.subarray(0, 0);
    return this.#buffer.subarray(this.#start, Math.min(this.#start + 4, this.#end));
  }

  /** The unit under way, if the stream ends here; what follows is searched for a beginning. */
  flush(): Uint8Array[] {
    const nal = this.#mode === "start-codes" ? trimNal(this.#buffer, this.#start, this.#end).slice() : undefined;
    this.#mode = "search";
    this.#start = this.#end = this.#scan = 0;
    return nal && nal.length > 0 ? [nal] : [];
  }

  #append(chunk: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      const needed = held + chunk.length;
      const target = needed > this.#buffer.length ? new Uint8Array(Math.max(needed, held * 2)) : this.#buffer;
      target.set(this.#buffer.subarray(this.#start, this.#end));
      this.#scan -= this.#start;
      this.#buffer = target;
      this.#start = 0;
      this.#end = held;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Goes on by one unit or state; false when more bytes are needed. */
  #step(nals: Uint8Array[]): boolean {
    if (this.#mode === "lengths") return this.#stepLengths(nals);
    const found = this.#findBoundary();
    if (found && this.#mode === "start-codes") this.#emit(nals, found.at);
    if (found) {
      this.#mode = found.mode;
      this.#start = found.next;
      this.#scan = found.next;
      return true;
    }
    if (this.#mode === "search") this.#start = Math.min(this.#scan, this.#end);
    else if (this.#end - this.#start > this.#maxBytes) this.#giveUp();
    return false;
  }

  #stepLengths(nals: Uint8Array[]): boolean {
    const held = this.#end - this.#start;
    if (held < 6) return false;
    const length = new DataView(this.#buffer.buffer).getUint32(this.#start);
    if (length === 1) {
      this.#mode = "start-codes";
      this.#start += 4;
    } else if (length > this.#maxBytes || !this.#plausible(this.#start + 4)) {
      this.#mode = "search";
      this.resyncs++;
    } else {
      if (held < 4 + length) return false;
      this.#start += 4;
      if (this.#intact(this.#start + length)) {
        this.#emit(nals, this.#start + length);
        this.#start += length;
      } else {
        this.#mode = "search";
        this.resyncs++;
      }
    }
    this.#scan = this.#start;
    return true;
  }

  /**
   * False when the unit up to `end` holds what emulation prevention forbids: the sender cut it short, and this is
   * already the beginning of the next one.
   */
  #intact(end: number): boolean {
    const last = trimNal(this.#buffer, this.#start, end).length + this.#start - 3;
    for (let i = this.#start; i <= last; ) {
      if (this.#buffer[i + 2]! > 2) i += 3;
      else if (this.#buffer[i] === 0 && this.#buffer[i + 1] === 0) return false;
      else i++;
    }
    return true;
  }

  #plausible(at: number): boolean {
    const first = this.#buffer[at]!;
    if (this.#lengthsCodec === "h265") return (first & 0x81) === 0 && first >> 1 <= 40 && this.#buffer[at + 1]! < 8;
    const type = first & 0x1f;
    return (first & 0x80) === 0 && ((type >= 5 && type <= 12) || type === 1);
  }

  /**
   * The next start code or length-prefixed parameter set. Three zeros never stand inside a unit, so a length below 256
   * is seen even amid start codes. Leaves `#scan` where the next search has to begin.
   */
  #findBoundary(): { readonly at: number; readonly next: number; readonly mode: Mode } | undefined {
    const buffer = this.#buffer;
    const end = this.#end;
    let i = Math.max(this.#scan, this.#start);
    while (i + 3 <= end) {
      const third = buffer[i + 2]!;
      if (third > 1) i += 3;
      else if (buffer[i] !== 0 || buffer[i + 1] !== 0) i++;
      else if (third === 1) return { at: i, next: i + 3, mode: "start-codes" };
      else {
        const set = parameterSetAt(buffer, i, end);
        if (set === "need-more") break;
        if (set !== undefined) {
          this.#lengthsCodec = set;
          return { at: i, next: i, mode: "lengths" };
        }
        i++;
      }
    }
    this.#scan = i;
    return undefined;
  }

  #emit(nals: Uint8Array[], end: number): void {
    const nal = trimNal(this.#buffer, this.#start, end);
    if (nal.length > this.#maxBytes) this.oversized++;
    else if (nal.length > 0) nals.push(nal.slice());
  }

  #giveUp(): void {
    this.oversized++;
    this.resyncs++;
    this.#mode = "search";
    this.#start = this.#scan = Math.max(this.#start, this.#end - 3);
    const rest = this.#buffer.slice(this.#start, this.#end);
    this.#buffer = new Uint8Array(64 * 1024);
    this.#buffer.set(rest);
    this.#start = this.#scan = 0;
    this.#end = rest.length;
  }
}
