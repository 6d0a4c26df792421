const own = new URL(import.meta.url).pathname;
/** Built scripts lie in a folder below where the hub stands. */
const inFolder = /assets\/[^/]+$/;

/** Under which path the hub stands on this site: "/", or where a proxy shows it (Home Assistant's ingress). */
export const hubPath = inFolder.test(own) ? own.replace(inFolder, "") : "/";

/** An address of the hub's (`/api/v1/session`) as this site has it. What is no path from the root stays as it is. */
export function at(path: string): string {
  return path.startsWith("/") && !path.startsWith("//") ? `${hubPath}${path.slice(1)}` : path;
}
