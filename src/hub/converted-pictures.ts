import { codecNames } from "../media/codec-names.ts";
import type { Converter } from "../media/convert.ts";
import type { VideoCodec, VideoFormat } from "../media/format.ts";
import type { PictureConversion } from "../media/picture-conversion.ts";
import { type WhyConverted, whyConverted } from "../media/showable.ts";
import { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { mostConversions, type TranscodeConfig, transcodeConfig } from "./transcode-config.ts";

/** How long a conversion goes on after its last viewer left. */
const lingerMs = 5000;
/** A picture that could not be converted is not tried again before. */
const failedMs = 30_000;
/** Constrained Baseline: what is announced before the encoder has said more. */
const outputFormat: VideoFormat = { kind: "video", codec: "h264", parameterSets: [], profile: "42e01f" };

/** What a browser offers that shows the most. */
const mostOffered = "a=rtpmap:96 H265/90000";

/** That a picture is shown in another form than it comes in. */
export interface Conversion {
  readonly from: VideoCodec;
  readonly why: WhyConverted;
}

/** The picture that one viewer is shown. Disposed when they leave. */
export interface ShownPicture extends Disposable {
  readonly track: Track;
  /** Undefined where it is shown as it comes. */
  readonly conversion: Conversion | undefined;
}

/** One running conversion, for people and for numbers. */
export interface ConversionState extends Conversion {
  /** Id of the track that is converted: `front-door/main/video`. */
  readonly source: string;
  readonly viewers: number;
  /** FFmpeg's name of what encodes it; undefined before the first picture. */
  readonly encoder: string | undefined;
  readonly frames: number;
  readonly bytes: number;
  readonly skipped: number;
}

/** Options of {@link ConvertedPictures}. */
export interface ConvertedPicturesOptions {
  readonly converter: Pick<Converter, "convertPicture" | "expect">;
  readonly clock: Clock;
  readonly log: Log;
}

interface Running extends Conversion {
  readonly source: Track;
  readonly output: Track;
  readonly work: PictureConversion;
  readonly watch: Disposable;
  viewers: number;
  linger: Disposable | undefined;
}

/**
 * Pictures in a form that whoever asks can show: as they come where that does, else as H.264, converted once for all
 * viewers of a picture, from the first of them until some seconds after the last, and never more at once than is set.
 */
export class ConvertedPictures implements Disposable {
  #config: TranscodeConfig = transcodeConfig.parse({});
  readonly #running = new Map<Track, Running>();
  readonly #failed = new WeakMap<Track, { readonly untilUs: number; readonly message: string }>();
  readonly #options: ConvertedPicturesOptions;

  constructor(options: ConvertedPicturesOptions) {
    this.#options = options;
  }

  /** What runs goes on as it began. */
  follow(config: TranscodeConfig): void {
    this.#config = config;
  }

  /** How many may run at once. */
  get most(): number {
    return mostConversions(this.#config);
  }

  /** What is being converted. */
  list(): readonly ConversionState[] {
    return [...this.#running.values()].map(({ source, output, work, from, why, viewers }) => ({
      source: source.id,
      from,
      why,
      viewers,
      encoder: work.encoder,
      frames: output.counters.frames,
      bytes: output.counters.bytes,
      skipped: work.skipped,
    }));
  }

  /** A picture of this format is about to be looked at: where no browser shows it, what converts is made ready. */
  expect(format: VideoFormat): void {
    if (this.most > 0 && whyConverted(format, mostOffered) !== undefined) this.#options.converter.expect();
  }

  /**
   * The picture for whoever made this offer. Throws FatalError `codec-unsupported` when it had to be converted and
   * cannot: its field `reason` says why (`off`, `busy`, `failed`).
   */
  show(track: Track, offerSdp: string): ShownPicture {
    const format = track.format as VideoFormat;
    const why = whyConverted(format, offerSdp);
    if (why === undefined) return { track, conversion: undefined, [Symbol.dispose]: () => {} };
    const running = this.#running.get(track) ?? this.#start(track, { from: format.codec, why });
    running.linger?.[Symbol.dispose]();
    running.linger = undefined;
    running.viewers++;
    let held = true;
    return {
      track: running.output,
      conversion: { from: running.from, why: running.why },
      [Symbol.dispose]: () => {
        if (held && --running.viewers === 0) this.#left(running);
        held = false;
      },
    };
  }

  [Symbol.dispose](): void {
    for (const running of [...this.#running.values()]) this.#stop(running);
  }

  #start(source: Track, conversion: Conversion): Running {
    this.#refuse(source, conversion);
    const { converter, clock, log } = this.#options;
    const output = new Track(outputFormat, { id: `${source.id}>h264`, clock });
    const { height: heightPx, bitrate, hardware } = this.#config;
    const form = { heightPx, bitrateBps: bitrate && bitrate * 1000, hardware: hardware === "auto" };
    const onFailed = (error: Error): void => {
      log.warn({ track: source.id, error: error.message }, "a picture cannot be converted for browsers");
      this.#failed.set(source, { untilUs: clock.nowUs() + failedMs * 1000, message: error.message });
      this.#stop(running);
    };
    const work = converter.convertPicture(source, { output, form, onFailed });
    const watch = source.onChange(() => source.open || this.#stop(running));
    const running: Running = { ...conversion, source, output, work, watch, viewers: 0, linger: undefined };
    this.#running.set(source, running);
    log.debug({ track: source.id, ...conversion }, "a picture is converted");
    return running;
  }

  /** Whoever only lingers makes room. */
  #refuse(source: Track, { from, why }: Conversion): void {
    const { most } = this;
    const cannot = cannotShow(from, why);
    const refusal = (reason: string, sentence: string): FatalError =>
      new FatalError(`${cannot}, and ${sentence}`, {
        code: "codec-unsupported",
        fields: { codec: from, why, reason, limit: most },
      });
    if (most === 0) throw refusal("off", "the hub is set to convert none");
    const failed = this.#failed.get(source);
    if (failed && failed.untilUs > this.#options.clock.nowUs())
      throw refusal("failed", `it cannot be converted: ${failed.message}`);
    while (this.#running.size >= most) {
      const idle = [...this.#running.values()].find(({ viewers }) => viewers === 0);
      if (idle) this.#stop(idle);
      else throw refusal("busy", `the hub converts as many pictures as it may: ${most}`);
    }
  }

  #left(running: Running): void {
    if (this.#running.get(running.source) !== running) return;
    running.linger = this.#options.clock.timer(lingerMs, () => this.#stop(running));
  }

  #stop(running: Running): void {
    if (this.#running.get(running.source) === running) this.#running.delete(running.source);
    running.linger?.[Symbol.dispose]();
    running.watch[Symbol.dispose]();
    running.work[Symbol.dispose]();
    running.output.close();
  }
}

function cannotShow(codec: VideoCodec, why: WhyConverted): string {
  switch (why) {
    case "codec":
      return `this browser cannot show ${codecNames[codec]}`;
    case "profile":
      return `browsers cannot show this kind of ${codecNames[codec]}`;
    case "reordered":
      return "browsers cannot show B-frames";
    case "no-keys":
      return "browsers cannot begin with a picture that is never whole";
  }
}
