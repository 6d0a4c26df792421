import type { Hub } from "../../../hub/hub.ts";
import type { Ring } from "../../../hub/rings.ts";
import { putStatement } from "../../../identity/store.ts";
import { Listeners } from "../../../util/listeners.ts";
import type { RoomStations } from "../stations.ts";
import { channelsOf } from "../targets.ts";
import { sayNobody, type Talker } from "./client-talk.ts";
import { type ReachOptions, reachOf } from "./who.ts";

/** Options of {@link Ringing}. */
export interface RingingOptions {
  readonly hub: Hub;
  readonly stations: Pick<RoomStations, "list">;
  readonly emergency: ReachOptions["emergency"];
  /** What the hub itself is called. */
  readonly hubName: string;
}

/** A ring is recent for so long. */
const recentMs = 60_000;
const maxRecent = 32;
/** Where the chosen chime is kept. */
const kept = ["room-web", "chime"] as const;

/** Calls and chimes of the clients: who is rung, with what, and who rang lately. Its owner disposes it. */
export class Ringing implements Disposable {
  readonly #options: RingingOptions;
  readonly #rings: Listeners<Ring>;
  readonly #chosen: Listeners<void>;
  readonly #held = new DisposableStack();
  #recent: { readonly ring: Ring; readonly atUs: number }[] = [];
  #chime: string;

  constructor(options: RingingOptions) {
    this.#options = options;
    const { hub } = options;
    const failed = (err: unknown) => hub.log.error({ err }, "listener of calls failed");
    this.#rings = new Listeners(failed);
    this.#chosen = new Listeners(failed);
    const chosen = hub.identity.store.get(...kept);
    this.#chime = typeof chosen === "string" ? chosen : "";
    this.#held.use(hub.chimes.onChange(() => this.#chosen.emit()));
    this.#held.use(hub.rings.onRing((ring) => this.#rung(ring)));
  }

  /** Calls `listener` with each ring, whoever rings; the chimes of one call are one. */
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

  /** Chooses what rings, also after a restart; false for a chime that there is not. */
  choose(name: string): boolean {
    const { chimes, identity } = this.#options.hub;
    const chime = chimes.get(name);
    if (!chime) return false;
    this.#chime = chime.name;
    identity.store.note([putStatement(...kept, chime.name)], kept.join(" "));
    this.#chosen.emit();
    return true;
  }

  /** Who rang a device within the last minute. */
  recentCaller(deviceId: string): string | undefined {
    const sinceUs = this.#options.hub.clock.nowUs() - recentMs * 1000;
    return this.#recent.findLast(({ ring, atUs }) => atUs >= sinceUs && ring.deviceIds.includes(deviceId))?.ring.caller;
  }

  /** Rings somewhere: the chime waits for whoever speaks there. */
  ring(what: { readonly talker: Talker; readonly target: string; readonly tell: (sentence: string) => void }): void {
    const { hub, emergency, hubName } = this.#options;
    const { talker, target, tell } = what;
    const { who, deviceId: ownId, name } = talker;
    const to = channelsOf(target, this.#options);
    const reach = to.length > 0 ? reachOf({ hub, who, ownId, to, priority: 0, emergency }) : undefined;
    if (!reach) {
      tell(sayNobody(target, hubName));
      return;
    }
    hub.rings.ring({
      ...reach,
      talker: { id: ownId ?? name, name },
      ...(ownId !== undefined && { callerDevice: ownId }),
      chime: this.chimes().current,
      onState: (state) => {
        if (state.state === "refused") tell(`Not rung: ${state.reason === "offline" ? "not there" : state.reason}.`);
        if (state.state === "failed") tell(`Not rung: ${state.reason}`);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  #rung(ring: Ring): void {
    const { callId } = ring;
    const known = (other: Ring) => other.callId === callId && other.deviceIds.join() === ring.deviceIds.join();
    const again = callId !== undefined && this.#recent.some((one) => known(one.ring));
    this.#recent = [...this.#recent, { ring, atUs: this.#options.hub.clock.nowUs() }].slice(-maxRecent);
    if (!again) this.#rings.emit(ring);
  }
}
