import { resolve } from "node:path";
import type { DecodedFile, FileSource } from "../../media/convert.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { FfmpegLink, JobHandle } from "./link.ts";
import { Queue } from "./queue.ts";
import { openUrl } from "./url.ts";

/** Blocks that may be on their way: half a second. */
const window = 25;

/** Options of {@link openDecodedFile}. */
export interface DecodeOptions {
  readonly output: AudioFormat;
  readonly gain?: number;
  readonly signal?: AbortSignal;
}

/**
 * `Converter.decodeFile` over a link. A file by path is opened again where it was when the child dies; a stream of
 * bytes then fails. Throws FatalError `no-such-file`, `not-audio`, `no-ffmpeg`.
 */
export async function openDecodedFile(
  link: FfmpegLink,
  source: FileSource,
  options: DecodeOptions & { readonly log: Log },
): Promise<DecodedFile> {
  const { signal } = options;
  signal?.throwIfAborted();
  const bytes = "path" in source ? undefined : byteSource("url" in source ? openUrl(source, { signal }) : source.bytes);
  const path = "path" in source ? resolve(source.path) : undefined;
  const opened = Promise.withResolvers<number | undefined>();
  let taken = 0;
  let delivered = 0;
  let job: JobHandle | undefined;
  const queue = new Queue<Frame>({
    onTake: () => {
      delivered++;
      if (++taken < window / 2) return;
      job?.send({ op: "credit", frames: taken });
      taken = 0;
    },
  });
  const fail = (error: Error): void => {
    opened.reject(error);
    queue.end(error);
    bytes?.[Symbol.dispose]();
  };
  const open = (): void => {
    job = link.open(
      { op: "decode", path, output: options.output, gain: options.gain ?? 1, skipBlocks: delivered + queue.size },
      {
        opened: ({ durationUs }) => opened.resolve(durationUs),
        frames: (frames) => {
          for (const { data, timestampUs, durationUs } of frames)
            queue.push({ data, timestampUs, durationUs, key: true });
        },
        need: () => {
          bytes?.next().then((chunk) => job?.send({ op: "bytes", bytes: chunk }), fail);
        },
        end: (note) => {
          if (note) options.log.warn({ file: path }, note);
          queue.end();
        },
        failed: fail,
        lost: () => {
          if (path !== undefined && job) open();
          else fail(new RecoverableError("decoding stopped: the worker died", { code: "worker-lost" }));
        },
      },
    );
    job.send({ op: "credit", frames: window });
  };
  const close = (): void => {
    job?.[Symbol.dispose]();
    job = undefined;
    bytes?.[Symbol.dispose]();
  };
  const onAbort = (): void => {
    close();
    fail(new DOMException("The operation was aborted", "AbortError"));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  open();
  try {
    const durationUs = await opened.promise;
    return {
      durationUs,
      frames: queue,
      [Symbol.asyncDispose]: async () => {
        signal?.removeEventListener("abort", onAbort);
        close();
        queue.end();
      },
    };
  } catch (error) {
    signal?.removeEventListener("abort", onAbort);
    close();
    throw error;
  }
}

/** Pulls chunks of at most 64 KiB out of a stream. */
function byteSource(bytes: AsyncIterable<Uint8Array>): Disposable & { next(): Promise<Uint8Array | undefined> } {
  const iterator = bytes[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return {
    next: async () => {
      while (rest.length === 0) {
        const result = await iterator.next();
        if (result.done) return undefined;
        rest = result.value;
      }
      const chunk = rest.subarray(0, 65_536);
      rest = rest.subarray(chunk.length);
      return chunk;
    },
    [Symbol.dispose]: () => {
      iterator.return?.().catch(() => {});
    },
  };
}
