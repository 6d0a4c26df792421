import { createHmac } from "node:crypto";
import type { WhepConfig } from "./config.ts";

/**
 * `Link` headers that tell a player its ICE servers (RFC 9725, 4.6). TURN credentials are made for one viewing and end
 * by themselves (TURN REST API draft: the name is `<expiry>:<id>`, the password its HMAC-SHA1).
 */
export function iceLinks(
  config: Pick<WhepConfig, "stunServers" | "turn">,
  viewing: { readonly id: string; readonly nowMs: number },
): readonly string[] {
  const links = config.stunServers.map((url) => `<${url}>; rel="ice-server"`);
  const { turn } = config;
  if (!turn) return links;
  const username = `${Math.floor(viewing.nowMs / 1000) + turn.lifeSeconds}:${viewing.id}`;
  const credential = createHmac("sha1", turn.secret).update(username).digest("base64");
  const rest = `rel="ice-server"; username="${username}"; credential="${credential}"; credential-type="password"`;
  return [...links, ...turn.urls.map((url) => `<${url}>; ${rest}`)];
}
