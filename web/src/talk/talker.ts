import type { ChannelId, Hearing, HearingMessage, PageMessage, TalkMessage } from "../api.ts";
import { ApiError } from "../api.ts";
import type { VoiceLine } from "../net/voice.ts";
import type { TalkPhase } from "../pure/talk-words.ts";
import { type Microphone, MicrophoneError } from "./microphone.ts";

/** The line on which the floor is asked for; its `talk` and `hearing` events carry what the hub says of it. */
export interface TalkLine extends EventTarget {
  send(message: PageMessage): boolean;
}

/** Options of {@link Talker}. */
export interface TalkerOptions {
  readonly microphone: Microphone;
  readonly voice: Pick<VoiceLine, "open" | "setMicrophone" | "rest">;
  readonly line: TalkLine;
  readonly onPhase: (phase: TalkPhase) => void;
}

/** One turn, from press to release. */
interface Turn {
  readonly number: number;
  readonly to: readonly ChannelId[];
  readonly scope: AbortController;
  readonly priority: 0 | 1 | 2;
  /** Who hears it, as the hub told last. */
  hearing: readonly Hearing[];
  /** All that heard something of it. */
  readonly heard: Set<string>;
  endsAtMs?: number;
  /** When the voice began to be sent. */
  sinceMs?: number;
}

const noticeForMs = 6000;
let turns = 0;

/**
 * A person's turns: press asks for the microphone and the page's connection, then for the floor, and the voice is sent
 * only when all is there; release ends it whatever the state. One turn at a time.
 */
export class Talker {
  #turn: Turn | undefined;
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

  /** Asks to speak to these channels. Never throws: what goes wrong is a phase. */
  async press(to: readonly ChannelId[], options: { readonly priority?: 0 | 1 | 2 } = {}): Promise<void> {
    if (this.#turn || to.length === 0) return;
    const turn: Turn = {
      number: ++turns,
      to,
      scope: new AbortController(),
      priority: options.priority ?? 0,
      hearing: [],
      heard: new Set(),
    };
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
      await this.#take(turn);
    } catch (error) {
      if (this.#turn !== turn) return;
      this.#end(turn);
      const trouble = error instanceof MicrophoneError ? error.trouble : undefined;
      const reason = error instanceof ApiError ? error.message : String(error);
      this.#tell(trouble ? { phase: "no-microphone", trouble } : { phase: "failed", reason });
    }
  }

  /** Lets go. */
  release(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#end(turn);
    if (this.#phase.phase !== "microphone-asked") this.#tell(afterwards(turn));
  }

  /** The microphone is gone in the middle: unplugged, taken by the system, or no longer allowed. */
  microphoneLost(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#end(turn);
    this.#tell({ phase: "no-microphone", trouble: "lost" });
  }

  /** The connection through which the voice went is lost. */
  lineLost(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#end(turn);
    this.#tell({ phase: "failed", reason: "disconnected" });
  }

  /** Puts the words back to rest, e.g. when another target is chosen. */
  rest(): void {
    if (!this.#turn) this.#tell({ phase: "ready" });
  }

  async #take(turn: Turn): Promise<void> {
    const { line, microphone, voice } = this.#options;
    const { signal } = turn.scope;
    const opening = microphone.open();
    opening.catch(() => {}); // Reported below, when it is awaited.
    const id = await voice.open();
    if (signal.aborted) return;
    const hear = <Message extends { readonly turn: number }>(type: string, take: (message: Message) => void) => {
      const listen = (event: Event) => {
        const message = (event as CustomEvent<Message>).detail;
        // The end of the turn before may be told after this one was asked for.
        if (message.turn === turn.number) take(message);
      };
      line.addEventListener(type, listen, { signal });
    };
    hear<TalkMessage>("talk", (message) => this.#onTalk(turn, message, opening));
    hear<HearingMessage>("hearing", ({ hearing }) => {
      hears(turn, hearing);
      if (this.#phase.phase === "granted") this.#tell({ ...this.#phase, hearing });
    });
    const { to, number, priority } = turn;
    if (!line.send({ type: "talk-take", turn: number, to, voice: id, priority, queue: true })) {
      this.#end(turn);
      this.#tell({ phase: "failed", reason: "disconnected" });
      return;
    }
    await opening;
  }

  #onTalk(turn: Turn, message: TalkMessage, opening: Promise<MediaStreamTrack>): void {
    switch (message.state) {
      case "granted":
        this.#speak(turn, { opening, hearing: message.hearing });
        return;
      case "ending":
        turn.endsAtMs = Date.now() + message.seconds * 1000;
        if (this.#phase.phase === "granted") this.#tell({ ...this.#phase, endsAtMs: turn.endsAtMs });
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
        this.#tell(message.reason === "silent" ? { phase: "failed", reason: "silent" } : afterwards(turn));
        return;
    }
  }

  /** The floor is ours: the voice is sent as soon as the microphone is open. */
  #speak(turn: Turn, how: { readonly opening: Promise<MediaStreamTrack>; readonly hearing: readonly Hearing[] }): void {
    const { voice } = this.#options;
    hears(turn, how.hearing);
    void how.opening.then(
      async (track) => {
        await voice.setMicrophone(track);
        if (turn.scope.signal.aborted) return voice.setMicrophone(null);
        navigator.vibrate?.(15);
        turn.sinceMs = Date.now();
        const { sinceMs, hearing, priority } = turn;
        this.#tell({ phase: "granted", sinceMs, hearing, priority });
      },
      () => {}, // `press` tells it.
    );
  }

  #end(turn: Turn): void {
    if (this.#turn !== turn) return;
    this.#turn = undefined;
    turn.scope.abort();
    const { voice, line, microphone } = this.#options;
    void voice.setMicrophone(null);
    line.send({ type: "talk-release", turn: turn.number });
    voice.rest();
    microphone.rest();
  }

  #tell(phase: TalkPhase): void {
    clearTimeout(this.#notice);
    this.#phase = phase;
    this.#options.onPhase(phase);
    const passing =
      phase.phase === "refused" ||
      phase.phase === "pre-empted" ||
      phase.phase === "failed" ||
      phase.phase === "said" ||
      phase.phase === "microphone-ready";
    if (passing) this.#notice = window.setTimeout(() => this.rest(), noticeForMs);
  }
}

function hears(turn: Turn, hearing: readonly Hearing[]): void {
  turn.hearing = hearing;
  for (const { deviceId, state } of hearing) if (state === "playing") turn.heard.add(deviceId);
}

/** What is shown when a turn is over: who had heard it, once the voice was sent. */
function afterwards({ sinceMs, hearing, heard }: Turn): TalkPhase {
  if (sinceMs === undefined || hearing.length === 0) return { phase: "ready" };
  const whole = hearing.map(
    (one): Hearing => (heard.has(one.deviceId) ? { deviceId: one.deviceId, state: "playing" } : one),
  );
  return { phase: "said", forMs: Date.now() - sinceMs, hearing: whole };
}
