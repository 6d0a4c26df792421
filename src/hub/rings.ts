import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { HubTurns, Turn, TurnRequest, TurnState } from "./api.ts";
import type { ChannelId } from "./channel.ts";
import type { Chimes } from "./chimes.ts";

/** Somebody rings rooms: what is told to whoever shows it. */
export interface Ring {
  /** Unique in this hub's life. */
  readonly id: number;
  /** Who it is, for people. */
  readonly caller: string;
  /** The device from which they ring, if it is one. */
  readonly callerDevice?: string;
  readonly to: readonly ChannelId[];
  /** The devices that are rung: without those that are not to be disturbed. */
  readonly deviceIds: readonly string[];
  readonly chime: string;
  /** The call of which it is a chime: that is told of and shown by itself. */
  readonly callId?: string;
  /** Wall-clock milliseconds. */
  readonly atMs: number;
}

/** Who rings whom. The policy (may they?) is asked before. */
export interface RingRequest extends Pick<TurnRequest, "to" | "may" | "talker" | "priority"> {
  readonly callerDevice?: string;
  readonly callId?: string;
  /** Name of a chime; the doorbell by default. */
  readonly chime?: string | undefined;
  /** As of a turn: called on each change, first within the call. */
  readonly onState?: TurnRequest["onState"];
  readonly onHearing?: TurnRequest["onHearing"];
}

/** What rings unless another chime is chosen. */
export const defaultChime = "doorbell";

/** Options of {@link Rings}. */
export interface RingsOptions {
  readonly turns: HubTurns;
  readonly chimes: Pick<Chimes, "get" | "sound">;
  /** The devices that are meant and would take it. */
  readonly reached: (request: RingRequest) => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Rings rooms: plays a chime there in its turn, and tells whoever shows who is calling. */
export class Rings {
  readonly #options: RingsOptions;
  readonly #rung: Listeners<Ring>;
  readonly #over: Listeners<Ring>;
  #count = 0;

  constructor(options: RingsOptions) {
    this.#options = options;
    this.#rung = new Listeners((error) => options.log.error({ err: error }, "listener of rings failed"));
    this.#over = new Listeners((error) => options.log.error({ err: error }, "listener of rings failed"));
  }

  /** Calls `listener` whenever somebody rings and is not refused. */
  onRing(listener: (ring: Ring) => void): Disposable {
    return this.#rung.add(listener);
  }

  /** Calls `listener` when the chime of a ring is over, or will not be played any more. */
  onOver(listener: (ring: Ring) => void): Disposable {
    return this.#over.add(listener);
  }

  /**
   * Plays the chime, in line behind what is said there, and tells the listeners. Without `ring` when it was refused; `state`
   * says how it stands. Throws FatalError `no-chime`.
   */
  ring(request: RingRequest): { readonly turn: Turn; readonly state: TurnState; readonly ring?: Ring } {
    const { turns, chimes, reached, clock } = this.#options;
    const { chime: wanted = defaultChime, talker, to, callerDevice, callId } = request;
    const chime = chimes.get(wanted)?.name;
    const source = chimes.sound(wanted);
    if (chime === undefined || !source) throw new FatalError(`there is no chime ${wanted}`, { code: "no-chime" });
    let state = { state: "refused", reason: "nobody" } as TurnState;
    const turn = turns.take({
      ...request,
      queue: true,
      source,
      onState: (next) => {
        state = next;
        request.onState?.(next);
      },
    });
    if (state.state === "refused" || state.state === "failed") return { turn, state };
    const ring: Ring = {
      id: ++this.#count,
      caller: talker.name,
      ...(callerDevice !== undefined && { callerDevice }),
      ...(callId !== undefined && { callId }),
      to,
      deviceIds: reached(request),
      chime,
      atMs: clock.wallMs(),
    };
    this.#rung.emit(ring);
    const over = () => this.#over.emit(ring);
    turn.done.then(over, over);
    return { turn, state, ring };
  }
}
