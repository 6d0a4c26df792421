import type { VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { PictureConversion, PictureConversionOptions } from "../../media/picture-conversion.ts";
import type { Reader } from "../../media/reader.ts";
import type { Track } from "../../media/track.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { FfmpegLink, JobHandle } from "./link.ts";
import type { Opened } from "./messages.ts";

/** Frames that are on their way to the child. */
const maxInFlight = 48;
/** With so many frames behind, it goes on with the newest group of pictures, if there is a newer one. */
const maxQueued = 60;
/** A picture of which the child died so often, with nothing coming out in between, is not tried again. */
const maxDeaths = 3;

/** Whoever was told of hardware that does not work: once is enough. */
const told = new WeakSet<FfmpegLink>();

interface Task extends PictureConversionOptions {
  readonly source: Track;
  readonly log: Log;
}

/** `Converter.convertPicture` over a link. When the child dies it is opened again, from the kept group on. */
export class Transcoding implements PictureConversion {
  encoder: string | undefined;
  skipped = 0;
  #job: JobHandle | undefined;
  #reader: Reader | undefined;
  #inFlight = 0;
  #deaths = 0;
  #lastTakenUs = Number.NEGATIVE_INFINITY;
  #lastUs = Number.NEGATIVE_INFINITY;
  #decodes: string;
  readonly #watch: Disposable;
  readonly #link: FfmpegLink;
  readonly #task: Task;

  constructor(link: FfmpegLink, task: Task) {
    this.#link = link;
    this.#task = task;
    this.#decodes = decoding(task.source);
    this.#watch = task.source.onChange(() => this.#sourceChanged());
    this.#open();
  }

  keyFrame(): void {
    this.#job?.send({ op: "tune", keyFrame: true });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#close();
  }

  #close(): void {
    this.#reader?.[Symbol.dispose]();
    this.#job?.[Symbol.dispose]();
    this.#reader = undefined;
    this.#job = undefined;
  }

  #open(): void {
    const { source, form, output } = this.#task;
    this.#inFlight = 0;
    this.#job = this.#link.open(
      { op: "transcode", format: source.format as VideoFormat, form },
      {
        opened: (opened) => this.#opened(opened),
        frames: (frames) => {
          this.#deaths = 0;
          for (const { data, key, timestampUs } of frames)
            output.write({ data, key, timestampUs: this.#later(timestampUs) });
        },
        took: (frames, skipped) => {
          this.#inFlight = Math.max(0, this.#inFlight - frames);
          this.skipped += skipped;
          this.#pump();
        },
        failed: (error) => this.#failed(error),
        lost: () => this.#lost(),
      },
    );
    this.#read();
  }

  #opened({ formats: [format], encoder, refused = [] }: Opened): void {
    const { output, source, log } = this.#task;
    if (this.encoder !== encoder) log.info({ track: source.id, encoder }, "a picture is converted to H.264");
    if (refused.length > 0 && !told.has(this.#link)) {
      told.add(this.#link);
      log.info({ refused }, `pictures are encoded by ${encoder}: these encoders of hardware do not work here`);
    }
    this.encoder = encoder;
    if (format && output.open) output.updateFormat(format);
  }

  /** From the kept group on. */
  #read(): void {
    this.#reader?.[Symbol.dispose]();
    const reader = this.#task.source.read({ start: "gop", onReady: () => this.#pump() });
    this.#reader = reader;
    this.#pump();
  }

  #pump(): void {
    const reader = this.#reader;
    if (!reader) return;
    while (this.#inFlight < maxInFlight) {
      const frame = reader.take();
      if (!frame) return;
      this.#push(frame);
    }
    if (reader.queued > maxQueued && this.#hasNewerGroup) {
      this.skipped += reader.queued;
      this.#read();
    }
  }

  get #hasNewerGroup(): boolean {
    const { lastKeyFrame } = this.#task.source;
    return lastKeyFrame !== undefined && lastKeyFrame.timestampUs > this.#lastTakenUs;
  }

  #push(frame: Frame): void {
    this.#inFlight++;
    this.#lastTakenUs = frame.timestampUs;
    this.#job?.send({ op: "push", frame });
  }

  #sourceChanged(): void {
    const { source } = this.#task;
    const decodes = decoding(source);
    if (!source.open) this.#close();
    else if (decodes !== this.#decodes && this.#job) {
      this.#decodes = decodes;
      this.#close();
      this.#open();
    }
  }

  #lost(): void {
    if (!this.#job) return;
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
    if (++this.#deaths < maxDeaths) this.#open();
    else this.#failed(new RecoverableError("the media worker dies of this picture", { code: "worker-lost" }));
  }

  #failed(error: Error): void {
    this[Symbol.dispose]();
    this.#task.onFailed(error);
  }

  #later(timestampUs: number): number {
    this.#lastUs = Math.max(this.#lastUs, timestampUs);
    return this.#lastUs;
  }
}

/** What of a source's format decides how it is decoded. */
function decoding({ format }: Track): string {
  const { codec, reordered } = format as VideoFormat;
  return `${codec} ${reordered === true}`;
}
