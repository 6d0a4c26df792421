import type { AudioConversion } from "../../media/convert.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { FfmpegLink, JobHandle } from "./link.ts";
import { Queue } from "./queue.ts";

/** Frames on their way to the child, and beyond it those held back; the oldest of these are dropped. */
const maxInFlight = 48;
const maxHeld = 48;

/** What a live conversion tells its owner. */
export interface LiveHandlers {
  opened(output: AudioFormat): void;
  frames(frames: readonly Frame[]): void;
  end(): void;
  /** It failed for good. */
  failed(error: Error): void;
}

/**
 * A live conversion in the child that survives the child: when the child dies, the conversion is opened again and goes
 * on with the next frame. Never more than {@link maxInFlight} frames are under way.
 */
export class LiveConversion implements Disposable {
  #job: JobHandle | undefined;
  #inFlight = 0;
  #held: Frame[] = [];
  #ending: { sent: boolean } | undefined;
  #lastUs = Number.NEGATIVE_INFINITY;
  /** Frames dropped because the child was behind. */
  dropped = 0;
  readonly #link: FfmpegLink;
  readonly #task: { readonly input: AudioFormat; readonly output: AudioFormat; readonly gain: number };
  readonly #handlers: LiveHandlers;

  constructor(
    link: FfmpegLink,
    task: { readonly input: AudioFormat; readonly output: AudioFormat; readonly gain: number },
    handlers: LiveHandlers,
  ) {
    this.#link = link;
    this.#task = task;
    this.#handlers = handlers;
    this.#open();
  }

  push(frame: Frame): void {
    this.#held.push(frame);
    if (this.#held.length > maxHeld) {
      this.#held.shift();
      this.dropped++;
    }
    this.#pump();
  }

  /** No more input. */
  end(): void {
    this.#ending ??= { sent: false };
    this.#pump();
  }

  [Symbol.dispose](): void {
    this.#job?.[Symbol.dispose]();
    this.#job = undefined;
    this.#held = [];
  }

  #open(): void {
    this.#inFlight = 0;
    this.#job = this.#link.open(
      { op: "convert", ...this.#task },
      {
        opened: ({ formats }) => {
          if (formats[0]?.kind === "audio") this.#handlers.opened(formats[0]);
        },
        frames: (frames) => this.#handlers.frames(frames.map((frame) => this.#inOrder(frame))),
        took: (frames) => {
          this.#inFlight = Math.max(0, this.#inFlight - frames);
          this.#pump();
        },
        end: () => this.#handlers.end(),
        failed: (error) => this.#handlers.failed(error),
        lost: () => {
          if (this.#ending?.sent) this.#handlers.end();
          else if (this.#job) this.#open();
        },
      },
    );
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < maxInFlight) {
      const frame = this.#held.shift();
      if (!frame) break;
      this.#inFlight++;
      this.#job?.send({ op: "push", frame });
    }
    if (this.#ending && !this.#ending.sent && this.#held.length === 0) {
      this.#ending.sent = true;
      this.#job?.send({ op: "end" });
    }
  }

  #inOrder(frame: Frame): Frame {
    this.#lastUs = Math.max(this.#lastUs, frame.timestampUs);
    const { data, durationUs } = frame;
    return { data, timestampUs: this.#lastUs, durationUs, key: true };
  }
}

/** `Converter.convertAudio` over a link. Throws FatalError when FFmpeg or a codec is missing. */
export async function openAudioConversion(
  link: FfmpegLink,
  task: { readonly input: AudioFormat; readonly output: AudioFormat; readonly gain: number },
): Promise<AudioConversion> {
  const opened = Promise.withResolvers<AudioFormat>();
  const queue = new Queue<Frame>({ maxItems: 150 });
  const live = new LiveConversion(link, task, {
    opened: (output) => opened.resolve(output),
    frames: (frames) => {
      for (const frame of frames) queue.push(frame);
    },
    end: () => queue.end(),
    failed: (error) => {
      opened.reject(error);
      queue.end(error);
    },
  });
  const output = await opened.promise;
  return {
    output,
    push: (frame) => live.push(frame),
    frames: queue,
    end: () => live.end(),
    get droppedFrames() {
      return live.dropped;
    },
    [Symbol.asyncDispose]: async () => {
      live[Symbol.dispose]();
      queue.end();
    },
  };
}
