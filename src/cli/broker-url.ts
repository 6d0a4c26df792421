import { UsageError } from "./command.ts";

/** The broker that `--mqtt` names, as a URL. Throws UsageError. */
export function brokerUrl(text: string): string {
  const url = URL.parse(text.includes("://") ? text : `mqtt://${text}`);
  if (!url || !/^mqtts?:$/.test(url.protocol) || url.hostname === "") {
    throw new UsageError(`--mqtt ${text} is no broker: write HOST, HOST:PORT or mqtts://HOST:PORT`);
  }
  return url.href;
}
