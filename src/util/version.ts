import { readFileSync } from "node:fs";

/** Version of the package. */
export const version: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * A moment at which this version did not exist yet, in milliseconds since 1970: a clock that shows less is wrong (boards
 * without a battery start in 1970 and learn the time from the network later).
 */
export const writtenMs: number = Date.UTC(2026, 10, 1);
