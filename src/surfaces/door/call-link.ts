import { bytesOf, samplesOf } from "../../codecs/pcm/index.ts";
import type { PartyId } from "../../hub/call-info.ts";
import type { CallMedia } from "../../hub/call-media.ts";
import type { Voices } from "../../hub/voices.ts";
import { pcmFormat } from "../../media/format.ts";
import { openPcmInput, type PcmInput } from "../../media/pcm-input.ts";
import type { Reader } from "../../media/reader.ts";
import { Resampler } from "../../media/resample.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import type { DoorSoundFormat } from "../../protocols/door/sound.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** Options of {@link CallLink}. */
export interface CallLinkOptions {
  readonly media: CallMedia;
  readonly voices: Voices;
  readonly callId: string;
  /** The client. */
  readonly party: PartyId;
  /** The station with which it has sound already. */
  readonly station: PartyId;
  /** Of its stream with the station. */
  readonly format: DoorSoundFormat;
  readonly clock: Clock;
  readonly log: Log;
}

const decodedRates = [8000, 16_000, 24_000, 48_000] as const;
/** What the others said is kept for so long while nothing comes from the station. */
const keptSeconds = 0.4;

/**
 * A client in a call of more than two: it and the station hear each other in their stream, as ever; what it says goes to
 * the others, and what they say is laid over what comes from the station. Its owner disposes it.
 */
export class CallLink implements Disposable {
  readonly callId: string;
  readonly #held = new DisposableStack();
  readonly #options: CallLinkOptions;
  readonly #voice;
  #others: Int16Array[] = [];
  #length = 0;
  #input: PcmInput | undefined;

  constructor(options: CallLinkOptions) {
    this.#options = options;
    this.callId = options.callId;
    const { media, voices, callId, party, station, format, log } = options;
    this.#voice = this.#held.use(
      voices.open({ owner: party, format: pcmFormat(format.sampleRateHz, format.channels) }),
    );
    const speaking = media.speak(callId, { party, voice: this.#voice.track, direct: station });
    if (speaking) this.#held.use(speaking);
    background(this.#listen(), (err) => log.warn({ err }, `a client does not hear a call: ${messageOf(err)}`));
  }

  /** The client said this to the station: the others hear it, too. */
  said({ pcm }: Pick<DoorSound, "pcm">): void {
    const { format, clock } = this.#options;
    const durationUs = Math.round((pcm.length / (2 * format.channels) / format.sampleRateHz) * 1e6);
    this.#voice.write({ data: pcm, timestampUs: clock.nowUs() - durationUs, durationUs, key: true });
  }

  /** What the client hears: the station's sound, and over it what the others said meanwhile. */
  heard(pcm: Uint8Array): Uint8Array {
    if (this.#length === 0) return pcm;
    const { channels } = this.#options.format;
    const samples = samplesOf(pcm).slice();
    const others = this.#take(samples.length / channels);
    for (const [at, other] of others.entries()) {
      for (let channel = 0; channel < channels; channel++) {
        const n = at * channels + channel;
        samples[n] = Math.max(-32_768, Math.min(32_767, (samples[n] ?? 0) + other));
      }
    }
    return bytesOf(samples);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  async #listen(): Promise<void> {
    const { media, callId, party, format } = this.#options;
    const ear = media.ear(callId, party);
    if (!ear) return;
    const rateHz = decodedRates.find((rate) => rate >= format.sampleRateHz) ?? 48_000;
    const resampler = new Resampler({ fromHz: rateHz, toHz: format.sampleRateHz });
    const input = await openPcmInput(ear.format as Parameters<typeof openPcmInput>[0], {
      rateHz,
      give: ({ data }) =>
        this.#keep(rateHz === format.sampleRateHz ? samplesOf(data) : resampler.push(samplesOf(data))),
      onError: (err) => this.#options.log.warn({ err }, "what a client hears in a call is disturbed"),
    });
    if (this.#held.disposed) return input[Symbol.dispose]();
    this.#input = this.#held.use(input);
    const reader: Reader = this.#held.use(
      ear.read({ start: "live", maxFrames: 25, onReady: () => this.#read(reader) }),
    );
  }

  #read(reader: Reader): void {
    for (let frame = reader.take(); frame; frame = reader.take()) this.#input?.push(frame);
  }

  #keep(samples: Int16Array): void {
    this.#others.push(samples);
    this.#length += samples.length;
    const most = keptSeconds * this.#options.format.sampleRateHz;
    while (this.#length > most) this.#length -= this.#others.shift()?.length ?? this.#length;
  }

  #take(count: number): Int16Array {
    const taken = new Int16Array(Math.min(count, this.#length));
    let filled = 0;
    while (filled < taken.length) {
      const [first] = this.#others;
      if (!first) break;
      const part = first.subarray(0, taken.length - filled);
      taken.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#others.shift();
      else this.#others[0] = first.subarray(part.length);
    }
    this.#length -= filled;
    return taken;
  }
}
