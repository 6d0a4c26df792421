import type { Hub } from "../../../hub/hub.ts";
import { Listeners } from "../../../util/listeners.ts";
import type { RoomStations } from "../stations.ts";
import { channelOf } from "../targets.ts";
import type { Talker } from "./client-talk.ts";
import { type ReachOptions, reachOf } from "./who.ts";

/** Somebody rings. */
export interface Ring {
  readonly caller: string;
  /** The devices that it is for. */
  readonly to: ReadonlySet<string>;
}

/** Options of {@link Ringing}. */
export interface RingingOptions {
  readonly hub: Hub;
  readonly stations: Pick<RoomStations, "list">;
  readonly emergency: ReachOptions["emergency"];
}

/** A call is recent for so long. */
const recentMs = 60_000;
const maxRecent = 32;

/** Calls and chimes of the clients: who is rung, with what, and who rang lately. Its owner disposes it. */
export class Ringing implements Disposable {
  readonly #options: RingingOptions;
  readonly #rings: Listeners<Ring>;
  readonly #chosen: Listeners<void>;
  readonly #held = new DisposableStack();
  #recent: (Ring & { readonly atUs: number })[] = [];
  #chime = "";

  constructor(options: RingingOptions) {
    this.#options = options;
    const failed = (err: unknown) => options.hub.log.error({ err }, "listener of calls failed");
    this.#rings = new Listeners(failed);
    this.#chosen = new Listeners(failed);
    this.#held.use(options.hub.chimes.onChange(() => this.#chosen.emit()));
  }

  onRing(listener: (ring: Ring) => void): Disposable {
    return this.#rings.add(listener);
  }

  /** Calls `listener` when another chime is chosen, or there are others. */
  onChimes(listener: () => void): Disposable {
    return this.#chosen.add(listener);
  }

  /** The chimes that there are, and the one that rings; one that is no more does not. */
  chimes(): { readonly options: string[]; readonly current: string } {
    const options = this.#options.hub.chimes.list().map(({ name }) => name);
    return { options, current: options.find((name) => name === this.#chime) ?? options[0] ?? "" };
  }

  /** Chooses what rings; false for a chime that there is not. */
  choose(name: string): boolean {
    const chime = this.#options.hub.chimes.get(name);
    if (!chime) return false;
    this.#chime = chime.name;
    this.#chosen.emit();
    return true;
  }

  /** Who rang a device within the last minute. */
  recentCaller(deviceId: string): string | undefined {
    const sinceUs = this.#options.hub.clock.nowUs() - recentMs * 1000;
    return this.#recent.findLast(({ to, atUs }) => atUs >= sinceUs && to.has(deviceId))?.caller;
  }

  /** Rings somewhere: the chime waits for whoever speaks there. */
  ring(what: { readonly talker: Talker; readonly target: string; readonly tell: (sentence: string) => void }): void {
    const { hub, emergency } = this.#options;
    const { talker, target, tell } = what;
    const { who, deviceId: ownId, name } = talker;
    const to = channelOf(target, this.#options);
    const reach = to && reachOf({ hub, who, ownId, to, priority: 0, emergency });
    const source = hub.chimes.sound(this.chimes().current);
    if (!reach || !source) {
      tell(`Nobody that you may speak to is called ${target}.`);
      return;
    }
    const ring = { caller: name, to: new Set(reach.reached), atUs: hub.clock.nowUs() };
    this.#recent = [...this.#recent, ring].slice(-maxRecent);
    this.#rings.emit(ring);
    hub.turns.take({
      ...reach,
      talker: { id: ownId ?? name, name },
      queue: true,
      source,
      onState: (state) => {
        if (state.state === "refused") tell(`Not rung: ${state.reason === "offline" ? "not there" : state.reason}.`);
        if (state.state === "failed") tell(`Not rung: ${state.reason}`);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
