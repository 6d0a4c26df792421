import { z } from "zod";
import { putStatement, type Store } from "../../../identity/store.ts";
import { allRooms, parsePercent, parsePriority, parseSwitch, priorityWords } from "../../../protocols/room/topics.ts";
import { Listeners } from "../../../util/listeners.ts";
import type { Log } from "../../../util/log.ts";
import type { OwnSetting } from "./own-stations.ts";

/** How the hub itself stands as a station: what it was told over MQTT, kept over restarts. */
export interface HubSettings {
  /** 0 to 100. Like `mute` and `dnd` it is the house's: of all speakers, and never for emergencies. */
  readonly volume: number;
  readonly mute: boolean;
  readonly dnd: boolean;
  /** Whom it speaks to when it is given a text: a room's name, or everybody's. */
  readonly target: string;
  readonly priority: 0 | 1 | 2;
  /** What it rings with. */
  readonly chime: string;
}

const usual: HubSettings = { volume: 100, mute: false, dnd: false, target: allRooms, priority: 0, chime: "" };

const schema = z
  .object({
    volume: z.int().min(0).max(100),
    mute: z.boolean(),
    dnd: z.boolean(),
    target: z.string().max(64),
    priority: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    chime: z.string().max(128),
  })
  .partial();

const kind = "room-hub";
const id = "settings";

/** Options of {@link HubValues}. */
export interface HubValuesOptions {
  readonly store: Pick<Store, "get" | "note">;
  /** A room's name as people write it, or everybody's; undefined for one that is unknown: never everybody. */
  readonly targetOf: (text: string) => string | undefined;
  /** The sounds that there are. */
  readonly chimes: () => readonly string[];
  readonly log: Log;
}

/** The hub's own settings as a station. */
export class HubValues {
  #now: HubSettings;
  readonly #options: HubValuesOptions;
  readonly #changes: Listeners<void>;

  constructor(options: HubValuesOptions) {
    this.#options = options;
    this.#changes = new Listeners((err) => options.log.error({ err }, "listener of the hub's settings failed"));
    this.#now = { ...usual, ...withoutAbsent(schema.safeParse(options.store.get(kind, id)).data ?? {}) };
  }

  /** How it stands. A chime that is no more is not the one that is chosen. */
  get now(): HubSettings {
    const chimes = this.#options.chimes();
    const { chime } = this.#now;
    return { ...this.#now, chime: chimes.includes(chime) ? chime : (chimes[0] ?? "") };
  }

  /** The same as messages. */
  get messages(): Readonly<Record<OwnSetting, string>> {
    const { volume, mute, dnd, target, priority, chime } = this.now;
    return {
      volume: String(volume),
      mute: mute ? "ON" : "OFF",
      dnd: dnd ? "ON" : "OFF",
      target,
      priority: priorityWords[priority],
      chime,
    };
  }

  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Takes a command; what is not understood changes nothing. */
  set(what: OwnSetting, payload: string): void {
    const change = this.#read(what, payload);
    if (!change) return;
    this.#now = { ...this.#now, ...change };
    this.#options.store.note([putStatement(kind, id, this.#now)], kind);
    this.#changes.emit();
  }

  #read(what: OwnSetting, payload: string): Partial<HubSettings> | undefined {
    const value = this.#valueOf(what, payload);
    return value === undefined ? undefined : { [what]: value };
  }

  #valueOf(what: OwnSetting, payload: string): HubSettings[OwnSetting] | undefined {
    switch (what) {
      case "volume":
        return parsePercent(payload);
      case "mute":
      case "dnd":
        return parseSwitch(payload);
      case "priority":
        return parsePriority(payload);
      case "target":
        return this.#options.targetOf(payload);
      case "chime":
        return this.#options.chimes().find((name) => name === payload);
    }
  }
}

function withoutAbsent(settings: z.infer<typeof schema>): Partial<HubSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
