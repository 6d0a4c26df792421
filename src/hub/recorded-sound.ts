import type { AudioFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import type { RecordedSpeech } from "../media/speech.ts";
import { Tee } from "../media/tee.ts";
import type { Clock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { until } from "../util/until.ts";
import { type Seat, type Share, type TurnSound, type Wanted, wantedKey } from "./turn-sound.ts";

/** Options of {@link RecordedSound}. */
export interface RecordedSoundOptions {
  readonly source: RecordedSpeech;
  readonly clock: Clock;
  /** Aborts when the sound must stop now. */
  readonly signal: AbortSignal;
}

/** How long the first speaker that is ready waits for the others, so that rooms hear it together. */
const gatherMs = 300;
/** How far the fastest speaker may be ahead: 3 s of 20 ms blocks. */
const maxAhead = 150;
/** A speaker that takes nothing for this time while others wait is left behind. */
const patienceMs = 2000;
/** A recording that gives nothing for this time has stopped: nobody holds a floor for it. */
const stallMs = 5000;

/** A recording for the speakers of one turn; whoever comes late hears it from its beginning. */
export class RecordedSound implements TurnSound {
  readonly #options: RecordedSoundOptions;
  readonly #held = new AsyncDisposableStack();
  readonly #gathered = Promise.withResolvers<void>();
  readonly #groups = new Map<string, Promise<Tee<Frame>>>();
  #awaited = 0;
  #begun = false;

  constructor(options: RecordedSoundOptions) {
    this.#options = options;
  }

  choose(formats: readonly AudioFormat[]): AudioFormat | undefined {
    return formats[0];
  }

  seat(): Seat {
    this.#awaited++;
    let awaited = true;
    const arrive = () => {
      if (!awaited) return;
      awaited = false;
      if (--this.#awaited === 0) this.#begin();
    };
    return {
      open: (wanted) => this.#share(wanted, arrive),
      [Symbol.dispose]: arrive,
    };
  }

  /** A recording has an end of its own. */
  end(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#begin();
    await this.#held.disposeAsync();
  }

  async #share(wanted: Wanted, arrive: () => void): Promise<Share> {
    const { signal, clock } = this.#options;
    const late = this.#begun;
    const key = wantedKey(wanted);
    const tee = (late ? undefined : this.#groups.get(key)) ?? this.#open(wanted);
    if (!late) this.#groups.set(key, tee);
    const frames = (await tee).branch();
    arrive();
    if (!late) {
      using _timer = clock.timer(gatherMs, () => this.#begin());
      await until(this.#gathered.promise, { signal });
    }
    return { frames, lostFrames: 0 };
  }

  #begin(): void {
    this.#begun = true;
    this.#gathered.resolve();
  }

  async #open({ format, gain }: Wanted): Promise<Tee<Frame>> {
    const { source, signal, clock } = this.#options;
    const within = { ms: stallMs, clock, error: stalled };
    const recording = this.#held.use(await until(source.open(format, { gain, signal }), { signal, within }));
    return new Tee(this.#flowing(recording.frames), { maxAhead, clock, patienceMs });
  }

  /** The frames; a source that stops giving any is an error. */
  async *#flowing(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, void> {
    const { clock, signal } = this.#options;
    const iterator = frames[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await until(iterator.next(), { signal, within: { ms: stallMs, clock, error: stalled } });
        if (step.done) return;
        yield step.value;
      }
    } finally {
      iterator.return?.().catch(() => {}); // nobody is left to tell
    }
  }
}

function stalled(): RecoverableError {
  return new RecoverableError(`the sound stopped: nothing came for ${stallMs / 1000} s`, { code: "stalled" });
}
