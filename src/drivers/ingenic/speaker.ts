import type { Device, Speaker } from "../../device/driver.ts";
import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import type { Speech } from "../../media/speech.ts";
import type { StreamConnection } from "../../protocols/elementary/connect.ts";
import { RecoverableError } from "../../util/errors.ts";
import { Listeners } from "../../util/listeners.ts";
import { playTurn, type SpeakerLine } from "./turn.ts";
import { encodeRecord, type SpeakerRecord } from "./wire.ts";

/** The hook itself knows these; a speaker of any other rate cannot be used. */
const minRateHz = 8000;
const maxRateHz = 48_000;

/** Options of {@link HookSpeaker}. */
export interface HookSpeakerOptions {
  readonly connection: StreamConnection;
  readonly echoCancelling: boolean;
}

/**
 * The camera's speaker behind one connection to its sound port: offered to the hub in the format that the hook tells,
 * and again when that changes. Disposing it ends a turn with `lost`; the connection stays its owner's.
 */
export class HookSpeaker implements SpeakerLine, Disposable {
  state: SpeakerRecord | undefined;
  readonly #changes: Listeners<SpeakerRecord>;
  readonly #lost = new AbortController();
  readonly #device: Device;
  readonly #options: HookSpeakerOptions;

  constructor(device: Device, options: HookSpeakerOptions) {
    this.#device = device;
    this.#options = options;
    this.#changes = new Listeners((error) => device.log.error({ err: error }, "listener of a speaker failed"));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The hook tells how its speaker is. */
  told(state: SpeakerRecord): void {
    const before = this.state;
    this.state = state;
    const same = before?.sampleRateHz === state.sampleRateHz && before.channels === state.channels;
    const format = formatOf(state);
    if (format && !same) this.#offer(format);
    this.#changes.emit(state);
  }

  onChange(listener: (state: SpeakerRecord) => void): Disposable {
    return this.#changes.add(listener);
  }

  say(format: AudioFormat, samples: Uint8Array): undefined | Promise<void> {
    const channels = format.channels === 2 ? 2 : 1;
    const record = { type: "speech", sampleRateHz: format.sampleRateHz, channels, samples } as const;
    return this.#options.connection.write(encodeRecord(record));
  }

  [Symbol.dispose](): void {
    this.#lost.abort(new RecoverableError("the connection to the camera's sound port is lost", { code: "lost" }));
  }

  #offer(format: AudioFormat): void {
    const { clock, signal } = this.#device;
    const offered: Speaker = {
      formats: [format],
      echoCancelling: this.#options.echoCancelling,
      play: (speech: Speech) => playTurn(speech, { speaker: this, format, clock, signal }),
    };
    this.#device.offerSpeaker(offered);
  }
}

function formatOf(state: SpeakerRecord): AudioFormat | undefined {
  const { sampleRateHz, channels } = state;
  if (channels === 0 || sampleRateHz < minRateHz || sampleRateHz > maxRateHz) return undefined;
  return pcmFormat(sampleRateHz, channels);
}
