import { z } from "zod";
import type { ButtonReach, Command } from "../../../device/driver.ts";
import { allRooms, isAllRooms, priorityWords } from "../../../protocols/room/topics.ts";
import { background } from "../../../util/background.ts";
import type { Clock } from "../../../util/clock.ts";
import { FatalError, RecoverableError } from "../../../util/errors.ts";
import type { Log } from "../../../util/log.ts";
import { toName } from "../../../util/name.ts";
import type { RoomArrivals } from "../arrivals.ts";
import type { RoomStation } from "../stations.ts";
import type { Visit } from "../visit.ts";
import type { StationValues } from "./told-stations.ts";

type Setting = "target" | "priority";

/** Somebody who waits until a station says that it is set as wished. */
interface Waiter {
  readonly stationId: string;
  readonly what: Setting;
  readonly isMet: (said: StationValues) => boolean;
  readonly resolve: () => void;
}

/** Options of {@link StationButtons}. */
export interface StationButtonsOptions {
  readonly arrivals: Pick<RoomArrivals, "list" | "onCame">;
  /** What a station said last. */
  readonly said: (stationId: string) => StationValues;
  readonly station: (stationId: string) => Pick<RoomStation, "name"> | undefined;
  /** Everybody who can be chosen, beside everybody at once. */
  readonly targets: () => readonly string[];
  /** The devices that a name means now. */
  readonly reach: (target: string) => readonly ButtonReach[];
  /** Gives a station a command; false while there is no broker. */
  readonly command: (stationId: string, what: Setting, payload: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a station may take to say that it did what it was asked for. */
const answerMs = 2000;

const wishSchema = z.object({
  target: z.string().optional(),
  priority: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
});

/**
 * Shows of each station whom its button speaks to, and how urgently, as it says itself, and sets that where the hub is asked to:
 * done when the station has said that it is set so. Its owner disposes it.
 */
export class StationButtons implements Disposable {
  readonly #options: StationButtonsOptions;
  readonly #held = new DisposableStack();
  readonly #waiting = new Set<Waiter>();

  constructor(options: StationButtonsOptions) {
    this.#options = options;
    this.#held.use(options.arrivals.onCame((visit) => this.#serve(visit)));
    for (const visit of options.arrivals.list()) this.#serve(visit);
  }

  /** A station said something of itself; what a broker kept of it was said before it was asked, and answers nobody. */
  said(
    stationId: string,
    { what, retained }: { readonly what: keyof StationValues; readonly retained: boolean },
  ): void {
    const values = this.#options.said(stationId);
    for (const waiter of retained ? [] : this.#waiting) {
      if (waiter.stationId === stationId && waiter.what === what && waiter.isMet(values)) waiter.resolve();
    }
    const visit = this.#options.arrivals.list().find((one) => one.stationId === stationId);
    if (visit) this.#show(visit);
  }

  /** Whom stations can speak to may have changed. */
  changed(): void {
    for (const visit of this.#options.arrivals.list()) this.#show(visit);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  #serve(visit: Visit): void {
    this.#show(visit);
    const answer = async () => {
      for await (const command of visit.commands) background(this.#answer(visit, command), () => {});
    };
    background(answer(), (err) => this.#options.log.error({ err }, "commands of a room station are not served"));
  }

  #show(visit: Visit): void {
    const { target, priority } = this.#options.said(visit.stationId);
    if (target === undefined) return;
    const targets = this.#targetsOf(visit, target);
    const named = targets.filter((name) => !isAllRooms(name));
    const reaches = Object.fromEntries(named.map((name) => [name, this.#options.reach(name)]));
    visit.hasButton({ target, targets, reaches, ...(priority !== undefined && { priority }) });
  }

  /** Everybody but itself; whom it is set to stays among them. */
  #targetsOf({ stationId }: Visit, target: string): readonly string[] {
    const { targets, station } = this.#options;
    const others = targets().filter((name) => name !== station(stationId)?.name);
    return [...new Set([allRooms, ...others, target])];
  }

  async #answer(visit: Visit, { name, payload, done, failed }: Command): Promise<void> {
    try {
      if (name !== "button") throw new FatalError(`a room station knows no command ${name}`, { code: "unknown" });
      await this.#set(visit, wishSchema.parse(payload));
      done();
    } catch (error) {
      failed(error as Error);
    }
  }

  async #set(visit: Visit, { target, priority }: z.infer<typeof wishSchema>): Promise<void> {
    const now = this.#options.said(visit.stationId);
    if (target !== undefined && !this.#targetsOf(visit, now.target ?? allRooms).includes(target)) {
      throw new FatalError(`nobody that it could speak to is called ${target}`, { code: "no-target" });
    }
    if (priority !== undefined && now.priority === undefined) {
      throw new FatalError("its button has no priority that could be set", { code: "no-priority" });
    }
    const asked: Promise<void>[] = [];
    if (target !== undefined) {
      const wished = toName(target, { fallback: "" });
      asked.push(this.#ask(visit, { what: "target", payload: target, isMet: (said) => said.target === wished }));
    }
    if (priority !== undefined) {
      const payload = priorityWords[priority];
      asked.push(this.#ask(visit, { what: "priority", payload, isMet: (said) => said.priority === priority }));
    }
    await Promise.all(asked);
  }

  async #ask(
    { stationId }: Visit,
    { what, payload, isMet }: Pick<Waiter, "what" | "isMet"> & { readonly payload: string },
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { stationId, what, isMet, resolve };
    this.#waiting.add(waiter);
    const late = () => reject(new RecoverableError("the station did not answer", { code: "no-answer" }));
    using _timer = this.#options.clock.timer(answerMs, late);
    if (!this.#options.command(stationId, what, payload)) {
      reject(new RecoverableError("there is no broker by which the station could be told", { code: "no-broker" }));
    }
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiter);
    }
  }
}
