import { mkdirSync } from "node:fs";
import { lockDataFolder } from "../identity/data-lock.ts";
import { type HttpPorts, openPorts, type PortsOptions } from "./http/ports.ts";

/** What a hub has before all else: its data folder to itself, and open ports at which whoever comes waits for it. */
export interface Front extends AsyncDisposable {
  readonly ports: HttpPorts;
}

/**
 * Takes the data folder, which is made with mode 0700, and listens. A quarter of the program is
 * loaded for it. Throws FatalError `in-use`, `store`, `listen` and `certificate`.
 */
export async function openFront(options: PortsOptions): Promise<Front> {
  await using opened = new AsyncDisposableStack();
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  opened.use(lockDataFolder(options.dataDir));
  const ports = opened.use(await openPorts(options));
  const owned = opened.move();
  return { ports, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
