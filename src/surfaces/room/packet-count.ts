import type { Store } from "../../identity/store.ts";
import type { Clock } from "../../util/clock.ts";
import { every } from "../../util/every.ts";

const kind = "room-hub";
const id = "packets";
const noteEveryMs = 60_000;
/** What may be sent until the next note, packets. */
const ahead = (2 * noteEveryMs) / 20;

/** Below which the hub's numbers of packets never begin, whatever its clock says after a restart; 0 for the first time. */
export function firstPacket(store: Pick<Store, "get">): number {
  const kept = store.get(kind, id);
  return typeof kept === "number" && Number.isSafeInteger(kept) ? kept : 0;
}

/** Keeps in the store how far the hub has counted its packets. */
export function keepPacketCount(options: {
  readonly store: Pick<Store, "remember">;
  readonly count: () => number;
  readonly clock: Clock;
}): Disposable {
  const { store, count, clock } = options;
  const note = (margin: number) => store.remember(kind, id, count() + margin);
  note(ahead);
  const timer = every(clock, noteEveryMs, () => note(ahead));
  return {
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]();
      note(1);
    },
  };
}
