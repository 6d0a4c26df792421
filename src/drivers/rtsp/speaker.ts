import type { Device, Speaker, Speech } from "../../device/driver.ts";
import {
  type Backchannel,
  type BackchannelOptions,
  openBackchannel,
  speakerFormats,
} from "../../protocols/rtsp/backchannel.ts";
import type { PayloadMapping } from "../../protocols/sdp/index.ts";
import { RecoverableError } from "../../util/errors.ts";

/** Options of {@link RtspSpeaker}. */
export interface RtspSpeakerOptions extends Omit<BackchannelOptions, "signal" | "clock" | "log"> {
  readonly payloads: readonly PayloadMapping[];
  /** Keep the back channel open between turns: a press is heard sooner, but the camera's own call button may be deaf. */
  readonly warm: boolean;
}

/**
 * The speaker of a camera with an ONVIF back channel. The channel is open while somebody talks, or for good when it is
 * kept warm; either way it is given back when the speaker is disposed.
 */
export class RtspSpeaker implements Speaker, AsyncDisposable {
  readonly formats: Speaker["formats"];
  readonly echoCancelling = false;
  #kept: Promise<Backchannel> | undefined;
  readonly #turns = new Set<Promise<void>>();
  readonly #life = new AbortController();
  readonly #device: Pick<Device, "clock" | "log">;
  readonly #options: RtspSpeakerOptions;

  constructor(device: Pick<Device, "clock" | "log">, options: RtspSpeakerOptions) {
    this.#device = device;
    this.#options = options;
    this.formats = speakerFormats(options.payloads);
  }

  /** Opens the channel ahead of the first turn, if it is to be kept warm. */
  warmUp(): void {
    if (this.#options.warm) this.#keep().catch((error: unknown) => this.#complain(error));
  }

  async talk(speech: Speech): Promise<void> {
    const turn = this.#talk({ ...speech, signal: AbortSignal.any([speech.signal, this.#life.signal]) });
    this.#turns.add(turn);
    try {
      await turn;
    } catch (error) {
      if (!speech.signal.aborted) throw error; // broken off on purpose: what failed then is of no interest
    } finally {
      this.#turns.delete(turn);
    }
  }

  /** Ends what is being said and gives the camera's speaker back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new RecoverableError("the camera went away while somebody spoke", { code: "connection-lost" }));
    await Promise.allSettled(this.#turns);
    const kept = await this.#kept?.catch(() => undefined); // what failed was told to whoever asked for it
    await kept?.[Symbol.asyncDispose]();
  }

  async #talk(speech: Speech): Promise<void> {
    if (this.#options.warm) return await (await this.#keep()).speak(speech);
    await using channel = await this.#open(speech.signal);
    await channel.speak(speech);
  }

  #open(signal: AbortSignal): Promise<Backchannel> {
    const { clock, log } = this.#device;
    return openBackchannel({ ...this.#options, clock, log, signal });
  }

  /** The channel that is kept open; a new one when there is none, or the camera ended it. */
  #keep(): Promise<Backchannel> {
    if (this.#kept) return this.#kept;
    const opening = this.#open(this.#life.signal);
    this.#kept = opening;
    const forget = () => {
      if (this.#kept === opening) this.#kept = undefined;
    };
    opening.then((channel) => {
      const lose = () => {
        forget();
        void channel[Symbol.asyncDispose]();
      };
      if (channel.lost.aborted) lose();
      else channel.lost.addEventListener("abort", lose, { once: true });
    }, forget);
    return opening;
  }

  #complain(error: unknown): void {
    if (!this.#life.signal.aborted) this.#device.log.warn({ err: error }, "the back channel cannot be kept open");
  }
}
