import { AVFMT_FLAG_CUSTOM_IO, AVSEEK_CUR, AVSEEK_SET } from "node-av/constants";
import { Dictionary, FormatContext, IOContext } from "node-av/lib";
import { FatalError } from "../../../util/errors.ts";
import { bufferOf } from "./av.ts";

/**
 * Containers that are read. No playlist and no script is among them: what a stranger's file says must not make FFmpeg
 * open another file or an address.
 */
const containers =
  "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,mp3,wav,w64,flac,aac,aiff,au,amr,caf,mpegts,mpeg,avi,flv,asf,ac3,eac3,wv,ape,h264,hevc";

/** Bytes kept of a stream so that a container with its index at the end can be read back. */
const keptBytes = 32 * 1024 * 1024;

/** Gives the next bytes of a stream; undefined at its end. */
export type Pull = () => Promise<Uint8Array | undefined>;

/** An opened media file. */
export interface MediaSource extends AsyncDisposable {
  readonly context: FormatContext;
}

/**
 * Opens a media file by path, or from a stream of bytes. Throws FatalError `no-such-file` or `not-audio`.
 * The caller disposes it; a pull that is pending must have been answered by then.
 */
export async function openMedia(source: string | Pull): Promise<MediaSource> {
  const context = new FormatContext();
  context.allocContext();
  // A stream may come in real time: FFmpeg's own 5 s of looking ahead would be heard as a delay.
  context.probesize = 2_500_000n;
  context.maxAnalyzeDuration = 1_000_000n;
  const io = typeof source === "string" ? undefined : await streamIo(source);
  if (io) {
    context.pb = io;
    context.setFlags(AVFMT_FLAG_CUSTOM_IO);
  }
  const options = Dictionary.fromObject({ format_whitelist: containers, protocol_whitelist: "file" });
  const result = await context.openInput(typeof source === "string" ? `file:${source}` : "", null, options);
  const close = async (): Promise<void> => {
    if (io) context.pb = null;
    await context.closeInput();
    io?.freeContext();
  };
  if (result < 0 || (await context.findStreamInfo()) < 0) {
    await close();
    throw result === -2
      ? new FatalError(`there is no file ${String(source)}`, { code: "no-such-file" })
      : new FatalError("this is not a sound or video file, or it is damaged", { code: "not-audio" });
  }
  return { context, [Symbol.asyncDispose]: close };
}

/**
 * A stream as FFmpeg's input, read once. Only MP4 and its relatives, whose index may be at the end, are read ahead and
 * then back: any other demuxer that is offered seeking reads a stream to its end before it gives the first sound.
 */
async function streamIo(pull: Pull): Promise<IOContext> {
  const kept = new KeptBytes(pull);
  const seeks = /^(ftyp|moov|mdat|free|wide|skip)$/.test((await kept.peek(8)).toString("latin1", 4, 8));
  const io = new IOContext();
  io.allocContextWithCallbacks(
    32 * 1024,
    0,
    (size) => kept.read(size),
    null,
    seeks ? (offset, whence) => kept.seek(Number(offset), whence) : null,
  );
  return io;
}

class KeptBytes {
  #chunks: Buffer[] = [];
  /** Position of the first kept byte, of the reader, and of the end of what was pulled. */
  #start = 0;
  #at = 0;
  #end = 0;
  #ended = false;
  readonly #pull: Pull;

  constructor(pull: Pull) {
    this.#pull = pull;
  }

  /** The first bytes, without taking them; fewer when the stream is shorter. */
  async peek(size: number): Promise<Buffer> {
    while (this.#end < size && !this.#ended) await this.#more();
    return Buffer.concat(this.#chunks).subarray(0, size);
  }

  async read(size: number): Promise<Buffer | null> {
    while (this.#at >= this.#end && !this.#ended) await this.#more();
    let offset = this.#start;
    for (const chunk of this.#chunks) {
      if (this.#at < offset + chunk.length) {
        const part = chunk.subarray(this.#at - offset, this.#at - offset + size);
        this.#at += part.length;
        return part;
      }
      offset += chunk.length;
    }
    return null;
  }

  seek(offset: number, whence: number): bigint {
    const base = whence === AVSEEK_CUR ? this.#at : 0;
    const target = base + offset;
    if ((whence !== AVSEEK_SET && whence !== AVSEEK_CUR) || target < this.#start) return -1n;
    this.#at = target;
    return BigInt(target);
  }

  async #more(): Promise<void> {
    const bytes = await this.#pull();
    if (!bytes) {
      this.#ended = true;
      return;
    }
    this.#chunks.push(bufferOf(bytes));
    this.#end += bytes.length;
    while (this.#chunks[0] && this.#end - this.#start > keptBytes && this.#start + this.#chunks[0].length <= this.#at) {
      this.#start += this.#chunks[0].length;
      this.#chunks.shift();
    }
  }
}
