import type { Turn } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { callerOf } from "../../identity/behalf.ts";
import type { Principal } from "../../identity/policy.ts";
import { addressed } from "../addressed.ts";
import type { PageMessage, TurnMessage } from "./messages.ts";

/** Options of {@link PageTurns}. */
export interface PageTurnsOptions {
  readonly hub: Hub;
  readonly principal: Principal;
  readonly tell: (message: TurnMessage) => void;
}

/** Turns of one page at once; a person has one mouth. */
const maxTurns = 8;

/**
 * The turns that one page takes. The sound is a voice of the same person; a turn ends with that voice, with the page's
 * socket, or when the page lets go.
 */
export class PageTurns implements Disposable {
  readonly #options: PageTurnsOptions;
  readonly #turns = new Map<number, Turn>();

  constructor(options: PageTurnsOptions) {
    this.#options = options;
  }

  /** Asks for the floor. The answers go to `tell`, each with the number that the page gave the turn. */
  take(message: Extract<PageMessage, { readonly type: "talk-take" }>): void {
    const { hub, principal, tell } = this.#options;
    const { identity, turns, voices } = hub;
    const { turn: number, to, queue } = message;
    const about = { type: "talk", turn: number } as const;
    const whom = addressed(hub, { principal, to, priority: message.priority });
    if (!whom) {
      tell({ ...about, state: "refused", reason: "forbidden" });
      return;
    }
    const voice = voices.get(message.voice, callerOf(principal));
    if (!voice) {
      tell({ ...about, state: "failed", reason: "no microphone of this page is connected" });
      return;
    }
    this.release(number);
    if (this.#turns.size >= maxTurns) {
      tell({ ...about, state: "failed", reason: "this page speaks in too many places already" });
      return;
    }
    const turn = turns.take({
      ...whom,
      talker: { id: callerOf(principal), name: principal.name },
      queue,
      source: { live: true, voice: voice.track, lostPackets: () => voice.lostPackets },
      onState: (state) => {
        // The answer first: it is what the talker waits for.
        tell({ ...about, ...state });
        if (state.state !== "granted") return;
        identity.audit.record({ actor: principal.name, action: "talk", subject: to.map(subjectOf).join(", ") });
      },
      onHearing: (hearing) => tell({ type: "hearing", turn: number, hearing }),
    });
    this.#turns.set(number, turn);
    const forget = () => {
      if (this.#turns.get(number) === turn) this.#turns.delete(number);
    };
    turn.done.then(forget, forget);
  }

  /** Lets go; what was said is still played. */
  release(number: number): void {
    this.#turns.get(number)?.finish();
    this.#turns.delete(number);
  }

  [Symbol.dispose](): void {
    for (const turn of [...this.#turns.values()]) turn.cancel();
    this.#turns.clear();
  }
}

/** A device as it is called everywhere in the audit, by its id; other channels by their own names. */
function subjectOf(channel: string): string {
  return channel.startsWith("device:") ? channel.slice("device:".length) : channel;
}
