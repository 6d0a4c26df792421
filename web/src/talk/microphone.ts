import type { MicrophoneTrouble } from "../pure/talk-words.ts";

/** The browser gave no microphone; `trouble` says why. */
export class MicrophoneError extends Error {
  readonly trouble: MicrophoneTrouble;
  constructor(trouble: MicrophoneTrouble, options?: ErrorOptions) {
    super(`microphone: ${trouble}`, options);
    this.name = "MicrophoneError";
    this.trouble = trouble;
  }
}

const keptForMs = 30_000;

/**
 * This browser's microphone. Opened at the first press, kept for 30 s after the last one so that the next press is heard
 * at once, then given back so that the browser's red sign goes out.
 */
export class Microphone {
  #stream: MediaStream | undefined;
  #opening: Promise<MediaStream> | undefined;
  #context: AudioContext | undefined;
  #analyser: AnalyserNode | undefined;
  #samples = new Float32Array(512);
  #leaving: number | undefined;
  readonly #onLost: () => void;

  /** `onLost` is called when the microphone goes away by itself: unplugged, or no longer allowed. */
  constructor(options: { readonly onLost: () => void }) {
    this.#onLost = options.onLost;
  }

  /** True when `open` will answer without a question to the person. */
  async allowed(): Promise<boolean> {
    if (this.#stream) return true;
    try {
      const status = await navigator.permissions.query({ name: "microphone" as PermissionName });
      return status.state === "granted";
    } catch {
      return false; // Some browsers cannot be asked; then the question may come.
    }
  }

  /** The microphone's track. Throws {@link MicrophoneError}. */
  async open(): Promise<MediaStreamTrack> {
    clearTimeout(this.#leaving);
    this.#opening ??= this.#ask();
    const stream = await this.#opening;
    const track = stream.getAudioTracks()[0];
    if (track?.readyState === "live") return track;
    this.close();
    throw new MicrophoneError("none");
  }

  /** Loudness just now, 0 to 1, on a scale that ears would draw. */
  level(): number {
    if (!this.#analyser) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.#samples.length + 1e-10);
    return Math.min(1, Math.max(0, (decibels + 55) / 45));
  }

  /** Nobody talks any more: gives the microphone back after a while. */
  rest(): void {
    clearTimeout(this.#leaving);
    this.#leaving = window.setTimeout(() => this.close(), keptForMs);
  }

  /** Gives the microphone back at once. */
  close(): void {
    clearTimeout(this.#leaving);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    void this.#context?.close();
    this.#stream = undefined;
    this.#opening = undefined;
    this.#context = undefined;
    this.#analyser = undefined;
  }

  #lost(stream: MediaStream): void {
    if (this.#stream !== stream) return;
    this.close();
    this.#onLost();
  }

  async #ask(): Promise<MediaStream> {
    try {
      if (!window.isSecureContext || !navigator.mediaDevices) throw new MicrophoneError("insecure");
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      this.#stream = stream;
      // Not for our own `stop`: this is the system's, or the person's.
      stream.getAudioTracks()[0]?.addEventListener("ended", () => this.#lost(stream));
      this.#context = new AudioContext();
      this.#analyser = this.#context.createAnalyser();
      this.#analyser.fftSize = this.#samples.length;
      this.#context.createMediaStreamSource(stream).connect(this.#analyser);
      void this.#context.resume();
      return stream;
    } catch (cause) {
      this.#opening = undefined;
      if (cause instanceof MicrophoneError) throw cause;
      const name = cause instanceof DOMException ? cause.name : "";
      const trouble = name === "NotFoundError" ? "none" : name === "NotReadableError" ? "busy" : "blocked";
      throw new MicrophoneError(trouble, { cause });
    }
  }
}
