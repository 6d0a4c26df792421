import { quantizationTables, writeJpeg } from "../../codecs/jpeg/index.ts";
import { WireError } from "../../util/errors.ts";
import { type JpegPayload, readJpegPayload } from "./jpeg-payload.ts";
import type { RtpPacket } from "./packet.ts";
import type { Depacketizer, RtpUnit } from "./unit.ts";

/** Longest coded picture. */
const maxBytes = 8 * 1024 * 1024;

/** JPEG pictures out of RTP payloads (RFC 2435): each unit's data is a JPEG file. One with a hole is left out. */
export function createJpegDepacketizer(): Depacketizer {
  return new JpegDepacketizer();
}

interface Picture {
  readonly timestamp: number;
  readonly first: JpegPayload | undefined;
  readonly scan: Uint8Array[];
  bytes: number;
  whole: boolean;
}

class JpegDepacketizer implements Depacketizer {
  readonly counters = { malformed: 0, oversized: 0 };
  readonly borrows = false;
  #picture: Picture | undefined;
  #gap = false;
  /** Tables that a camera sends only now and then, by the quality that they belong to. */
  readonly #tables = new Map<number, Uint8Array>();

  push({ payload, timestamp, marker }: RtpPacket): RtpUnit[] {
    const read = this.#read(payload);
    if (!read) {
      this.spoil();
      return [];
    }
    if (this.#picture?.timestamp !== timestamp) this.#begin(timestamp, read);
    const picture = this.#picture!;
    if (read.offset !== picture.bytes) picture.whole = false;
    picture.bytes += read.data.length;
    if (picture.bytes > maxBytes) {
      this.counters.oversized++;
      this.spoil();
      return [];
    }
    if (picture.whole) picture.scan.push(read.data);
    return marker ? this.#end() : [];
  }

  spoil(): void {
    if (this.#picture) this.#picture.whole = false;
    this.#gap = true;
  }

  flush(): RtpUnit[] {
    this.#picture = undefined;
    return [];
  }

  #read(payload: Uint8Array): JpegPayload | undefined {
    try {
      return readJpegPayload(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed++;
      return undefined;
    }
  }

  #begin(timestamp: number, read: JpegPayload): void {
    if (this.#picture) this.#gap = true; // its end was lost
    if (read.tables) this.#tables.set(read.quality, read.tables);
    this.#picture = { timestamp, first: read.offset === 0 ? read : undefined, scan: [], bytes: 0, whole: true };
  }

  #end(): RtpUnit[] {
    const picture = this.#picture;
    this.#picture = undefined;
    const first = picture?.first;
    const quantization = first && this.#quantization(first.quality);
    if (!picture?.whole || !first || !quantization) {
      this.#gap = true;
      return [];
    }
    const data = writeJpeg({ ...first, quantization, scan: picture.scan });
    const unit: RtpUnit = { nals: [], data, timestamp: picture.timestamp, complete: true, gap: this.#gap };
    this.#gap = false;
    return [unit];
  }

  #quantization(quality: number): Uint8Array | undefined {
    if (quality >= 128) return this.#tables.get(quality);
    return quality > 0 && quality < 100 ? quantizationTables(quality) : undefined;
  }
}
