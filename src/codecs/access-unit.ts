import { splitGluedPack } from "./glued-pack.ts";
import { nalFacts } from "./nal.ts";
import { sniffCodec } from "./sniff.ts";
import { StreamFraming } from "./stream-framing.ts";
import type { NalCodec } from "./video-codec.ts";

/** One picture with what belongs to it: NAL units without start codes, in their order. */
export interface AccessUnit {
  readonly codec: NalCodec;
  readonly nals: Uint8Array[];
  /** Decoding may start here, if the parameter sets are known. */
  readonly key: boolean;
}

/** Options of {@link AccessUnitSplitter}. */
export interface AccessUnitSplitterOptions {
  /** Configured, or found out from the first parameter set. */
  readonly codec?: NalCodec;
  /** Longest access unit; 8 MiB by default. */
  readonly maxBytes?: number;
}

const maxNals = 4096;

/**
 * Access units out of an unframed byte stream of H.264 or H.265 (H.264 7.4.1.2.3, H.265 7.4.2.4.4), which may come in
 * pieces of any size. A unit is known to be over when the next one begins, were it with a mere delimiter (a sender that
 * puts one behind each picture spares its viewers a frame's delay); `flush` says that the stream ends. What comes
 * before the first parameter set of an unknown codec is passed over. Never throws; memory is bounded by `maxBytes`.
 */
export class AccessUnitSplitter {
  #codec: NalCodec | undefined;
  #nals: Uint8Array[] = [];
  #bytes = 0;
  #hasSlice = false;
  #skipping = false;
  #oversized = 0;
  readonly #maxBytes: number;
  readonly #framing: StreamFraming;

  constructor(options: AccessUnitSplitterOptions = {}) {
    this.#codec = options.codec;
    this.#maxBytes = options.maxBytes ?? 8 * 1024 * 1024;
    this.#framing = new StreamFraming(this.#maxBytes);
  }

  /** The codec, once told or found. */
  get codec(): NalCodec | undefined {
    return this.#codec;
  }

  /** Units dropped because they were too long. */
  get oversized(): number {
    return this.#oversized + this.#framing.oversized;
  }

  /** How often the stream's framing was lost. */
  get resyncs(): number {
    return this.#framing.resyncs;
  }

  /** The access units that `chunk` completes. */
  push(chunk: Uint8Array): AccessUnit[] {
    const units: AccessUnit[] = [];
    for (const nal of this.#framing.push(chunk)) this.#add(nal, units);
    const next = this.#framing.pending;
    const known = this.#codec && this.#hasSlice && next.length >= nalFacts[this.#codec].headerBytes;
    if (known && nalFacts[this.#codec!].startsUnit(next)) this.#finish(units);
    return units;
  }

  /** The unit under way: the stream ends here, or starts again. */
  flush(): AccessUnit[] {
    const units: AccessUnit[] = [];
    for (const nal of this.#framing.flush()) this.#add(nal, units);
    this.#finish(units);
    return units;
  }

  #add(nal: Uint8Array, units: AccessUnit[]): void {
    this.#codec ??= sniffCodec(nal);
    if (!this.#codec) return;
    const facts = nalFacts[this.#codec];
    const glued = facts.isSlice(nal) ? undefined : splitGluedPack(nal);
    if (glued) {
      this.#add(glued.set, units);
      this.#add(glued.pack, units);
      return;
    }
    const starts = facts.startsUnit(nal);
    if (this.#hasSlice && starts) this.#finish(units);
    if (this.#skipping && !starts) return;
    this.#skipping = false;
    if (this.#bytes + nal.length > this.#maxBytes || this.#nals.length >= maxNals) {
      this.#drop();
      return;
    }
    this.#nals.push(nal);
    this.#bytes += nal.length;
    this.#hasSlice ||= facts.isSlice(nal);
  }

  #drop(): void {
    this.#oversized++;
    this.#skipping = true;
    this.#reset();
  }

  #finish(units: AccessUnit[]): void {
    const codec = this.#codec;
    if (codec && this.#hasSlice) units.push({ codec, nals: this.#nals, key: nalFacts[codec].isKey(this.#nals) });
    this.#reset();
  }

  #reset(): void {
    this.#nals = [];
    this.#bytes = 0;
    this.#hasSlice = false;
  }
}
