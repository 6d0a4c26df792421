import type { Turn, TurnState } from "../hub/api.ts";
import type { ChannelId } from "../hub/channel.ts";
import type { Hub } from "../hub/hub.ts";
import type { Voice } from "../hub/voices.ts";
import { callerOf } from "../identity/behalf.ts";
import type { Principal } from "../identity/policy.ts";
import type { AudioFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import { addressed } from "./addressed.ts";

/** Options of {@link SoundFloor}. */
export interface SoundFloorOptions {
  readonly hub: Pick<Hub, "turns" | "voices" | "clock" | "devices" | "house" | "identity">;
  /** Whose sound it is. */
  readonly principal: Principal;
  readonly to: ChannelId;
  /** What its packets carry. */
  readonly format: AudioFormat;
  /** What its voice is called; something of its own by default. */
  readonly id?: string;
  /** Called whenever it is told how it goes. */
  readonly onState?: (state: SoundFloorState) => void;
}

/** How it goes. */
export type SoundFloorState = TurnState | { readonly state: "refused"; readonly reason: "forbidden" };

/** One packet of sound. */
export interface HeardPacket {
  readonly frame: Frame;
  /** Packets that were lost before it. */
  readonly lostBefore?: number;
  /** Nothing is in it that anybody would miss. */
  readonly silent?: boolean;
}

/** While somebody else speaks it is asked for again so often. */
const retryUs = 100_000;
/** So much of what was said last is kept while it is asked for: the first words. */
const keptUs = 300_000;
/** No packet for so long is the end of what was said: what comes then is something new. */
const pauseUs = 500_000;
/** Silence that follows speech is part of it for so long: whoever leaves their microphone open holds nothing by that. */
const silenceUs = 2_000_000;

/**
 * The floor by sound, for talkers who cannot ask for it: a packet that is heard takes it in their name, and what is said
 * reaches the speakers from that packet on; 500 ms without any give it back. Silence alone takes nothing. While somebody else
 * has it, it is asked for again as long as sound comes; that is told once. Its owner disposes it.
 */
export class SoundFloor implements Disposable {
  #turn: Turn | undefined;
  #lastUs = Number.NEGATIVE_INFINITY;
  #loudUs = Number.NEGATIVE_INFINITY;
  #againUs = Number.NEGATIVE_INFINITY;
  /** Said so long already that it has to pause first. */
  #saidTooMuch = false;
  /** What was told of a refusal of what is being said. */
  #told = "";
  #kept: { readonly packet: HeardPacket; readonly atUs: number }[] = [];
  readonly #voice: Voice;
  readonly #options: SoundFloorOptions;

  constructor(options: SoundFloorOptions) {
    const { hub, principal, format } = options;
    this.#options = options;
    this.#voice = hub.voices.open({
      owner: callerOf(principal),
      format,
      ...(options.id !== undefined && { id: options.id }),
    });
  }

  /** Whether the floor is held, or asked for, now. */
  get taken(): boolean {
    return this.#turn !== undefined;
  }

  /** A packet came. */
  hear(packet: HeardPacket): void {
    const nowUs = this.#options.hub.clock.nowUs();
    // An open microphone may send silence all the time: a pause in what is heard is one, too.
    const paused = !(this.#turn || packet.silent) && nowUs - this.#loudUs >= pauseUs;
    if (paused || nowUs - this.#lastUs >= pauseUs) this.#begin();
    this.#lastUs = nowUs;
    if (!packet.silent) this.#loudUs = nowUs;
    // Readers of the voice are the speakers of the turn: what comes without one is nobody's.
    if (this.#turn) {
      if (nowUs - this.#loudUs < silenceUs) this.#write(packet);
      return;
    }
    if (packet.silent || this.#saidTooMuch) return;
    this.#kept = [...this.#kept.filter(({ atUs }) => nowUs - atUs < keptUs), { packet, atUs: nowUs }];
    if (nowUs < this.#againUs) return;
    this.#againUs = nowUs + retryUs;
    this.#take();
    if (this.#turn) for (const { packet: one } of this.#kept.splice(0)) this.#write(one);
  }

  [Symbol.dispose](): void {
    this.#turn?.finish();
    this.#turn = undefined;
    this.#voice[Symbol.dispose]();
  }

  #begin(): void {
    this.#kept = [];
    this.#told = "";
    this.#saidTooMuch = false;
    this.#againUs = Number.NEGATIVE_INFINITY;
  }

  #write({ frame, lostBefore = 0 }: HeardPacket): void {
    this.#voice.write(frame, lostBefore);
  }

  #take(): void {
    const { hub, principal, to } = this.#options;
    const whom = addressed(hub, { principal, to: [to], priority: 0 });
    if (!whom) {
      this.#tell({ state: "refused", reason: "forbidden" });
      return;
    }
    let ended = false;
    let turn: Turn | undefined;
    turn = hub.turns.take({
      ...whom,
      talker: { id: callerOf(principal), name: principal.name },
      queue: false,
      bySound: true,
      source: { live: true, voice: this.#voice.track, lostPackets: () => this.#voice.lostPackets },
      onState: (state) => {
        if (state.state === "granted") this.#note();
        else if (state.state !== "queued" && state.state !== "ending") {
          ended = true;
          this.#saidTooMuch = state.state === "released" && state.reason === "too-long";
          if (this.#turn === turn) this.#turn = undefined;
        }
        this.#tell(state);
      },
    });
    if (!ended) this.#turn = turn;
  }

  /** That somebody else speaks is told once, and not at each try. */
  #tell(state: SoundFloorState): void {
    const told = state.state === "refused" ? JSON.stringify(state) : "";
    if (told !== "" && told === this.#told) return;
    this.#told = told;
    this.#options.onState?.(state);
  }

  #note(): void {
    const { hub, principal, to } = this.#options;
    hub.identity.audit.record({ actor: principal.name, action: "talk", subject: to.replace(/^device:/, "") });
  }
}

/** The same as a sentence, for people and for clients that show texts only. */
export function describeFloor(state: SoundFloorState): string {
  if (state.state === "granted") return "granted";
  if (state.state === "ending") return `granted, for ${state.seconds} s more`;
  const holder = "holder" in state && state.holder ? `: ${state.holder.name} speaks` : "";
  const reason = "reason" in state ? ` (${state.reason})` : "";
  return `${state.state}${reason}${holder}`;
}
