/** Where the page is. `id` is a device's. */
export type Route =
  | {
      readonly screen:
        | "wall"
        | "devices"
        | "people"
        | "events"
        | "calls"
        | "settings"
        | "help"
        | "panel"
        | "add"
        | "setup";
    }
  | { readonly screen: "camera" | "edit" | "room" | "call"; readonly id: string };

const plain = ["wall", "devices", "people", "events", "calls", "settings", "help", "panel", "add", "setup"] as const;

/** Whether this is the page of a wall tablet: no address of the page leads out of it. */
export function isPanel(pathname: string): boolean {
  return /\/panel\/?$/.test(pathname);
}

/** The device that a page is, by its address: `/panel?device=kitchen`; empty for a person's page. */
export function stationIn({ pathname, search }: Pick<Location, "pathname" | "search">): string {
  if (!isPanel(pathname)) return "";
  return new URLSearchParams(search).get("device") ?? "";
}

/**
 * Reads the address bar: `#/camera/front-door`, `#/devices`. Whatever is unknown is the wall; on `/panel` whatever is no camera,
 * room or call is the wall tablet's page.
 */
export function parseRoute(pathname: string, hash: string): Route {
  const [, first = "", second = ""] = /^#\/([a-z]*)(?:\/([^?]*))?/.exec(hash) ?? [];
  if (first === "camera" || first === "edit" || first === "room" || first === "call") {
    const id = decoded(second);
    if (id && !(first === "edit" && isPanel(pathname))) return { screen: first, id };
  }
  if (isPanel(pathname)) return { screen: "panel" };
  for (const screen of plain) if (screen === first) return { screen };
  return { screen: "wall" };
}

/** The hash of a route, for links. */
export function href(route: Route): string {
  return "id" in route ? `#/${route.screen}/${encodeURIComponent(route.id)}` : `#/${route.screen}`;
}

/** A set-up code in the address (`#/setup?code=…`, or `?code=…`), as the hub prints it. */
export function codeIn(search: string, hash: string): string {
  const query = hash.includes("?") ? hash.slice(hash.indexOf("?")) : search;
  return new URLSearchParams(query).get("code") ?? "";
}

/** The invitation in an address (`#invite=dwi_…`), as the hub makes it; empty where there is none. */
export function invitationIn(hash: string): string {
  return /^#invite=([\w-]{1,128})$/.exec(hash)?.[1] ?? "";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
