import type { PageDevice } from "../api.ts";
import { t } from "../language/t.ts";
import { isRoom } from "./rooms.ts";

/** Somebody or something that a bell can ring. */
export interface BellTarget {
  /** As settings have it: `person:Anna`, `device:kitchen`, `area:Upstairs`, `group:night`, `all`. */
  readonly to: string;
  readonly name: string;
}

/** Choices under one heading. */
export interface BellTargets {
  readonly heading: string;
  readonly choices: readonly BellTarget[];
}

/** What of the house can be rung. */
export interface RungHouse {
  readonly people: readonly { readonly id: string; readonly name: string }[];
  readonly devices: readonly PageDevice[];
  readonly areas: readonly string[];
  readonly groups: readonly string[];
}

/** All that a bell can ring, by kind; kinds of which there is nothing are left out. */
export function bellTargets(house: RungHouse): readonly BellTargets[] {
  const heard = house.devices.filter((device) => device.speaker !== undefined || isRoom(device));
  const all: readonly BellTargets[] = [
    { heading: t("People"), choices: house.people.map(({ name }) => ({ to: `person:${name}`, name })) },
    {
      heading: t("Areas"),
      choices: house.areas.map((name) => ({ to: `area:${name}`, name: t("All in {name}", { name }) })),
    },
    { heading: t("Groups"), choices: house.groups.map((name) => ({ to: `group:${name}`, name })) },
    { heading: t("Devices"), choices: heard.map(({ id, name }) => ({ to: `device:${id}`, name })) },
  ];
  return all.filter(({ choices }) => choices.length > 0);
}

/** What a target is called; of one that is not there any more, what stands in the settings. */
export function sayBellTarget(to: string, house: RungHouse): string {
  if (to === "all") return t("All rooms");
  const written = to.slice(to.indexOf(":") + 1);
  const byId = to.startsWith("person:") ? house.people.find(({ id }) => id === written) : undefined;
  const choices = bellTargets(house).flatMap((kind) => kind.choices);
  const found = byId ?? choices.find((choice) => choice.to.toLowerCase() === to.toLowerCase());
  return found?.name ?? t("{name} (not found)", { name: written });
}
