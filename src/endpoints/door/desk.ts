import type { Clock } from "../../util/clock.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import { frameLength, type SoundForm } from "../machine/sound-form.ts";
import { every20Ms } from "../machine/ticker.ts";
import type { DoorStream } from "./stream.ts";

/** Options of {@link DoorDesk}. */
export interface DoorDeskOptions {
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
  readonly form: SoundForm;
  readonly clock: Clock;
}

/** One microphone and one loudspeaker for all streams: everybody hears the microphone, the loudspeaker plays all of them at once. */
export class DoorDesk {
  readonly #options: DoorDeskOptions;
  readonly #streams = new Set<DoorStream>();
  #running: DisposableStack | undefined;

  constructor(options: DoorDeskOptions) {
    this.#options = options;
  }

  /** Joins a stream until disposed. Throws what opening the microphone throws. */
  join(stream: DoorStream): Disposable {
    this.#running ??= this.#open();
    this.#streams.add(stream);
    return {
      [Symbol.dispose]: () => {
        this.#streams.delete(stream);
        if (this.#streams.size > 0) return;
        this.#running?.dispose();
        this.#running = undefined;
      },
    };
  }

  #open(): DisposableStack {
    const { microphone, clock } = this.#options;
    using opened = new DisposableStack();
    opened.use(
      microphone.capture((frame) => {
        for (const stream of this.#streams) stream.speak(frame);
      }),
    );
    opened.use(every20Ms(clock, () => this.#play()));
    microphone.begin();
    return opened.move();
  }

  #play(): void {
    const { loudspeaker, form } = this.#options;
    const frames = [...this.#streams].flatMap((stream) => stream.next() ?? []);
    const [only, ...others] = frames;
    const frame = only && others.length > 0 ? mixed(frames, frameLength(form)) : only;
    loudspeaker.write(frame ?? new Int16Array(frameLength(form)), { heard: frame !== undefined });
  }
}

function mixed(frames: readonly Int16Array[], length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => {
    const sum = frames.reduce((all, frame) => all + (frame[i] ?? 0), 0);
    return Math.max(-32_768, Math.min(32_767, sum));
  });
}
