import type { PageMessage, TalkMessage } from "../api.ts";
import type { TalkPhase } from "../pure/talk-words.ts";
import { type Microphone, MicrophoneError } from "./microphone.ts";

/** The line on which the floor is asked for; its `talk` events carry the hub's answers. */
export interface TalkLine extends EventTarget {
  send(message: PageMessage): boolean;
}

/** The running viewing into which the voice goes. */
export interface VoiceWay {
  readonly sessionId: string;
  setMicrophone(track: MediaStreamTrack | null): Promise<void>;
}

/** Options of {@link Talker}. */
export interface TalkerOptions {
  readonly microphone: Microphone;
  readonly line: TalkLine;
  readonly onPhase: (phase: TalkPhase) => void;
}

/** One turn, from press to release. */
interface Turn {
  readonly number: number;
  readonly device: string;
  readonly way: VoiceWay;
  readonly scope: AbortController;
}

const noticeForMs = 6000;

/**
 * A person's turns at speakers: press asks for the floor and the microphone at the same time, and the voice is sent only
 * when both are there; release ends it whatever the state. One turn at a time.
 */
export class Talker {
  #turn: Turn | undefined;
  #turns = 0;
  #phase: TalkPhase = { phase: "ready" };
  #notice: number | undefined;
  readonly #options: TalkerOptions;

  constructor(options: TalkerOptions) {
    this.#options = options;
  }

  get phase(): TalkPhase {
    return this.#phase;
  }

  /** Whether a turn is running or asked for. */
  get active(): boolean {
    return this.#turn !== undefined;
  }

  /** Asks to speak through `device`. Never throws: what goes wrong is a phase. */
  async press(device: string, options: { readonly way: VoiceWay; readonly priority?: 0 | 1 | 2 }): Promise<void> {
    if (this.#turn) return;
    const { way } = options;
    if (!way.sessionId) {
      this.#tell({ phase: "failed", reason: "no-session" });
      return;
    }
    const turn: Turn = { number: ++this.#turns, device, way, scope: new AbortController() };
    this.#turn = turn;
    const { microphone } = this.#options;
    try {
      if (!(await microphone.allowed())) {
        if (turn.scope.signal.aborted) return;
        this.#tell({ phase: "microphone-asked" });
        await microphone.open();
        if (turn.scope.signal.aborted) {
          this.#tell({ phase: "microphone-ready" });
          return;
        }
      }
      if (turn.scope.signal.aborted) return;
      this.#tell({ phase: "asking" });
      await this.#take(turn, options.priority ?? 0);
    } catch (error) {
      this.#end(turn);
      const trouble = error instanceof MicrophoneError ? error.trouble : undefined;
      this.#tell(trouble ? { phase: "no-microphone", trouble } : { phase: "failed", reason: String(error) });
    }
  }

  /** Lets go. */
  release(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#end(turn);
    if (this.#phase.phase !== "microphone-asked") this.#tell({ phase: "ready" });
  }

  /** The session through which the voice went is over. */
  sessionLost(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#end(turn);
    this.#tell({ phase: "failed", reason: "disconnected" });
  }

  /** Puts the words back to rest, e.g. when another device is chosen. */
  rest(): void {
    if (!this.#turn) this.#tell({ phase: "ready" });
  }

  async #take(turn: Turn, priority: 0 | 1 | 2): Promise<void> {
    const { line, microphone } = this.#options;
    const { signal } = turn.scope;
    const opening = microphone.open();
    opening.catch(() => {}); // Reported below, when it is awaited.
    line.addEventListener(
      "talk",
      (event) => {
        const message = (event as CustomEvent<TalkMessage>).detail;
        // The end of the turn before may be told after this one was asked for.
        if (message.turn !== undefined && message.turn !== turn.number) return;
        if (message.channel === turn.device || message.channel.endsWith(`:${turn.device}`))
          this.#onTalk(turn, message, opening);
      },
      { signal },
    );
    const { device, way, number } = turn;
    if (!line.send({ type: "talk-take", device, whep: way.sessionId, priority, queue: true, turn: number })) {
      this.#end(turn);
      this.#tell({ phase: "failed", reason: "disconnected" });
      return;
    }
    await opening;
  }

  #onTalk(turn: Turn, message: TalkMessage, opening: Promise<MediaStreamTrack>): void {
    switch (message.state) {
      case "granted":
        void opening.then(
          async (track) => {
            await turn.way.setMicrophone(track);
            if (turn.scope.signal.aborted) return turn.way.setMicrophone(null);
            navigator.vibrate?.(15);
            this.#tell({ phase: "granted", sinceMs: Date.now() });
          },
          () => {}, // `press` tells it.
        );
        return;
      case "queued":
        this.#tell({ phase: "queued", holder: message.holder, position: message.position });
        return;
      case "refused":
        this.#end(turn);
        this.#tell({
          phase: "refused",
          reason: message.reason,
          holder: "holder" in message ? message.holder : undefined,
        });
        return;
      case "pre-empted":
        this.#end(turn);
        this.#tell({ phase: "pre-empted", holder: message.holder });
        return;
      case "failed":
        this.#end(turn);
        this.#tell({ phase: "failed", reason: message.reason });
        return;
      case "released":
        this.#end(turn);
        this.#tell(message.reason === "silent" ? { phase: "failed", reason: "silent" } : { phase: "ready" });
        return;
    }
  }

  #end(turn: Turn): void {
    if (this.#turn !== turn) return;
    this.#turn = undefined;
    turn.scope.abort();
    void turn.way.setMicrophone(null);
    this.#options.line.send({ type: "talk-release", device: turn.device });
    this.#options.microphone.rest();
  }

  #tell(phase: TalkPhase): void {
    clearTimeout(this.#notice);
    this.#phase = phase;
    this.#options.onPhase(phase);
    const passing =
      phase.phase === "refused" ||
      phase.phase === "pre-empted" ||
      phase.phase === "failed" ||
      phase.phase === "microphone-ready";
    if (passing) this.#notice = window.setTimeout(() => this.rest(), noticeForMs);
  }
}
