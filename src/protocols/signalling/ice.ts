import type { SignalIceServer } from "./messages.ts";

/** Servers as the hub tells them, as the WebRTC library takes them: `turn:user:password@host:port?transport=udp`. */
export function libraryIceServers(servers: readonly SignalIceServer[]): readonly string[] {
  return servers.flatMap(({ urls, username, credential }) =>
    [urls].flat().flatMap((url) => {
      const [, scheme, rest] = /^(stuns?|turns?):(.+)$/i.exec(url) ?? [];
      if (scheme === undefined || rest === undefined) return [];
      if (username === undefined || credential === undefined) return /^stun/i.test(scheme) ? [url] : [];
      return [`${scheme}:${encodeURIComponent(username)}:${encodeURIComponent(credential)}@${rest}`];
    }),
  );
}
