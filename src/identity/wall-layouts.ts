import { z } from "zod";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Serial } from "../util/serial.ts";
import { dropStatement, putStatement, type Store } from "./store.ts";

/** Ids of devices, none twice. Some may be gone meanwhile, or not be seen any more: they keep their place. */
const idsSchema = (most: number) =>
  z
    .array(z.string().min(1).max(64))
    .max(most)
    .refine((ids) => new Set(ids).size === ids.length, "names a device twice")
    .readonly();
const orderSchema = idsSchema(512).describe("Devices in the person's own order; others follow by area and name.");
const favouritesSchema = idsSchema(128).describe("Devices that stand before all others, in this order.");
const headingsSchema = z
  .enum(["auto", "on", "off"])
  .describe("Areas as headings between the cameras: where there are more than twelve, always, never.");

/** How somebody arranged their wall. */
export const wallLayoutSchema = z.strictObject({
  order: orderSchema.default([]),
  favourites: favouritesSchema.default([]),
  headings: headingsSchema.default("auto"),
});

/** What somebody changes of it. */
export const wallLayoutChangeSchema = z.strictObject({
  order: orderSchema.optional(),
  favourites: favouritesSchema.optional(),
  headings: headingsSchema.optional(),
});

/** {@link wallLayoutSchema} */
export type WallLayout = Readonly<z.output<typeof wallLayoutSchema>>;

const kind = "wall";

/** How each person arranged their wall: kept in the database, so that it is the same at each of their devices. */
export class WallLayouts {
  readonly #store: Store;
  readonly #changes: Listeners<string>;
  /** Two changes at once are of two pages, or of two parts: neither undoes the other. */
  readonly #line = new Serial();

  constructor({ store, log }: { readonly store: Store; readonly log: Log }) {
    this.#store = store;
    this.#changes = new Listeners((error) => log.error({ err: error }, "listener of wall layouts failed"));
  }

  /** Of a person, by id. */
  of(personId: string): WallLayout {
    const kept = wallLayoutSchema.safeParse(this.#store.get(kind, personId) ?? {});
    return kept.success ? kept.data : wallLayoutSchema.parse({});
  }

  /** Changes it; resolves when it is kept. */
  change(personId: string, patch: z.output<typeof wallLayoutChangeSchema>): Promise<WallLayout> {
    return this.#line.run(() => this.#change(personId, patch));
  }

  /** Tells the person's id after a change. */
  onChange(listener: (personId: string) => void): Disposable {
    return this.#changes.add(listener);
  }

  async #change(personId: string, patch: z.output<typeof wallLayoutChangeSchema>): Promise<WallLayout> {
    const given = Object.entries(patch).filter(([, value]) => value !== undefined);
    const next: WallLayout = { ...this.of(personId), ...Object.fromEntries(given) };
    await this.#store.write(putStatement(kind, personId, next));
    this.#changes.emit(personId);
    return next;
  }
}

/** Forgets a person's wall; goes with their removal. */
export const dropWallLayout = (personId: string) => dropStatement(kind, personId);
