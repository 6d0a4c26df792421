import { samplesOf } from "../../codecs/pcm/index.ts";
import { opusFormat, pcmFormat } from "../../media/format.ts";
import { openOpusVoice } from "../../media/opus-voice.ts";
import type { MicrophoneFrame, Viewer } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import type { Log } from "../../util/log.ts";
import { BlockPlayout } from "../machine/playout.ts";
import type { Loudspeaker } from "../machine/ports.ts";
import { frameLength } from "../machine/sound-form.ts";
import { every20Ms } from "../machine/ticker.ts";

/** What an agent's microphone and loudspeaker speak. */
export const agentForm = { sampleRateHz: 48_000, channels: 1 } as const;

/** Options of {@link Player}. */
export interface PlayerOptions {
  readonly loudspeaker: Loudspeaker;
  readonly clock: Clock;
  readonly log: Log;
}

/** One peer that may speak here. */
interface Talker {
  readonly hub: boolean;
  readonly playout: BlockPlayout;
  /** Frames since it was heard last. */
  quiet: number;
}

/** Silence that is written behind what was heard, so that it leaves the loudspeaker; then nothing is done until somebody speaks. */
const tailFrames = 25;
/** The hub has the loudspeaker for itself until it was silent for so long. */
const hubHoldsFrames = 25;
/** So many at once; who comes later is not heard. */
const maxTalkers = 8;

/**
 * Plays what peers say: those that watch directly all together, but the hub alone while it speaks, since it decides there who
 * does. Works only while sound comes. Its owner disposes it, and the loudspeaker.
 */
export class Player implements Disposable {
  readonly #talkers = new Set<Talker>();
  readonly #options: PlayerOptions;
  #ticking: Disposable | undefined;
  #silent = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** Hears a peer until disposed. */
  async listen(peer: Pick<Viewer, "onMicrophone">, who: { readonly hub: boolean }): Promise<AsyncDisposable> {
    await using held = new AsyncDisposableStack();
    const output = pcmFormat(agentForm.sampleRateHz);
    const voice = await openOpusVoice(opusFormat, { output });
    if (voice) held.use(voice);
    if (!voice || this.#talkers.size >= maxTalkers) return new AsyncDisposableStack();
    const talker: Talker = { hub: who.hub, playout: new BlockPlayout(agentForm), quiet: hubHoldsFrames };
    this.#talkers.add(talker);
    held.defer(() => {
      this.#talkers.delete(talker);
    });
    held.use(peer.onMicrophone((frame: MicrophoneFrame) => voice.push(frame)));
    const pump = async () => {
      for await (const { data } of voice.frames) {
        talker.playout.push(samplesOf(data));
        this.#wake();
      }
    };
    background(pump(), (err) => this.#options.log.error({ err }, "sound for the loudspeaker failed"));
    return held.move();
  }

  [Symbol.dispose](): void {
    this.#ticking?.[Symbol.dispose]();
    this.#ticking = undefined;
  }

  #wake(): void {
    this.#silent = 0;
    this.#ticking ??= every20Ms(this.#options.clock, () => this.#tick());
  }

  #tick(): void {
    const frames = [...this.#talkers].map((talker) => ({ talker, frame: talker.playout.pop() }));
    for (const { talker, frame } of frames) talker.quiet = frame ? 0 : talker.quiet + 1;
    const hub = frames.filter(({ talker }) => talker.hub && talker.quiet < hubHoldsFrames);
    const heard = (hub.length > 0 ? hub : frames).flatMap(({ frame }) => frame ?? []);
    if (heard.length > 0) this.#silent = 0;
    else if (++this.#silent > tailFrames) this[Symbol.dispose]();
    this.#options.loudspeaker.write(together(heard), { heard: heard.length > 0 });
  }
}

/** The sum of frames; silence of none. */
function together(frames: readonly Int16Array[]): Int16Array {
  const [first, ...others] = frames;
  if (first && others.length === 0) return first;
  const sum = new Int16Array(frameLength(agentForm));
  for (let i = 0; i < sum.length; i++) {
    const all = frames.reduce((total, frame) => total + (frame[i] ?? 0), 0);
    sum[i] = Math.max(-32_768, Math.min(32_767, all));
  }
  return sum;
}
