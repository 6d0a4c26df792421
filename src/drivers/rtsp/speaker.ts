import type { Device, Speaker, Speech } from "../../device/driver.ts";
import {
  type Backchannel,
  type BackchannelOptions,
  openBackchannel,
  speakerFormats,
} from "../../protocols/rtsp/backchannel.ts";
import type { PayloadMapping } from "../../protocols/sdp/index.ts";
import { isAbort } from "../../util/errors.ts";

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
  readonly #device: Device;
  readonly #options: RtspSpeakerOptions;

  constructor(device: Device, options: RtspSpeakerOptions) {
    this.#device = device;
    this.#options = options;
    this.formats = speakerFormats(options.payloads);
  }

  /** Opens the channel ahead of the first turn, if it is to be kept warm. */
  warmUp(): void {
    if (this.#options.warm) this.#keep().catch((error: unknown) => this.#complain(error));
  }

  async talk(speech: Speech): Promise<void> {
    try {
      if (this.#options.warm) await (await this.#keep()).speak(speech);
      else {
        await using channel = await this.#open(AbortSignal.any([speech.signal, this.#device.signal]));
        await channel.speak(speech);
      }
    } catch (error) {
      if (!speech.signal.aborted) throw error; // broken off on purpose: what failed then is of no interest
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    const channel = await kept?.catch(() => undefined); // what failed was told to whoever asked for it
    await channel?.[Symbol.asyncDispose]();
  }

  #open(signal: AbortSignal): Promise<Backchannel> {
    const { clock, log } = this.#device;
    return openBackchannel({ ...this.#options, clock, log, signal });
  }

  #keep(): Promise<Backchannel> {
    if (this.#kept) return this.#kept;
    const opening = this.#open(this.#device.signal);
    const forget = () => {
      if (this.#kept === opening) this.#kept = undefined;
    };
    opening.then((channel) => channel.lost.then(() => channel[Symbol.asyncDispose]()).then(forget), forget);
    this.#kept = opening;
    return opening;
  }

  #complain(error: unknown): void {
    if (!isAbort(error)) this.#device.log.warn({ err: error }, "the back channel cannot be kept open");
  }
}
