import type { Clock } from "../../util/clock.ts";
import { Listeners } from "../../util/listeners.ts";
import type { Log } from "../../util/log.ts";
import type { RoomStations } from "./stations.ts";

/** A talk that is being sent to the group. */
export interface RunningDelivery {
  /** It is over: so many packets were sent, silence too. */
  end(sent: number): void;
}

/** How well one station hears what is sent to the group. */
export interface Delivery {
  /** Part of the packets that it lost lately, 0 to 1; undefined until enough were sent. */
  readonly loss: number | undefined;
  /** It is sent what is said to all a second time, to itself alone. */
  readonly lossy: boolean;
}

/** Options of {@link Deliveries}. */
export interface DeliveriesOptions {
  readonly stations: Pick<RoomStations, "get" | "onReport" | "loses">;
  /** Stations that are there, and since when, µs of the clock. */
  readonly there: () => readonly { readonly stationId: string; readonly sinceUs: number }[];
  /** The hub's own sender. */
  readonly own: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Stations tell what they heard half a second after it; so long they have for it after the last of several talks. */
const answerMs = 3000;
/** So much has to be lost of so many packets, until a station is sent to alone: 3 s. */
const bad = { loss: 0.05, packets: 150 } as const;
/** And so little of so many, until it is not any more: 20 s. */
const good = { loss: 0.01, packets: 1000 } as const;
/** Shorter talks tell nothing. */
const leastPackets = 25;

/** Talks that follow on one another: stations tell of them together. */
interface Batch {
  sent: number;
  readonly sinceUs: number;
}

interface Count {
  sent: number;
  heard: number;
  lossy: boolean;
  /** As it was judged last. */
  loss: number | undefined;
}

/**
 * How much of what is sent to the group each station loses, by what it reports itself after each talk (`intercom/<id>/heard`).
 * Where that is much, it is sent everything to itself alone as well, from then until it has lost nearly nothing for a while;
 * what comes by the group is counted all the same, and its copies are one to a station. One that reports nothing says nothing about
 * its network. Its owner disposes it.
 */
export class Deliveries implements Disposable {
  readonly #options: DeliveriesOptions;
  readonly #held = new DisposableStack();
  /** Those that report. */
  readonly #counts = new Map<string, Count>();
  /** What was heard and is not accounted for yet, packets. */
  readonly #heard = new Map<string, number>();
  readonly #changes: Listeners<string>;
  #batch: Batch | undefined;
  #running = 0;
  #waiting: Disposable | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    const { stations, own, log } = options;
    this.#changes = new Listeners((err) => log.error({ err }, "listener of deliveries failed"));
    this.#held.use(
      stations.onReport(({ id, report }) => {
        if (report.kind !== "heard" || report.from !== own) return;
        if (!this.#counts.has(id)) this.#counts.set(id, { sent: 0, heard: 0, lossy: false, loss: undefined });
        this.#heard.set(id, (this.#heard.get(id) ?? 0) + report.heard);
      }),
    );
  }

  /** How it is with a station; undefined for one that reports nothing. */
  of(stationId: string): Delivery | undefined {
    const count = this.#counts.get(stationId);
    return count && { loss: count.loss, lossy: count.lossy };
  }

  /** Calls `listener` with each station of which something is known anew. */
  onChange(listener: (stationId: string) => void): Disposable {
    return this.#changes.add(listener);
  }

  /** A talk to the group begins. */
  begin(): RunningDelivery {
    const { clock } = this.#options;
    this.#waiting?.[Symbol.dispose]();
    this.#running++;
    this.#batch ??= { sent: 0, sinceUs: clock.nowUs() };
    const batch = this.#batch;
    return {
      end: (sent) => {
        batch.sent += sent;
        if (--this.#running > 0) return;
        this.#waiting = clock.timer(answerMs, () => this.#account(batch));
      },
    };
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#waiting?.[Symbol.dispose]();
  }

  #account({ sent, sinceUs: beganUs }: Batch): void {
    this.#batch = undefined;
    for (const { stationId, sinceUs } of this.#options.there()) {
      const count = this.#counts.get(stationId);
      const heard = Math.min(sent, this.#heard.get(stationId) ?? 0);
      this.#heard.delete(stationId);
      if (!count || sinceUs > beganUs || sent < leastPackets) continue;
      count.sent += sent;
      count.heard += heard;
      this.#judge(stationId, count);
      this.#changes.emit(stationId);
    }
  }

  #judge(stationId: string, count: Count): void {
    const { stations, log } = this.#options;
    const { loss, packets } = count.lossy ? good : bad;
    const lost = Math.max(0, 1 - count.heard / count.sent);
    count.loss = lost;
    const turns = count.sent >= packets && (count.lossy ? lost <= loss : lost >= loss);
    if (turns) {
      count.lossy = !count.lossy;
      stations.loses(stationId, count.lossy);
      const name = stations.get(stationId)?.name ?? stationId;
      const how = count.lossy ? "it is sent to alone as well" : "it is sent to with the others again";
      log.info({ station: stationId, loss: lost }, `${name} lost ${percent(lost)} of what was sent to all: ${how}`);
    }
    if (turns || count.sent >= 2 * good.packets)
      Object.assign(count, { sent: turns ? 0 : count.sent / 2, heard: turns ? 0 : count.heard / 2 });
  }
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
