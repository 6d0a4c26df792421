import type { Route } from "../route.ts";

/** The methods that an address takes, whoever asks; none for an address that is no route's. */
export function methodsOf(url: string, routes: readonly Route[]): readonly string[] {
  const parts = pathOf(url).split("/");
  const found = routes.filter(({ path }) => isAt(path.split("/"), parts)).map(({ method }) => method);
  return [...new Set(found.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])))].sort();
}

function isAt(path: readonly string[], parts: readonly string[]): boolean {
  if (path.length !== parts.length) return false;
  return path.every((part, at) => (part.startsWith(":") ? parts[at] !== "" : part === parts[at]));
}

function pathOf(url: string): string {
  return url.split(/[?#]/, 1)[0] ?? "";
}
