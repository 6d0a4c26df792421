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

/**
 * Reads the address bar: `#/camera/front-door`, `#/devices`; `/panel` without a hash is the wall tablet's page.
 * Whatever is unknown is the wall.
 */
export function parseRoute(pathname: string, hash: string): Route {
  const [, first = "", second = ""] = /^#\/([a-z]*)(?:\/([^?]*))?/.exec(hash) ?? [];
  if (first === "camera" || first === "edit" || first === "room" || first === "call") {
    const id = decoded(second);
    if (id) return { screen: first, id };
  }
  for (const screen of plain) if (screen === first) return { screen };
  return { screen: first === "" && /^\/panel\/?$/.test(pathname) ? "panel" : "wall" };
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
