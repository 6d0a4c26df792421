import type { Voice } from "../../../hub/voices.ts";
import { Reblocker } from "../../../media/reblock.ts";
import type { Clock } from "../../../util/clock.ts";
import { frameBytes } from "./messages.ts";

const frameUs = 20_000;
/** Frames that come later than this begin anew in time; a burst after a pause of the network goes on where it was. */
const pauseUs = 400_000;
/** Nobody speaks so far ahead of the present: what comes faster is left out. */
const maxAheadUs = 1_000_000;

/** A client's microphone: samples in pieces of any size become frames of 20 ms of a voice. */
export class Microphone {
  readonly #blocks = new Reblocker(frameBytes);
  readonly #voice: Voice;
  readonly #clock: Clock;
  #nextUs = 0;
  #dropped = 0;

  constructor({ voice, clock }: { readonly voice: Voice; readonly clock: Clock }) {
    this.#voice = voice;
    this.#clock = clock;
  }

  /** Frames that came faster than anybody speaks, and were left out. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False for what is no whole number of samples, which is left out. */
  push(pcm: Uint8Array): boolean {
    if (pcm.length % 2 !== 0) return false;
    for (const block of this.#blocks.push(pcm)) this.#write(block);
    return true;
  }

  #write(data: Uint8Array): void {
    const nowUs = this.#clock.nowUs();
    if (nowUs - this.#nextUs > pauseUs) this.#nextUs = nowUs;
    if (this.#nextUs - nowUs > maxAheadUs) {
      this.#dropped++;
      return;
    }
    // The bytes are the socket's to use again, and a frame's are read later.
    this.#voice.write({ data: Uint8Array.from(data), timestampUs: this.#nextUs, durationUs: frameUs, key: true });
    this.#nextUs += frameUs;
  }
}
