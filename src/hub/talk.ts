import type { Speaker } from "../device/driver.ts";
import type { Converter } from "../media/convert.ts";
import type { AudioFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import type { LiveSpeech, SpeechSource } from "../media/speech.ts";
import { tee } from "../media/tee.ts";
import { background } from "../util/background.ts";
import { DoorwardError, FatalError } from "../util/errors.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { HubDevice } from "./api.ts";
import { whyNot } from "./trouble.ts";

/** A speaker that is ready, with what it is to hear. */
interface Target {
  readonly device: HubDevice;
  readonly speaker: Speaker;
  readonly format: AudioFormat;
  readonly gain: number;
}

/** Options of {@link speak}. */
export interface SpeakOptions {
  readonly devices: readonly HubDevice[];
  readonly source: SpeechSource;
  readonly converter: Converter;
  /** Stops the sound at once. */
  readonly signal: AbortSignal;
  /** Resolves when the talker let go: live sound ends there, what was said is still played. */
  readonly finished: Promise<void>;
  /** Called while the talker's sound flows. */
  readonly onSound: () => void;
  /** Called when live sound has ended, before the speakers have played the rest. */
  readonly onEnd: () => void;
  /** Told of trouble that does not end the turn. */
  readonly onError: (error: unknown) => void;
}

/** Where live sound is pushed. */
interface LiveInput {
  push(frame: Frame): void;
  end(): void;
}

/**
 * Longest wait for a device that has to be connected first. A talker is told before the floor takes the silence for
 * theirs.
 */
const connectTimeoutMs = { live: 2500, recorded: 10_000 };
const liveQueueFrames = 50;
const recordedAheadFrames = 150;

/**
 * Sends one talker's sound to the speakers of `devices` and returns when all have played it. Speakers that want the same
 * format and loudness share one conversion. Throws when no speaker could be reached; a speaker that fails while others
 * play is only logged.
 */
export async function speak(options: SpeakOptions): Promise<void> {
  const demands = options.devices.map((device) => device.demand());
  try {
    const targets = await connect(options);
    const groups = Map.groupBy(targets, ({ format, gain }) => `${formatKey(format)}@${gain}`);
    const results = options.source.live
      ? await playLive(options.source, [...groups.values()], options)
      : await playRecorded([...groups.values()], options);
    const failures = results.filter((result) => result.status === "rejected");
    if (failures.length > 0 && failures.length === results.length) throw failures[0]?.reason;
  } finally {
    for (const demand of demands) demand[Symbol.dispose]();
  }
}

async function connect(options: SpeakOptions): Promise<Target[]> {
  const timeoutMs = options.source.live ? connectTimeoutMs.live : connectTimeoutMs.recorded;
  const targets = await Promise.all(
    options.devices.map(async (device): Promise<Target | undefined> => {
      const speaker = await device.waitForSpeaker({ timeoutMs, signal: options.signal });
      if (!speaker) return undefined;
      const format = chooseFormat(speaker.formats, options.source);
      return format && { device, speaker, format, gain: device.settings.volume };
    }),
  );
  const ready = targets.filter((target) => target !== undefined);
  if (ready.length === 0 && !options.signal.aborted) throw unreachable(options.devices, timeoutMs);
  return ready;
}

function unreachable(devices: readonly HubDevice[], timeoutMs: number): DoorwardError {
  const [first] = devices;
  if (!first) return new FatalError("cannot speak: no such device", { code: "no-speaker" });
  if (first.state.phase === "live") {
    return new FatalError(`cannot speak through ${first.name}: it has no speaker that the hub can use`, {
      code: "no-speaker",
    });
  }
  const why = first.state.error ? whyNot(first) : `it did not answer within ${timeoutMs / 1000} s`;
  return new DoorwardError(`cannot speak through ${first.name}: ${why}`, { code: "offline" });
}

/** The source's own format where the speaker takes it, else the speaker's first choice. */
function chooseFormat(formats: readonly AudioFormat[], source: SpeechSource): AudioFormat | undefined {
  if (!source.live) return formats[0];
  return formats.find((format) => formatKey(format) === formatKey(source.format)) ?? formats[0];
}

function formatKey(format: AudioFormat): string {
  return `${format.codec}/${format.sampleRateHz}/${format.channels}`;
}

type Result = PromiseSettledResult<void>;

/** A turn at one speaker. Its failure is looked after from the first moment: others may have to be waited for first. */
async function settled(talk: Promise<void>): Promise<Result> {
  const [result] = await Promise.allSettled([talk]);
  return result;
}

async function playLive(source: LiveSpeech, groups: readonly Target[][], options: SpeakOptions): Promise<Result[]> {
  await using opened = new AsyncDisposableStack();
  const conversions = await Promise.all(
    groups.map(async ([target]) => {
      const { format, gain } = target as Target;
      if (gain === 1 && formatKey(format) === formatKey(source.format)) return undefined;
      return opened.use(await options.converter.convertAudio(source.format, { output: format, gain }));
    }),
  );
  const talks: Promise<Result>[] = [];
  const inputs = groups.map((targets, index) => {
    const output = startTalks(targets, { options, talks });
    const conversion = conversions[index];
    if (conversion) background(forward(conversion.frames, output), options.onError);
    return conversion ?? output;
  });
  const over = Promise.all(talks);
  await pumpLive(source.frames, { inputs, settled: over, options });
  return await over; // the conversions live until all that was said came out of them
}

/** Starts the turn at every speaker of one format; gives what feeds them. */
function startTalks(
  targets: readonly Target[],
  how: { readonly options: SpeakOptions; readonly talks: Promise<Result>[] },
): LiveInput {
  const { signal } = how.options;
  const queues = targets.map(({ speaker, format }) => {
    const frames = new AsyncQueue<Frame>({ max: liveQueueFrames });
    how.talks.push(settled(speaker.talk({ format, live: true, frames, signal })));
    return frames;
  });
  return {
    push: (frame) => {
      for (const queue of queues) queue.push(frame);
    },
    end: () => {
      for (const queue of queues) queue.end();
    },
  };
}

/** A conversion's error ends the turn through the speakers, whose input ends here. */
async function forward(frames: AsyncIterable<Frame>, output: LiveInput): Promise<void> {
  try {
    for await (const frame of frames) output.push(frame);
  } finally {
    output.end();
  }
}

/** Moves live sound to its inputs until the source ends, the turn is over, or all speakers are done. */
async function pumpLive(
  frames: AsyncIterable<Frame>,
  to: {
    readonly inputs: readonly LiveInput[];
    readonly settled: Promise<unknown>;
    readonly options: SpeakOptions;
  },
): Promise<void> {
  const { signal, finished, onSound, onEnd } = to.options;
  const over = Promise.withResolvers<"sound-ended" | "speakers-done">();
  const stop = () => over.resolve("sound-ended");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  background(finished.then(stop), stop);
  background(
    to.settled.then(() => over.resolve("speakers-done")),
    stop,
  );
  const iterator = frames[Symbol.asyncIterator]();
  let moving = true;
  const move = async () => {
    for (let next = await iterator.next(); moving && !next.done; next = await iterator.next()) {
      onSound();
      for (const input of to.inputs) input.push(next.value);
    }
  };
  move().then(stop, stop);
  const why = await over.promise;
  moving = false;
  signal.removeEventListener("abort", stop);
  for (const input of to.inputs) input.end();
  if (why === "sound-ended") onEnd();
}

async function playRecorded(groups: readonly Target[][], options: SpeakOptions): Promise<Result[]> {
  if (options.source.live) throw new TypeError("a recording was expected");
  const { source, signal } = options;
  await using opened = new AsyncDisposableStack();
  const recordings = await Promise.all(
    groups.map(async ([target]) => {
      const { format, gain } = target as Target;
      return opened.use(await source.open(format, { gain, signal }));
    }),
  );
  const talks = groups.flatMap((targets, group) => {
    const frames = heardFrames(recordings[group]!.frames, options.onSound);
    const branches = tee(frames, { count: targets.length, maxAhead: recordedAheadFrames });
    return targets.map(({ speaker, format }, index) =>
      settled(speaker.talk({ format, live: false, frames: branches[index]!, signal })),
    );
  });
  return await Promise.all(talks); // the recordings are read until then
}

async function* heardFrames(frames: AsyncIterable<Frame>, onSound: () => void): AsyncGenerator<Frame, void, void> {
  for await (const frame of frames) {
    onSound();
    yield frame;
  }
}
