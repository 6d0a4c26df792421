import { parseRoomTopic } from "../../../protocols/room/topics.ts";
import type { Clock } from "../../../util/clock.ts";
import type { MessageBus } from "../../bus.ts";
import { Latest } from "./latest.ts";
import type { OwnSetting } from "./own-stations.ts";

/** Options of {@link followCommands}. */
export interface CommandsOptions {
  readonly bus: MessageBus;
  readonly isOwn: (id: string) => boolean;
  readonly set: (id: string, what: OwnSetting, payload: string) => void;
  readonly clock: Clock;
}

const settings: ReadonlySet<string> = new Set([
  "volume",
  "mute",
  "dnd",
  "target",
  "priority",
  "chime",
] satisfies OwnSetting[]);
/** Of many commands for one thing the newest counts, and no more of them than this. */
const everyMs = 100;
const maxPayload = 256;

/** Takes commands for the stations for which the hub speaks: `intercom/<id>/<what>/set`. */
export function followCommands({ bus, isOwn, set, clock }: CommandsOptions): Disposable {
  const held = new DisposableStack();
  const latest = held.use(new Latest({ clock, everyMs }));
  held.use(
    bus.onCommand("intercom/+/+/set", ({ topic, payload }) => {
      const address = parseRoomTopic(topic);
      if (address?.kind !== "command" || !isOwn(address.station) || !settings.has(address.what)) return;
      if (payload.length > maxPayload) return;
      const { station, what } = address;
      latest.ask(topic, () => set(station, what as OwnSetting, payload));
    }),
  );
  return held;
}
