import { t } from "../language/t.ts";
import type { Route } from "./route.ts";

const names: Readonly<Record<Exclude<Route["screen"], "camera" | "edit" | "room">, string>> = {
  wall: t("House"),
  devices: t("Devices"),
  people: t("People"),
  events: t("Events"),
  calls: t("Calls"),
  call: t("Call"),
  settings: t("Settings"),
  help: t("Help"),
  panel: t("Panel"),
  add: t("Add a device"),
  setup: t("Set up"),
};

/** What the tab, the history and a screen reader call the page: "Front door – Doorward". */
export function titleOf(route: Route, nameOf: (id: string) => string | undefined): string {
  const name =
    route.screen === "camera" || route.screen === "room"
      ? (nameOf(route.id) ?? t("Camera"))
      : route.screen === "edit"
        ? t("Edit {name}", { name: nameOf(route.id) ?? t("a device") })
        : names[route.screen];
  return `${name} – Doorward`;
}
