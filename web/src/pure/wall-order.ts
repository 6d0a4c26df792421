import type { PageDevice, WallLayout } from "../api.ts";
import { t } from "../language/t.ts";

/** What of a device decides where it stands on the wall. */
type Placed = Pick<PageDevice, "id" | "area" | "name">;

/** Cameras that are taken in at a glance; where there are more, the wall has headings and a search. */
const atAGlance = 12;
/** So many devices keep their place; see identity/wall-layouts.ts. */
const mostPlaced = 512;
const mostFavourites = 128;

/** "Camera 2" stands before "Camera 10". */
const byName = new Intl.Collator(undefined, { numeric: true });

/** A wall that nobody arranged. */
export const untouchedWall: WallLayout = { order: [], favourites: [], headings: "auto" };

/**
 * Devices in the order in which the wall and every list show them: favourites, then a person's own order, then all others by area
 * and name, those without an area last.
 */
export function inWallOrder<Device extends Placed>(
  devices: readonly Device[],
  { order, favourites }: Pick<WallLayout, "order" | "favourites"> = untouchedWall,
): Device[] {
  const places = new Map([...favourites, ...order.filter((id) => !favourites.includes(id))].map((id, at) => [id, at]));
  const place = ({ id }: Device) => places.get(id) ?? places.size;
  const key = ({ area, name }: Device) => `${area ?? "\uffff"}\0${name}`;
  return devices.toSorted((a, b) => place(a) - place(b) || byName.compare(key(a), key(b)));
}

/** Cameras that stand together. */
export interface WallSection<Device> {
  readonly key: string;
  /** An area's name; undefined where there is nothing to be said. */
  readonly heading: string | undefined;
  readonly devices: readonly Device[];
}

/** Whether the wall shows areas as headings. */
export function showsHeadings(count: number, { headings }: Pick<WallLayout, "headings">): boolean {
  return headings === "on" || (headings === "auto" && count > atAGlance);
}

/** Whether there are so many cameras that one looks for one by its name. */
export function isSearched(count: number): boolean {
  return count > atAGlance;
}

/** Devices (in the wall's order) under their headings, favourites first; in one section where there are no headings. */
export function wallSections<Device extends Placed>(
  devices: readonly Device[],
  layout: WallLayout,
): readonly WallSection<Device>[] {
  if (!showsHeadings(devices.length, layout)) return [{ key: "all", heading: undefined, devices }];
  const isFavourite = ({ id }: Device) => layout.favourites.includes(id);
  const favourites = devices.filter(isFavourite);
  const areas = Map.groupBy(
    devices.filter((device) => !isFavourite(device)),
    ({ area }) => area ?? "",
  );
  const named = [...areas].filter(([area]) => area !== "");
  const rest = areas.get("") ?? [];
  return [
    ...(favourites.length > 0 ? [{ key: "favourites", heading: t("Favourites"), devices: favourites }] : []),
    ...named.map(([area, members]) => ({ key: `area:${area}`, heading: area, devices: members })),
    ...(rest.length > 0
      ? [{ key: "rest", heading: named.length > 0 ? t("Elsewhere") : t("Others"), devices: rest }]
      : []),
  ];
}

/** Devices whose name or area has all the words that somebody typed, in any case and without accents. */
export function matching<Device extends Placed>(devices: readonly Device[], text: string): readonly Device[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  return devices.filter(({ name, area = "" }) => {
    const own = plain(`${name} ${area}`);
    return words.every((word) => own.includes(word));
  });
}

/** The order after one device took the place of another: what was between moves up. */
export function movedTo(ids: readonly string[], move: { readonly id: string; readonly to: string }): readonly string[] {
  const [from, at] = [ids.indexOf(move.id), ids.indexOf(move.to)];
  return from < 0 || at < 0 ? ids : ids.toSpliced(from, 1).toSpliced(at, 0, move.id);
}

/** What is to be kept when the wall's devices stand like this. What is not there now keeps its place behind. */
export function orderToKeep(
  shown: readonly string[],
  { order, favourites }: WallLayout,
): Pick<WallLayout, "order" | "favourites"> {
  const others = order.filter((id) => !shown.includes(id));
  const absent = favourites.filter((id) => !shown.includes(id));
  return {
    order: [...shown, ...others].slice(0, mostPlaced),
    favourites: [...shown.filter((id) => favourites.includes(id)), ...absent].slice(0, mostFavourites),
  };
}

/** The favourites with this device among them, or without it. */
export function favouritesAfter(favourites: readonly string[], id: string): readonly string[] {
  if (favourites.includes(id)) return favourites.filter((one) => one !== id);
  return [...favourites, id].slice(-mostFavourites);
}

function plain(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase();
}
