import { createHmac } from "node:crypto";

/** Servers that help browsers to find a way to the hub; `whep:` of the configuration names them. */
export interface IceServers {
  readonly stunServers: readonly string[];
  readonly turn?:
    | { readonly urls: readonly string[]; readonly secret: string; readonly lifeSeconds: number }
    | undefined;
}

/**
 * `Link` headers that tell a player its ICE servers (RFC 9725, 4.6). TURN credentials are made for one viewing or microphone and end
 * by themselves (TURN REST API draft: the name is `<expiry>:<id>`, the password its HMAC-SHA1).
 */
export function iceLinks(
  servers: IceServers,
  connection: { readonly id: string; readonly nowMs: number },
): readonly string[] {
  const links = servers.stunServers.map((url) => `<${url}>; rel="ice-server"`);
  const { turn } = servers;
  if (!turn) return links;
  const username = `${Math.floor(connection.nowMs / 1000) + turn.lifeSeconds}:${connection.id}`;
  const credential = createHmac("sha1", turn.secret).update(username).digest("base64");
  const rest = `rel="ice-server"; username="${username}"; credential="${credential}"; credential-type="password"`;
  return [...links, ...turn.urls.map((url) => `<${url}>; ${rest}`)];
}
