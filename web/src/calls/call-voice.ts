import type { CallView } from "../api.ts";
import { VoiceLine } from "../net/voice.ts";
import type { MicrophoneTrouble, TalkPhase } from "../pure/talk-words.ts";
import { Microphone } from "../talk/microphone.ts";
import { Talker, type TalkLine } from "../talk/talker.ts";

/** Options of {@link CallVoice}. */
export interface CallVoiceOptions {
  readonly line: TalkLine;
  /** Whether one is heard now, or why not. */
  readonly onState: (state: VoiceState) => void;
}

/** Whether one is heard in a call. */
export type VoiceState =
  | { readonly state: "off" | "connecting" | "heard" }
  | { readonly state: "no-microphone"; readonly trouble: MicrophoneTrouble }
  | { readonly state: "failed"; readonly reason: string };

const againMs = 1000;

/** One's own voice in a call: sent for as long as one takes part and has not muted oneself, without a button to hold. */
export class CallVoice {
  readonly #options: CallVoiceOptions;
  readonly #microphone: Microphone;
  readonly #voice: VoiceLine;
  readonly #talker: Talker;
  #to: string | undefined;
  #again: number | undefined;

  constructor(options: CallVoiceOptions) {
    this.#options = options;
    this.#microphone = new Microphone({ onLost: () => this.#talker.microphoneLost() });
    this.#voice = new VoiceLine({ onLost: () => this.#talker.lineLost() });
    this.#talker = new Talker({
      microphone: this.#microphone,
      voice: this.#voice,
      line: options.line,
      onPhase: (phase) => this.#onPhase(phase),
    });
  }

  /** Sends the voice to whom the call is with. */
  speak({ from, participants, you }: CallView): void {
    const other = [from, ...participants].find(({ party, deviceId }) => party !== you && deviceId !== undefined);
    if (other?.deviceId === this.#to) return;
    this.quiet();
    this.#to = other?.deviceId;
    this.#press();
  }

  /** Nobody hears one any more; the microphone is given back. */
  quiet(): void {
    clearTimeout(this.#again);
    this.#to = undefined;
    this.#talker.release();
    this.#options.onState({ state: "off" });
  }

  close(): void {
    this.quiet();
    this.#microphone.close();
    this.#voice.close();
  }

  #press(): void {
    if (this.#to !== undefined) void this.#talker.press([`device:${this.#to}`]);
  }

  #onPhase(phase: TalkPhase): void {
    if (this.#to === undefined) return;
    clearTimeout(this.#again);
    this.#options.onState(stateOf(phase));
    // Whatever ended the turn, the call goes on: so does the voice.
    if (phase.phase === "no-microphone" || this.#talker.active) return;
    this.#again = window.setTimeout(() => this.#press(), againMs);
  }
}

function stateOf(phase: TalkPhase): VoiceState {
  switch (phase.phase) {
    case "granted":
      return { state: "heard" };
    case "no-microphone":
      return { state: "no-microphone", trouble: phase.trouble };
    case "failed":
    case "refused":
      return { state: "failed", reason: phase.reason };
    default:
      return { state: "connecting" };
  }
}
