import { z } from "zod";
import { dropStatement, putStatement, type Store } from "../identity/store.ts";

const saidSchema = z.object({ device: z.string().optional(), components: z.record(z.string(), z.string()) });

/** What Home Assistant knows of a device by our word. */
export interface Said {
  /** The hub's device; absent for the hub itself. */
  readonly device?: string | undefined;
  /** Platform of each entity, by its name. */
  readonly components: Readonly<Record<string, string>>;
}

/** Keeps over restarts what was said. */
export interface ToldStore {
  load(): ReadonlyMap<string, Said>;
  save(id: string, said: Said | undefined): void;
}

const kind = "discovery";
/** Where versions before this kept what they had told of: speakers, room stations with their devices, devices with a bell. */
const speakersBefore = ["room-hub", "stations"] as const;
const roomsBefore = ["room-hub", "described"] as const;
const bellsBefore = ["bells", "told"] as const;

const names = z.array(z.string());

/** In the hub's database, a row for each device. `hubId` is the hub among stations. */
export function toldStore(store: Pick<Store, "read" | "get" | "note">, hubId: string): ToldStore {
  return {
    load: () => {
      const rows = store.read("SELECT id, value FROM kept WHERE kind = ?", kind);
      const kept = rows.flatMap(({ id, value }) => {
        const { data } = saidSchema.safeParse(JSON.parse(String(value)));
        return data ? [[String(id), data] as const] : [];
      });
      return new Map([...(kept.length === 0 ? saidBefore(store, hubId) : []), ...kept]);
    },
    save: (id, said) => store.note([said ? putStatement(kind, id, said) : dropStatement(kind, id)], `${kind} ${id}`),
  };
}

/** So that what was removed while the hub was brought up to date goes, too. */
function saidBefore(store: Pick<Store, "get">, hubId: string): readonly (readonly [string, Said])[] {
  const speakers = names.safeParse(store.get(...speakersBefore)).data ?? [];
  const rooms = z.array(z.tuple([z.string(), z.string()])).safeParse(store.get(...roomsBefore)).data ?? [];
  const bells = names.safeParse(store.get(...bellsBefore)).data ?? [];
  const hub = speakers.length + rooms.length + bells.length > 0 ? [[hubId, { components: {} }] as const] : [];
  return [
    ...hub,
    ...speakers.flatMap((id) => {
      const device = id.startsWith(`${hubId}_`) ? id.slice(hubId.length + 1).replaceAll("_", "-") : undefined;
      return device === undefined ? [] : [[id, { device, components: {} }] as const];
    }),
    ...rooms.map(([id, device]) => [id, { device, components: {} }] as const),
  ];
}

/** Devices whose bell an earlier version told of in a message of its own: each is taken over once. */
export class FormerBells {
  readonly #store: Pick<Store, "note">;
  readonly #idOf: (deviceId: string) => string;
  #deviceIds: readonly string[];

  constructor(store: Pick<Store, "get" | "note">, idOf: (deviceId: string) => string) {
    this.#store = store;
    this.#idOf = idOf;
    this.#deviceIds = names.safeParse(store.get(...bellsBefore)).data ?? [];
  }

  /** Ids of devices of which it is asked no more: they are gone. */
  strays(exists: (deviceId: string) => boolean): readonly string[] {
    return this.#deviceIds.filter((deviceId) => !exists(deviceId)).map((deviceId) => this.#idOf(deviceId));
  }

  /** True for one that has still to be taken over; it is then. */
  take(id: string): boolean {
    const left = this.#deviceIds.filter((deviceId) => this.#idOf(deviceId) !== id);
    if (left.length === this.#deviceIds.length) return false;
    this.#deviceIds = left;
    const change = left.length > 0 ? putStatement(...bellsBefore, left) : dropStatement(...bellsBefore);
    this.#store.note([change], bellsBefore.join(" "));
    return true;
  }
}
