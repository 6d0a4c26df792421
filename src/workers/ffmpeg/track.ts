import type { Converter } from "../../media/convert.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Reader } from "../../media/reader.ts";
import { Track } from "../../media/track.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { LiveConversion } from "./audio.ts";
import type { FfmpegLink } from "./link.ts";

/** How long a conversion goes on after its last reader left. */
const lingerMs = 5_000;
/** After this, a conversion that failed is tried again. */
const retryMs = 1_000;

interface Deps {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * `Converter.convertTrack` over a link: one output track per source and target, for as long as the source lives. It
 * reads its source while it has readers and {@link lingerMs} longer.
 */
export function createTrackConversions(link: FfmpegLink, deps: Deps): Converter["convertTrack"] {
  const bySource = new WeakMap<Track, Map<string, Track>>();
  return async (source, target) => {
    if (source.format.kind !== "audio") throw new FatalError("only sound is converted", { code: "not-audio" });
    await link.available();
    const known = bySource.get(source) ?? new Map<string, Track>();
    bySource.set(source, known);
    const key = `${target.codec}/${target.sampleRateHz}/${target.channels}`;
    const shared = known.get(key);
    if (shared?.open) return shared;
    const track = convertedTrack(link, { ...deps, source, target, id: `${source.id}>${key}` });
    known.set(key, track);
    return track;
  };
}

interface Conversion extends Deps {
  readonly source: Track;
  readonly target: AudioFormat;
  readonly id: string;
}

function convertedTrack(link: FfmpegLink, task: Conversion): Track {
  let running: Disposable | undefined;
  let linger: Disposable | undefined;
  const stop = (): void => {
    linger?.[Symbol.dispose]();
    linger = undefined;
    running?.[Symbol.dispose]();
    running = undefined;
  };
  const output: Track = new Track(task.target, {
    id: task.id,
    clock: task.clock,
    onDemand: (wanted) => {
      linger?.[Symbol.dispose]();
      linger = undefined;
      if (wanted) running ??= runConversion(link, { ...task, output });
      else linger = task.clock.timer(lingerMs, stop);
    },
  });
  const watch = task.source.onChange(() => {
    if (task.source.open) return;
    watch[Symbol.dispose]();
    stop();
    output.close();
  });
  return output;
}

function runConversion(link: FfmpegLink, task: Conversion & { readonly output: Track }): Disposable {
  const { source, output, clock, log } = task;
  let retry: Disposable | undefined;
  const open = (): LiveConversion => {
    retry?.[Symbol.dispose]();
    return new LiveConversion(
      link,
      { input: source.format as AudioFormat, output: output.format as AudioFormat, gain: 1 },
      {
        opened: (format) => {
          if (format.config) output.updateFormat(format);
        },
        frames: (frames) => {
          for (const frame of frames) output.write(frame);
        },
        end: () => {},
        failed: (error) => {
          log.warn({ track: output.id, error: error.message }, "conversion failed");
          if (error instanceof RecoverableError) retry = clock.timer(retryMs, reopen);
        },
      },
    );
  };
  const reopen = (): void => {
    live[Symbol.dispose]();
    live = open();
  };
  let live = open();
  let version = source.formatVersion;
  const reader: Reader = source.read({
    start: "live",
    maxFrames: 50,
    onReady: () => {
      for (let frame = reader.take(); frame; frame = reader.take()) live.push(frame);
    },
  });
  const watch = source.onChange(() => {
    if (source.formatVersion === version) return;
    version = source.formatVersion;
    log.debug({ track: output.id }, "conversion opened again: the source's format changed");
    reopen();
  });
  return {
    [Symbol.dispose]: () => {
      retry?.[Symbol.dispose]();
      watch[Symbol.dispose]();
      reader[Symbol.dispose]();
      live[Symbol.dispose]();
    },
  };
}
