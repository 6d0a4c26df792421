/**
 * Records of the hook's sound port (native/camera-hook/WIRE.md). Little-endian.
 *
 *     0        4    5    6     8      12       16          24
 *     | "DWS1" |type|chan|flags| rate | length | timestamp | samples ...
 *
 * Samples are signed 16-bit PCM, interleaved. Pure: throws WireError only.
 */
import { WireError } from "../../util/errors.ts";

const headBytes = 24;
/** Most bytes behind a head. */
const maxLength = 16_384;
/** Most bytes of samples in a record of speech. */
export const maxSpeechBytes = 4096;
const maxRateHz = 192_000;

const types = { sound: 1, speaker: 2, speech: 3 } as const;
const soundFlags = { gap: 1 } as const;
const speakerFlags = { ready: 1, busy: 2, taken: 4, yours: 8 } as const;

/** What the microphone hears: one block of the vendor's. */
export interface SoundRecord {
  readonly type: "sound";
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  /** The vendor's clock, µs; 0 if it is beyond what a number holds. */
  readonly timestampUs: number;
  /** Some sound before this record is missing. */
  readonly gap: boolean;
  /** pcm_s16le; a copy. */
  readonly samples: Uint8Array;
}

/** How the camera's speaker is. */
export interface SpeakerRecord {
  readonly type: "speaker";
  /** The format in which speech must come; 0 if there is no talk-back. */
  readonly sampleRateHz: number;
  readonly channels: 0 | 1 | 2;
  /** It takes speech. */
  readonly ready: boolean;
  /** The firmware's own sound is on it. */
  readonly busy: boolean;
  /** Another client speaks. */
  readonly taken: boolean;
  /** We speak. */
  readonly yours: boolean;
}

/** What a client says; without samples: the end. */
export interface SpeechRecord {
  readonly type: "speech";
  readonly sampleRateHz: number;
  readonly channels: 1 | 2;
  readonly samples: Uint8Array;
}

/** Any record of the sound port. */
export type HookRecord = SoundRecord | SpeakerRecord | SpeechRecord;

/** Bytes of one record. Throws WireError for one that no peer would take. */
export function encodeRecord(record: HookRecord): Uint8Array {
  const samples = record.type === "speaker" ? new Uint8Array(0) : record.samples;
  if (samples.length > (record.type === "speech" ? maxSpeechBytes : maxLength)) {
    throw new WireError(`record cannot be written: ${samples.length} bytes are too many`);
  }
  const bytes = new Uint8Array(headBytes + samples.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x44, 0x57, 0x53, 0x31, types[record.type], record.channels]);
  view.setUint16(6, flagsOf(record), true);
  view.setUint32(8, record.sampleRateHz, true);
  view.setUint32(12, samples.length, true);
  if (record.type === "sound") view.setBigUint64(16, BigInt(record.timestampUs), true);
  bytes.set(samples, headBytes);
  return bytes;
}

function flagsOf(record: HookRecord): number {
  if (record.type === "sound") return record.gap ? soundFlags.gap : 0;
  if (record.type === "speech") return 0;
  const { ready, busy, taken, yours } = speakerFlags;
  return (
    (record.ready ? ready : 0) | (record.busy ? busy : 0) | (record.taken ? taken : 0) | (record.yours ? yours : 0)
  );
}

/** Cuts a stream of the sound port into records, which may come in pieces of any size. Holds one record at most. */
export class RecordReader {
  #rest: Uint8Array = new Uint8Array(0);

  /**
   * The records that `chunk` completes. Types that are not known are passed over. Throws WireError where no record
   * begins; what came before in the same chunk is lost then, and the reader is of no more use.
   */
  push(chunk: Uint8Array): HookRecord[] {
    const bytes = this.#rest.length === 0 ? chunk : concat(this.#rest, chunk);
    const records: HookRecord[] = [];
    let at = 0;
    for (;;) {
      const length = recordLength(bytes.subarray(at));
      if (length === undefined || bytes.length - at < length) break;
      const record = decodeRecord(bytes.subarray(at, at + length));
      if (record) records.push(record);
      at += length;
    }
    this.#rest = new Uint8Array(bytes.subarray(at));
    return records;
  }
}

/** Bytes of the record that begins here; undefined before its head is whole. */
function recordLength(bytes: Uint8Array): number | undefined {
  for (const [index, letter] of [0x44, 0x57, 0x53, 0x31].entries()) {
    if (index < bytes.length && bytes[index] !== letter) throw new WireError("not a record: it does not begin DWS1");
  }
  if (bytes.length < headBytes) return undefined;
  const length = viewOf(bytes).getUint32(12, true);
  if (length > maxLength) throw new WireError(`not a record: ${length} bytes long`);
  return headBytes + length;
}

/** A whole record; undefined for a type that is not known. */
function decodeRecord(bytes: Uint8Array): HookRecord | undefined {
  const view = viewOf(bytes);
  const [type, channels, flags] = [view.getUint8(4), view.getUint8(5), view.getUint16(6, true)];
  const sampleRateHz = view.getUint32(8, true);
  if (type === types.speaker) return speakerRecord({ channels, flags, sampleRateHz });
  if (type !== types.sound && type !== types.speech) return undefined;
  if (channels !== 1 && channels !== 2) throw new WireError(`not a record of sound: ${channels} channels`);
  if (sampleRateHz < 1 || sampleRateHz > maxRateHz) throw new WireError(`not a record of sound: ${sampleRateHz} Hz`);
  const samples = new Uint8Array(bytes.subarray(headBytes));
  if (samples.length % (2 * channels) !== 0) throw new WireError(`not a record of sound: ${samples.length} bytes`);
  if (type === types.speech) {
    if (samples.length > maxSpeechBytes) throw new WireError(`not a record of speech: ${samples.length} bytes`);
    return { type: "speech", sampleRateHz, channels, samples };
  }
  const stamp = view.getBigUint64(16, true);
  const timestampUs = stamp <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(stamp) : 0;
  return { type: "sound", sampleRateHz, channels, timestampUs, gap: (flags & soundFlags.gap) !== 0, samples };
}

function speakerRecord(head: { channels: number; flags: number; sampleRateHz: number }): SpeakerRecord {
  const { channels, flags, sampleRateHz } = head;
  if (channels !== 0 && channels !== 1 && channels !== 2) {
    throw new WireError(`not a record of a speaker: ${channels} channels`);
  }
  if (sampleRateHz > maxRateHz) throw new WireError(`not a record of a speaker: ${sampleRateHz} Hz`);
  return {
    type: "speaker",
    sampleRateHz,
    channels,
    ready: (flags & speakerFlags.ready) !== 0,
    busy: (flags & speakerFlags.busy) !== 0,
    taken: (flags & speakerFlags.taken) !== 0,
    yours: (flags & speakerFlags.yours) !== 0,
  };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
