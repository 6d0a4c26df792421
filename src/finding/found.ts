import { makerOf } from "./makers.ts";

/** How something was noticed. */
export type Noticed = "onvif" | "mdns" | "port";

/** One thing that one way of looking learnt about one address. */
export interface Sighting {
  readonly host: string;
  readonly by: Noticed;
  /** What it calls itself. */
  readonly name?: string | undefined;
  readonly model?: string | undefined;
  /** What its servers call themselves. */
  readonly banner?: string | undefined;
  /** Its ONVIF device service. */
  readonly onvif?: string | undefined;
  readonly rtspPort?: number | undefined;
}

/** A device that was found on the network: what is known of it without a password. */
export interface FoundDevice {
  /** Its IPv4 address. */
  readonly host: string;
  readonly by: readonly Noticed[];
  readonly name?: string | undefined;
  readonly maker?: string | undefined;
  readonly model?: string | undefined;
  readonly onvif?: string | undefined;
  readonly rtspPort?: number | undefined;
}

/** What was found so far, an entry for each address; what is learnt first stands. */
export class FoundDevices {
  readonly #sightings = new Map<string, readonly Sighting[]>();

  /** What is known of the address now; undefined where that was known before: devices answer several times. */
  add(sighting: Sighting): FoundDevice | undefined {
    const before = this.#sightings.get(sighting.host) ?? [];
    const all = [...before, sighting];
    const known = together(all);
    if (before.length > 0 && JSON.stringify(together(before)) === JSON.stringify(known)) return undefined;
    this.#sightings.set(sighting.host, all);
    return known;
  }

  /** By address. */
  list(): readonly FoundDevice[] {
    const order = (host: string) =>
      host
        .split(".")
        .map((part) => part.padStart(3, "0"))
        .join(".");
    return [...this.#sightings.values()].map(together).toSorted((a, b) => (order(a.host) < order(b.host) ? -1 : 1));
  }
}

function together(all: readonly Sighting[]): FoundDevice {
  const first = <Field extends keyof Sighting>(field: Field) => all.find((one) => one[field] !== undefined)?.[field];
  const [model, name] = [first("model"), first("name")];
  const maker = makerOf(all.flatMap((one) => [one.name, one.model, one.banner]))?.name;
  return {
    host: all[0]?.host ?? "",
    by: [...new Set(all.map(({ by }) => by))],
    ...{ name, maker, model, onvif: first("onvif"), rtspPort: first("rtspPort") },
  };
}
