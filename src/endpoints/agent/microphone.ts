import { createOpusEncoder, type OpusEncoder } from "../../codecs/opus/encoder.ts";
import { bytesOf } from "../../codecs/pcm/index.ts";
import { opusFormat } from "../../media/format.ts";
import { Timeline } from "../../media/timeline.ts";
import { Track } from "../../media/track.ts";
import type { Clock } from "../../util/clock.ts";
import type { Microphone } from "../machine/ports.ts";
import { agentForm } from "./player.ts";

/** Options of {@link MicrophoneTrack}. */
export interface MicrophoneTrackOptions {
  readonly microphone: Microphone;
  readonly clock: Clock;
}

/** A microphone as a track of Opus, which records only while somebody listens. Its owner disposes it, and the microphone. */
export class MicrophoneTrack implements Disposable {
  readonly track: Track;
  readonly #encoder: OpusEncoder;
  readonly #options: MicrophoneTrackOptions;
  #capture: Disposable | undefined;

  private constructor(encoder: OpusEncoder, options: MicrophoneTrackOptions) {
    this.#encoder = encoder;
    this.#options = options;
    const { clock } = options;
    this.track = new Track(opusFormat, { id: "agent/microphone", clock, onDemand: (wanted) => this.#want(wanted) });
  }

  /** Loads the encoder. */
  static async open(options: MicrophoneTrackOptions): Promise<MicrophoneTrack> {
    return new MicrophoneTrack(await createOpusEncoder({ ...agentForm, packetLossPercent: 5 }), options);
  }

  [Symbol.dispose](): void {
    this.track.close();
    this.#want(false);
    this.#encoder[Symbol.dispose]();
  }

  #want(wanted: boolean): void {
    this.#capture?.[Symbol.dispose]();
    this.#capture = undefined;
    if (!wanted) return;
    const { microphone, clock } = this.#options;
    const timeline = new Timeline({ clock, clockRateHz: agentForm.sampleRateHz });
    let samples = 0;
    this.#capture = microphone.capture((frame) => {
      const timestampUs = timeline.map(samples);
      samples += frame.length;
      this.track.write({ data: this.#encoder.encode(bytesOf(frame)), timestampUs, durationUs: 20_000, key: true });
    });
    microphone.begin();
  }
}
