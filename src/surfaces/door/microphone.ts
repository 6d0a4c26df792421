import type { Device, TrackWriter } from "../../device/driver.ts";
import { pcmFormat } from "../../media/format.ts";
import { JitterBuffer } from "../../media/jitter.ts";
import { Reblocker } from "../../media/reblock.ts";
import { Timeline } from "../../media/timeline.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import { SoundOrder } from "../../protocols/door/order.ts";
import type { DoorSoundFormat } from "../../protocols/door/sound.ts";
import { every } from "../../util/every.ts";

const blockMs = 20;
/** A frame of 400 ms comes all at once: its last block is that much younger than its first. */
const maxDelayMs = 500;

/**
 * A station's microphone as a track of its device: frames of any length, put in order, cut into blocks of 20 ms, and given
 * out evenly. Its owner disposes it when the stream ends.
 */
export class Microphone implements Disposable {
  readonly #track: TrackWriter;
  readonly #order = new SoundOrder();
  readonly #blocks: Reblocker;
  readonly #blockBytes: number;
  readonly #blockUs: number;
  readonly #timeline: Timeline;
  readonly #jitter: JitterBuffer;
  readonly #tick: Disposable;
  readonly #format: DoorSoundFormat;
  /** Samples so far, those that were lost too. */
  #samples = 0;
  #untaken = 0;

  constructor(options: { readonly device: Device; readonly format: DoorSoundFormat }) {
    const { device, format } = options;
    const { sampleRateHz, channels } = format;
    this.#format = format;
    this.#track = device.publish(pcmFormat(sampleRateHz, channels), { sparse: true });
    const blockSamples = Math.round((sampleRateHz * blockMs) / 1000);
    this.#blockBytes = 2 * channels * blockSamples;
    this.#blockUs = (blockSamples * 1e6) / sampleRateHz;
    this.#blocks = new Reblocker(this.#blockBytes);
    this.#timeline = new Timeline({ clock: device.clock, clockRateHz: sampleRateHz });
    this.#jitter = new JitterBuffer({ clock: device.clock, frameUs: this.#blockUs, maxDelayMs });
    this.#tick = every(device.clock, this.#blockUs / 1000, () => this.#give());
  }

  /** What was lost and came twice. */
  get counters() {
    return this.#order.counters;
  }

  /** A frame came. One of another rate than the stream's is passed over. */
  write(sound: DoorSound): void {
    const { sampleRateHz, channels } = this.#format;
    if (sound.sampleRateHz !== sampleRateHz || sound.channels !== channels) return;
    for (const { sound: next, lostBefore } of this.#order.push(sound)) {
      const samples = next.pcm.length / (2 * channels);
      this.#samples += (lostBefore + 1) * samples;
      this.#cut(next.pcm, this.#timeline.map(this.#samples));
    }
  }

  [Symbol.dispose](): void {
    this.#tick[Symbol.dispose]();
  }

  /** The end of a frame is now, about; what comes before it is older. */
  #cut(pcm: Uint8Array, endUs: number): void {
    const blocks = this.#blocks.push(pcm);
    this.#untaken = (this.#untaken + pcm.length) % this.#blockBytes;
    const restUs = (this.#untaken / this.#blockBytes) * this.#blockUs;
    for (const [n, data] of blocks.entries()) {
      const timestampUs = Math.round(endUs - restUs - (blocks.length - n) * this.#blockUs);
      this.#jitter.push({ data, timestampUs, key: true, durationUs: Math.round(this.#blockUs) });
    }
  }

  #give(): void {
    const turn = this.#jitter.pull();
    if (turn.type === "frame") this.#track.write(turn.frame);
  }
}
