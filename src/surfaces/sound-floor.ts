import type { Turn, TurnState } from "../hub/api.ts";
import type { ChannelId } from "../hub/channel.ts";
import type { Hub } from "../hub/hub.ts";
import type { Voice } from "../hub/voices.ts";
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
  /** Called whenever it is told how it goes. */
  readonly onState?: (state: TurnState | { readonly state: "refused"; readonly reason: "forbidden" }) => void;
}

/** One packet of sound. */
export interface HeardPacket {
  readonly frame: Frame;
  /** Packets that were lost before it. */
  readonly lostBefore?: number;
  /** Nothing is in it that anybody would miss. */
  readonly silent?: boolean;
}

/** After a refusal it is asked again no sooner. */
const retryUs = 500_000;

/**
 * The floor by sound, for talkers who cannot ask for it: a packet that is heard takes it in their name, and what is said
 * reaches the speakers from that packet on; 500 ms without any give it back. Silence alone takes nothing. Its owner
 * disposes it.
 */
export class SoundFloor implements Disposable {
  #turn: Turn | undefined;
  #refusedUs = Number.NEGATIVE_INFINITY;
  readonly #voice: Voice;
  readonly #options: SoundFloorOptions;

  constructor(options: SoundFloorOptions) {
    const { hub, principal, format } = options;
    this.#options = options;
    this.#voice = hub.voices.open({ owner: principal.userId, format });
  }

  /** Whether the floor is held, or asked for, now. */
  get taken(): boolean {
    return this.#turn !== undefined;
  }

  /** A packet came. */
  hear({ frame, lostBefore = 0, silent = false }: HeardPacket): void {
    const nowUs = this.#options.hub.clock.nowUs();
    if (!this.#turn && !silent && nowUs - this.#refusedUs >= retryUs) this.#take();
    // Readers of the voice are the speakers of the turn: what comes without one is nobody's.
    if (this.#turn) this.#voice.write(frame, lostBefore);
  }

  [Symbol.dispose](): void {
    this.#turn?.finish();
    this.#turn = undefined;
    this.#voice[Symbol.dispose]();
  }

  #take(): void {
    const { hub, principal, to, onState } = this.#options;
    const whom = addressed(hub, { principal, to: [to], priority: 0 });
    if (!whom) {
      this.#refused();
      onState?.({ state: "refused", reason: "forbidden" });
      return;
    }
    let ended = false;
    let turn: Turn | undefined;
    turn = hub.turns.take({
      ...whom,
      talker: { id: principal.userId, name: principal.name },
      queue: false,
      source: { live: true, voice: this.#voice.track, lostPackets: () => this.#voice.lostPackets },
      onState: (state) => {
        if (state.state === "granted") this.#note();
        else if (state.state !== "queued" && state.state !== "ending") {
          ended = true;
          if (state.state !== "released") this.#refused();
          if (this.#turn === turn) this.#turn = undefined;
        }
        onState?.(state);
      },
    });
    if (!ended) this.#turn = turn;
  }

  #refused(): void {
    this.#refusedUs = this.#options.hub.clock.nowUs();
  }

  #note(): void {
    const { hub, principal, to } = this.#options;
    hub.identity.audit.record({ actor: principal.name, action: "talk", subject: to.replace(/^device:/, "") });
  }
}
