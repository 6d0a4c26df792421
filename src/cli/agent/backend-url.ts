import { UsageError } from "../command.ts";

/** Where a backend takes agents, unless its address says another place. */
const usualPath = "/ws/device";

/** The address of a backend as people write it: the hub's own, with or without the place for agents. Throws UsageError. */
export function backendUrl(text: string): string {
  const url = URL.parse(text.replace(/^http(?=s?:)/i, "ws"));
  if (!url || !/^wss?:$/.test(url.protocol)) {
    throw new UsageError(`--backend ${text} is no address: it begins with ws:// or wss://`);
  }
  if (url.pathname === "/") url.pathname = usualPath;
  return url.href;
}
