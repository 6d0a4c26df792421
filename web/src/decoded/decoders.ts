import type { CodedPicture } from "../../../src/surfaces/pictures/read-picture.ts";
import type { DecodedPicture } from "./picture-output.ts";

/** What a decoder is set up for. */
export interface CodedFormat {
  readonly codec: string;
  /** By RFC 6381, or `image/jpeg`. */
  readonly picture: string;
  /** Pictures may come in another order than they are shown. */
  readonly reordered: boolean;
}

/** Whom a decoder tells. */
export interface DecoderSink {
  /** A picture, in the order in which they are shown, which the sink closes. */
  readonly onPicture: (picture: DecodedPicture, coded: CodedPicture) => void;
  /** So many that were taken are done with, whatever became of them; at its closing those that are left. */
  readonly onDone: (pictures: number) => void;
  /** So many were left out because newer ones were there, or as they are damaged. */
  readonly onLeftOut: (pictures: number) => void;
  /** It cannot go on. */
  readonly onFault: (error: unknown) => void;
}

/** Makes pictures of what a camera sends. Its owner closes it. */
export interface PictureDecoder {
  /** How many wait for it. */
  readonly waiting: number;
  decode(picture: CodedPicture): void;
  close(): void;
}

/** Whether this browser decodes it; gives the name by which it knows it. */
export async function decodable(picture: string): Promise<string | undefined> {
  if (picture === "image/jpeg") return picture;
  if (!("VideoDecoder" in globalThis)) return undefined;
  // Parameter sets stand before the key pictures, which some browsers call hev1, and others take for hvc1 as well.
  for (const codec of [picture, picture.replace(/^hvc1/, "hev1")]) {
    const { supported } = await VideoDecoder.isConfigSupported({ codec }).catch(() => ({ supported: false }));
    if (supported) return codec;
  }
  return undefined;
}

/** Throws what the browser says when it does not take the format. */
export function openDecoder(format: CodedFormat, sink: DecoderSink): PictureDecoder {
  return format.picture === "image/jpeg" ? new JpegDecoder(sink) : new StreamDecoder(format, sink);
}

/** H.264 and H.265: every picture is decoded, for others stand on it. */
class StreamDecoder implements PictureDecoder {
  readonly #decoder: VideoDecoder;
  readonly #coded = new Map<number, CodedPicture>();
  #lastUs = Number.NEGATIVE_INFINITY;
  #queued = 0;
  readonly #onDone: DecoderSink["onDone"];

  constructor({ picture, reordered }: CodedFormat, { onPicture, onDone, onFault }: DecoderSink) {
    this.#onDone = onDone;
    this.#decoder = new VideoDecoder({
      output: (frame) => {
        const coded = this.#coded.get(frame.timestamp);
        this.#coded.delete(frame.timestamp);
        if (coded) onPicture(frame, coded);
        else frame.close();
      },
      error: onFault,
    });
    this.#decoder.ondequeue = () => {
      const done = this.#queued - this.#decoder.decodeQueueSize;
      this.#queued -= done;
      if (done > 0) onDone(done);
    };
    this.#decoder.configure({ codec: picture, optimizeForLatency: !reordered });
  }

  get waiting(): number {
    return this.#decoder.state === "configured" ? this.#decoder.decodeQueueSize : 0;
  }

  decode(picture: CodedPicture): void {
    // Where only the order is known two may have one time, and a picture is found again by it.
    const timestamp = picture.isShownTime ? picture.wallUs : Math.max(this.#lastUs + 1, picture.wallUs);
    this.#lastUs = timestamp;
    if (this.#coded.size > mostRemembered) this.#coded.clear();
    this.#coded.set(timestamp, picture);
    this.#queued++;
    const { data, key } = picture;
    this.#decoder.decode(new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp, data }));
  }

  close(): void {
    this.#decoder.ondequeue = null;
    if (this.#decoder.state !== "closed") this.#decoder.close();
    if (this.#queued > 0) this.#onDone(this.#queued);
    this.#queued = 0;
  }
}

/** What is damaged never comes out. */
const mostRemembered = 300;

/** JPEG: each stands alone, and while one is decoded only the newest waits. */
class JpegDecoder implements PictureDecoder {
  #next: CodedPicture | undefined;
  #busy = false;
  #closed = false;
  readonly #sink: DecoderSink;

  constructor(sink: DecoderSink) {
    this.#sink = sink;
  }

  get waiting(): number {
    return this.#next ? 1 : 0;
  }

  decode(picture: CodedPicture): void {
    if (this.#next) {
      this.#sink.onLeftOut(1);
      this.#sink.onDone(1);
    }
    this.#next = picture;
    void this.#work();
  }

  close(): void {
    this.#closed = true;
    if (this.#take()) this.#sink.onDone(1);
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let coded = this.#take(); coded; coded = this.#take()) await this.#one(coded);
    } catch (error) {
      this.#sink.onFault(error);
    } finally {
      this.#busy = false;
    }
  }

  #take(): CodedPicture | undefined {
    const picture = this.#next;
    this.#next = undefined;
    return picture;
  }

  async #one(coded: CodedPicture): Promise<void> {
    const { onPicture, onDone, onLeftOut } = this.#sink;
    // One that is damaged is left out: the next stands alone.
    const bitmap = await createImageBitmap(new Blob([coded.data], { type: "image/jpeg" })).catch(() => undefined);
    if (bitmap && this.#closed) bitmap.close();
    else if (bitmap) onPicture(bitmap, coded);
    else onLeftOut(1);
    onDone(1);
  }
}
