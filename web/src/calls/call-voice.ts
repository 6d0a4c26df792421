import type { CallView } from "../api.ts";
import { VoiceLine } from "../net/voice.ts";
import type { MicrophoneTrouble } from "../pure/talk-words.ts";
import { Microphone, MicrophoneError } from "../talk/microphone.ts";

/** Options of {@link CallVoice}. */
export interface CallVoiceOptions {
  /** Whether one is heard now, or why not. */
  readonly onState: (state: VoiceState) => void;
}

/** Whether one is heard in a call. */
export type VoiceState =
  | { readonly state: "off" | "connecting" | "heard" | "failed" }
  | { readonly state: "no-microphone"; readonly trouble: MicrophoneTrouble };

const againMs = 1000;

/** One's own voice in a call: sent for as long as one takes part and has not muted oneself, without a button to hold. */
export class CallVoice {
  readonly #options: CallVoiceOptions;
  readonly #microphone = new Microphone({ onLost: () => this.#lost() });
  #line: VoiceLine | undefined;
  #in = "";
  #again: number | undefined;

  constructor(options: CallVoiceOptions) {
    this.#options = options;
  }

  /** Sends the voice into a call in which one takes part. */
  speak({ id }: CallView): void {
    if (id === this.#in) return;
    this.quiet();
    this.#in = id;
    void this.#connect(id);
  }

  /** Nobody hears one any more; the microphone is given back. */
  quiet(): void {
    clearTimeout(this.#again);
    if (this.#in === "") return;
    this.#in = "";
    this.#line?.close();
    this.#line = undefined;
    this.#microphone.rest();
    this.#options.onState({ state: "off" });
  }

  close(): void {
    this.quiet();
    this.#microphone.close();
  }

  async #connect(id: string): Promise<void> {
    this.#options.onState({ state: "connecting" });
    const line = new VoiceLine({ url: `/whep/calls/${encodeURIComponent(id)}`, onLost: () => this.#lost() });
    this.#line = line;
    try {
      const track = await this.#microphone.open();
      await line.open();
      await line.setMicrophone(track);
      if (this.#line === line) this.#options.onState({ state: "heard" });
      else line.close();
    } catch (error) {
      line.close();
      if (this.#line !== line) return;
      if (error instanceof MicrophoneError) this.#options.onState({ state: "no-microphone", trouble: error.trouble });
      else this.#lost();
    }
  }

  /** The call goes on: so does the voice, as soon as it can. */
  #lost(): void {
    const id = this.#in;
    if (id === "") return;
    this.#line?.close();
    this.#line = undefined;
    this.#options.onState({ state: "failed" });
    clearTimeout(this.#again);
    this.#again = window.setTimeout(() => void (this.#in === id && this.#connect(id)), againMs);
  }
}
