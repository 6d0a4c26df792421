import type { Route } from "./route.ts";

const names: Readonly<Record<Exclude<Route["screen"], "camera" | "edit" | "room">, string>> = {
  wall: "House",
  devices: "Devices",
  people: "People",
  events: "Events",
  calls: "Calls",
  call: "Call",
  settings: "Settings",
  help: "Help",
  panel: "Panel",
  add: "Add a device",
  setup: "Set up",
};

/** What the tab, the history and a screen reader call the page: "Front door – Doorward". */
export function titleOf(route: Route, nameOf: (id: string) => string | undefined): string {
  const name =
    route.screen === "camera" || route.screen === "room"
      ? (nameOf(route.id) ?? "Camera")
      : route.screen === "edit"
        ? `Edit ${nameOf(route.id) ?? "a device"}`
        : names[route.screen];
  return `${name} – Doorward`;
}
