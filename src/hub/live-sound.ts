import type { AudioConversion, Converter } from "../media/convert.ts";
import type { AudioFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import type { Reader } from "../media/reader.ts";
import { Track } from "../media/track.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { formatKey, type Seat, type Share, type TurnSound, type Wanted, wantedKey } from "./turn-sound.ts";
import type { SpeechLosses } from "./voices.ts";

/** Options of {@link LiveSound}. */
export interface LiveSoundOptions {
  readonly voice: Track;
  readonly converter: Converter;
  readonly clock: Clock;
  /** Called with each frame of the talker. */
  readonly onSound: () => void;
  /** Called once, when the voice itself is gone. */
  readonly onGone: () => void;
  /** Called when a conversion breaks; the sound of its speakers ends. */
  readonly onError: (error: unknown) => void;
  /** Called once, when the first of it was handed to a speaker, with how long that took (µs). */
  readonly onTaken?: (tookUs: number) => void;
  readonly lost: SpeechLosses;
}

/** One second of 20 ms frames: what is older when it is late is not worth hearing. */
const maxFrames = 50;

interface Group {
  readonly output: Track;
  readonly ready: Promise<AudioConversion>;
  /** Frames that were lost before its output. */
  lostFrames(): number;
}

/** A talker's voice for the speakers of one turn: each reads it, or a conversion of it, through a bounded queue of its own. */
export class LiveSound implements TurnSound {
  readonly #inputs = new Set<Reader>();
  readonly #groups = new Map<string, Group>();
  readonly #held = new AsyncDisposableStack();
  readonly #options: LiveSoundOptions;
  readonly #begunUs: number;
  #taken = false;
  #ended = false;

  constructor(options: LiveSoundOptions) {
    this.#options = options;
    this.#begunUs = options.clock.nowUs();
    const { voice, onSound, onGone } = options;
    const ear = this.#held.use(
      voice.read({
        maxFrames: 1,
        onReady: () => {
          if (ear.take()) onSound();
        },
      }),
    );
    const watch = voice.onChange(() => voice.open || onGone());
    this.#held.use(watch);
    if (!voice.open) queueMicrotask(onGone);
  }

  get voice(): string {
    return this.#options.voice.id;
  }

  /** The voice's own format where the speaker takes it, else the speaker's first choice. */
  choose(formats: readonly AudioFormat[]): AudioFormat | undefined {
    const own = formatKey(this.#options.voice.format as AudioFormat);
    return formats.find((format) => formatKey(format) === own) ?? formats[0];
  }

  seat(): Seat {
    const reader = this.#options.voice.read({ maxFrames });
    this.#inputs.add(reader);
    if (this.#ended) reader.close();
    let used = false;
    const leave = () => {
      this.#inputs.delete(reader);
      reader[Symbol.dispose]();
    };
    return {
      open: (wanted) => {
        used = true;
        return this.#share(wanted, { reader, leave });
      },
      [Symbol.dispose]: () => {
        if (!used) leave();
      },
    };
  }

  end(): void {
    this.#ended = true;
    for (const reader of this.#inputs) reader.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.#inputs) reader[Symbol.dispose]();
    for (const { output } of this.#groups.values()) output.close();
    await this.#held.disposeAsync();
  }

  async #share(wanted: Wanted, seat: { readonly reader: Reader; readonly leave: () => void }): Promise<Share> {
    const { voice } = this.#options;
    const { reader } = seat;
    if (wanted.gain === 1 && formatKey(wanted.format) === formatKey(voice.format as AudioFormat)) {
      return this.#counted(reader, () => 0);
    }
    const key = wantedKey(wanted);
    const known = this.#groups.get(key);
    if (known) seat.leave(); // what was said before is no longer in the conversion: it hears from now on
    const group = known ?? this.#begin(key, { wanted, reader });
    const own = group.output.read({ maxFrames });
    await group.ready;
    return this.#counted(own, group.lostFrames);
  }

  /** Opens a conversion that begins with what `reader` holds already. */
  #begin(key: string, from: { readonly wanted: Wanted; readonly reader: Reader }): Group {
    const { voice, clock, converter, onError } = this.#options;
    const { format, gain } = from.wanted;
    const output = new Track(format, { id: `${voice.id}/${key}`, clock });
    const ready = converter.convertAudio(voice.format as AudioFormat, { output: format, gain });
    let conversion: AudioConversion | undefined;
    const lostFrames = () => from.reader.counters.droppedOldAudio + (conversion?.droppedFrames ?? 0);
    const group: Group = { output, ready, lostFrames };
    this.#held.defer(() => {
      this.#options.lost.conversion += lostFrames();
    });
    this.#groups.set(key, group);
    const run = async () => {
      await using opened = await ready;
      conversion = opened;
      await Promise.all([take(opened, from.reader), give(opened, output)]);
    };
    const end = () => {
      from.reader.close();
      output.close();
    };
    background(run().finally(end), (error) => {
      if (this.#groups.get(key) === group) this.#groups.delete(key);
      onError(error);
    });
    return group;
  }

  #firstTaken(): void {
    if (this.#taken) return;
    this.#taken = true;
    const { clock, onTaken } = this.#options;
    onTaken?.(clock.nowUs() - this.#begunUs);
  }

  #counted(reader: Reader, lostBefore: () => number): Share {
    this.#held.defer(() => {
      this.#options.lost.speaker += reader.counters.droppedOldAudio;
      reader[Symbol.dispose]();
    });
    return {
      frames: withFirst(reader, () => this.#firstTaken()),
      get lostFrames() {
        return reader.counters.droppedOldAudio + lostBefore();
      },
    };
  }
}

async function take(conversion: AudioConversion, from: Reader): Promise<void> {
  for await (const frame of from) conversion.push(frame);
  conversion.end();
}

async function give(conversion: AudioConversion, to: Track): Promise<void> {
  for await (const frame of conversion.frames) to.write(frame);
}

/** The same frames; `onFirst` is called when the first was taken. */
function withFirst(frames: AsyncIterable<Frame>, onFirst: () => void): AsyncIterable<Frame> {
  return {
    [Symbol.asyncIterator]: () => {
      const inner = frames[Symbol.asyncIterator]();
      let next = async (): Promise<IteratorResult<Frame>> => {
        const step = await inner.next();
        if (!step.done) {
          next = () => inner.next();
          onFirst();
        }
        return step;
      };
      return { next: () => next(), return: async () => (await inner.return?.()) ?? { done: true, value: undefined } };
    },
  };
}
