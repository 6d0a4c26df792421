import type { Viewing } from "../webrtc/viewings.ts";
import type { Candidate, Watch, WatchEnd, WatchEndpoint, Watches } from "./watches.ts";

/** Options of {@link HubEnd}. */
export interface HubEndOptions {
  readonly watches: Watches;
  /** Answers the viewer's offer; throws what `Viewings.open` throws. */
  readonly open: (offerSdp: string, signal: AbortSignal) => Promise<Viewing>;
  /** The offer was not answered. */
  readonly failed: (watch: Watch, error: unknown) => void;
  readonly background: (work: Promise<void>) => void;
}

/** The hub in an agent's place: a viewer of the agents' protocol watches what the hub has of a device. */
export class HubEnd implements WatchEndpoint {
  readonly #options: HubEndOptions;
  readonly #over = new AbortController();
  /** Candidates that came before the answer. */
  readonly #early: Candidate[] = [];
  #viewing: Viewing | undefined;
  #asked = false;

  constructor(options: HubEndOptions) {
    this.#options = options;
  }

  /** The voice that its viewer's microphone is, where it may talk; undefined before the answer. */
  get voiceId(): string | undefined {
    return this.#viewing?.id;
  }

  description(watch: Watch, sdp: string): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#options.background(this.#open(watch, sdp));
  }

  candidate(_watch: Watch, candidate: Candidate): void {
    if (!candidate) return;
    const { candidate: line, sdpMid } = candidate;
    if (this.#viewing) this.#viewing.viewer.addCandidate({ candidate: line, sdpMid: sdpMid ?? "0" });
    else if (this.#early.length < 64) this.#early.push(candidate);
  }

  ended(_watch: Watch, _reason: WatchEnd): void {
    this.#over.abort();
    const viewing = this.#viewing;
    if (viewing) this.#options.background(Promise.resolve(viewing[Symbol.asyncDispose]()));
  }

  async #open(watch: Watch, sdp: string): Promise<void> {
    const { watches, open, failed } = this.#options;
    const { signal } = this.#over;
    try {
      const viewing = await open(sdp, signal);
      this.#viewing = viewing;
      if (signal.aborted) return await viewing[Symbol.asyncDispose]();
      watches.answered(watch.id);
      watch.viewer.description(watch, viewing.answerSdp);
      for (const candidate of this.#early.splice(0)) this.candidate(watch, candidate);
      await viewing.closed;
      watches.end(watch.id, "device_disconnected", this);
    } catch (error) {
      if (signal.aborted) return;
      failed(watch, error);
      watches.end(watch.id, "error", this);
    }
  }
}
