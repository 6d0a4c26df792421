import type { Carrier } from "../device/driver.ts";
import type { Frame } from "../media/frame.ts";
import { Tee } from "../media/tee.ts";
import type { Clock } from "../util/clock.ts";
import { isAbort } from "../util/errors.ts";
import { until } from "../util/until.ts";
import { type Share, type Wanted, wantedKey } from "./turn-sound.ts";

/** Options of {@link CarrierSends}. */
export interface CarrierSendsOptions {
  readonly live: boolean;
  readonly priority: 0 | 1 | 2;
  /** Whether a device is part of the turn and is to hear it as loud as this. */
  readonly meant: (deviceId: string, gain: number) => boolean;
  /** Called when a carrier fails; its speakers are played alone from then on. */
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

/** One speaker that may be served by its carrier. */
export interface Rider {
  readonly deviceId: string;
  readonly wanted: Wanted;
  /** Aborts when it leaves the turn: it would go on hearing what the carrier sends. */
  readonly signal: AbortSignal;
  /** Opens the sound; called for one of those that ride together. */
  open(): Promise<Share>;
  /** The sound is opened for it by another. */
  rides(): void;
  /** Its sound begins. */
  onPlaying(share: Share): void;
}

interface Send {
  readonly riders: Map<string, Rider>;
  /** Whether it is sent by the carrier: as soon as all are ready, or not, when they are not in time. */
  readonly begun: PromiseWithResolvers<boolean>;
  readonly stop: AbortController;
  leader?: Rider;
  share?: Share;
  ended?: true;
  over?: Promise<Tee<Frame> | undefined>;
}

/** How long speakers of one carrier wait for each other; after that each is served alone. */
const gatherMs = 100;
/** How far apart speakers that go on alone may be, and how long the others wait for one that takes nothing. */
const alone = { maxAhead: 150, patienceMs: 2000 };

/** The speakers of one turn that share carriers: what everybody on a carrier is to hear is sent once. */
export class CarrierSends {
  readonly #sends = new Map<string, Send>();
  readonly #options: CarrierSendsOptions;

  constructor(options: CarrierSendsOptions) {
    this.#options = options;
  }

  /**
   * Plays at one speaker by its carrier: "heard" when it was played to the end, "alone" when it cannot be, and the rest of the
   * sound when the carrier was left in the middle. Throws what opening the sound throws, and when the rider leaves.
   */
  async play(carrier: Carrier, rider: Rider): Promise<"heard" | "alone" | AsyncIterable<Frame>> {
    const send = this.#board(carrier, rider);
    if (!send) return "alone";
    const leave = () => {
      send.begun.resolve(false);
      send.stop.abort();
    };
    rider.signal.addEventListener("abort", leave, { once: true });
    try {
      if (!(await until(send.begun.promise, { signal: rider.signal }))) return "alone";
      if (send.leader !== rider) rider.rides();
      const rest = await send.over;
      rider.signal.throwIfAborted();
      return rest ? rest.branch() : "heard";
    } finally {
      rider.signal.removeEventListener("abort", leave);
    }
  }

  /** A place in the send for all that hear the carrier; undefined when not all of them are meant. */
  #board(carrier: Carrier, rider: Rider): Send | undefined {
    const { meant, clock } = this.#options;
    const members = carrier.members();
    const key = `${carrier.id} ${wantedKey(rider.wanted)}`;
    const all = members.includes(rider.deviceId) && members.every((id) => meant(id, rider.wanted.gain));
    const known = this.#sends.get(key);
    if (!all || known?.ended) return undefined;
    if (known?.leader) return ridesAlong(known, rider);
    const send = known ?? { riders: new Map(), begun: Promise.withResolvers<boolean>(), stop: new AbortController() };
    send.riders.set(rider.deviceId, rider);
    if (!known) {
      this.#sends.set(key, send);
      const timer = clock.timer(gatherMs, () => send.begun.resolve(false));
      const begun = (together: boolean) => {
        timer[Symbol.dispose]();
        if (!together) this.#sends.delete(key);
      };
      send.begun.promise.then(begun, () => {});
    }
    if (members.every((id) => send.riders.has(id))) this.#begin(carrier, { send, leader: rider });
    return send;
  }

  #begin(carrier: Carrier, how: { readonly send: Send; readonly leader: Rider }): void {
    const { send, leader } = how;
    if (send.stop.signal.aborted) return;
    send.leader = leader;
    send.over = this.#carry(carrier, how);
    send.over.catch(() => {}); // every rider is told
    send.begun.resolve(true);
  }

  /** Sends by the carrier; gives the rest of the sound when that ended before it. */
  async #carry(
    carrier: Carrier,
    { send, leader }: { readonly send: Send; readonly leader: Rider },
  ): Promise<Tee<Frame> | undefined> {
    const { live, priority, clock, meant, onError } = this.#options;
    const share = await leader.open();
    const { signal } = send.stop;
    const onPull = () => {
      if (!carrier.members().every((id) => meant(id, leader.wanted.gain))) send.stop.abort();
      else if (!send.share) for (const rider of send.riders.values()) rider.onPlaying(share);
      send.share = share;
    };
    const { sent, rest } = split(share.frames, { stop: signal, onPull });
    try {
      if (!signal.aborted) {
        await carrier.play({ format: leader.wanted.format, live, priority, frames: sent, signal });
      }
      if (!signal.aborted) return undefined;
    } catch (error) {
      if (!isAbort(error)) onError(error);
    } finally {
      send.ended = true;
    }
    send.stop.abort();
    return new Tee(rest, { ...alone, clock });
  }
}

/** A speaker came while the carrier is in use: it hears the rest with the others. */
function ridesAlong(send: Send, rider: Rider): Send {
  send.riders.set(rider.deviceId, rider);
  if (send.share) rider.onPlaying(send.share);
  return send;
}

/**
 * The frames until the send is stopped, and those after it, of which none is lost in between. `onPull` is called before each
 * is asked for.
 */
function split(
  source: AsyncIterable<Frame>,
  how: { readonly stop: AbortSignal; readonly onPull: () => void },
): { readonly sent: AsyncIterable<Frame>; readonly rest: AsyncIterable<Frame> } {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<Frame>> | undefined;
  async function* sent(): AsyncGenerator<Frame, void, void> {
    for (;;) {
      how.onPull();
      if (how.stop.aborted) return;
      pending ??= iterator.next();
      const step = await until(pending, { signal: how.stop }).catch((error: unknown) => {
        if (!how.stop.aborted) throw error;
      });
      if (!step || step.done) return;
      pending = undefined;
      yield step.value;
    }
  }
  async function* rest(): AsyncGenerator<Frame, void, void> {
    for (;;) {
      const step = await (pending ?? iterator.next());
      pending = undefined;
      if (step.done) return;
      yield step.value;
    }
  }
  return { sent: sent(), rest: rest() };
}
