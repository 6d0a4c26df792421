import type { Speaker } from "../../../device/driver.ts";
import { pcmFormat } from "../../../media/format.ts";
import { pace } from "../../../media/pace.ts";
import { Reblocker } from "../../../media/reblock.ts";
import { RecordingPacer } from "../../../media/recording-pacer.ts";
import type { Speech } from "../../../media/speech.ts";
import { codec } from "../../../protocols/room/constants.ts";
import type { Clock } from "../../../util/clock.ts";
import { until } from "../../../util/until.ts";
import { frameBytes } from "./messages.ts";

/** Sound as clients send and take it. */
export const clientFormat = pcmFormat(codec.sampleRateHz.value);

/** What clients keep of sound before they play it, about. */
const heldMs = 60;
/** A client plays what comes when it comes: a recording is hardly sent ahead. */
const recording = { burstMs: 40, speed: 1, maxLeadMs: 60 } as const;

/** Options of {@link ClientSpeaker}. */
export interface ClientSpeakerOptions {
  readonly clock: Clock;
  /** One frame as it goes over the wire: its priority, then 20 ms of samples. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** Somebody began, or ended, to speak here; what was cut off is to be thrown away. */
  readonly onSpeech: (speech: "began" | "ended" | "cut off") => void;
}

/** A client as a speaker: 20 ms of samples behind a byte of priority, whatever they come from. */
export class ClientSpeaker implements Speaker {
  readonly formats = [clientFormat];
  /** Browsers keep their own sound out of their microphone. */
  readonly echoCancelling = true;
  readonly #options: ClientSpeakerOptions;

  constructor(options: ClientSpeakerOptions) {
    this.#options = options;
  }

  async play(speech: Speech): Promise<void> {
    const { clock, onSpeech } = this.#options;
    onSpeech("began");
    try {
      await (speech.live ? this.#live(speech) : this.#recorded(speech));
    } finally {
      // Told before anything waits: whoever heard it may answer at once.
      onSpeech(speech.signal.aborted ? "cut off" : "ended");
    }
    await clock.sleep(heldMs, speech.signal);
  }

  async #live(speech: Speech): Promise<void> {
    const blocks = new Reblocker(frameBytes);
    const source = speech.frames[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await until(source.next(), { signal: speech.signal });
        if (step.done) break;
        for (const block of blocks.push(step.value.data)) this.#give(block, speech);
      }
    } finally {
      await source.return?.();
    }
    this.#giveRest(blocks, speech);
  }

  async #recorded(speech: Speech): Promise<void> {
    const { clock } = this.#options;
    const blocks = new Reblocker(frameBytes);
    const write = (data: Uint8Array) => {
      for (const block of blocks.push(data)) this.#give(block, speech);
      return undefined;
    };
    const pacer = new RecordingPacer(recording);
    const report = await pace(speech.frames, { clock, pacer, sink: { write }, signal: speech.signal });
    this.#giveRest(blocks, speech);
    await clock.sleep(Math.max(0, report.leadMs), speech.signal);
  }

  #giveRest(blocks: Reblocker, speech: Speech): void {
    const rest = blocks.flush();
    if (rest) this.#give(rest, speech);
  }

  #give(block: Uint8Array, { priority = 0 }: Speech): void {
    const frame = new Uint8Array(1 + block.length);
    frame[0] = priority;
    frame.set(block, 1);
    this.#options.onFrame(frame);
  }
}
