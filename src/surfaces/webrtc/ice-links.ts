import { createHmac } from "node:crypto";

/** Servers that help browsers to find a way to the hub; `whep:` of the configuration names them. */
export interface IceServers {
  readonly stunServers: readonly string[];
  readonly turn?:
    | { readonly urls: readonly string[]; readonly secret: string; readonly lifeSeconds: number }
    | undefined;
}

/** One of them, as WebRTC's `RTCIceServer`. */
export interface IceServer {
  readonly urls: string | string[];
  readonly username?: string;
  readonly credential?: string;
  readonly credentialType?: "password";
}

/**
 * The servers for one viewing, microphone or agent. TURN credentials are made for it and end by themselves (TURN REST API
 * draft: the name is `<expiry>:<id>`, the password its HMAC-SHA1 in base64). `turnUrls` are the TURN server's other addresses.
 */
export function iceServers(
  servers: IceServers,
  connection: { readonly id: string; readonly nowMs: number; readonly turnUrls?: readonly string[] },
): readonly IceServer[] {
  const stun = servers.stunServers.map((urls) => ({ urls }));
  const { turn } = servers;
  if (!turn) return stun;
  const username = `${Math.floor(connection.nowMs / 1000) + turn.lifeSeconds}:${connection.id}`;
  const credential = createHmac("sha1", turn.secret).update(username).digest("base64");
  const { turnUrls = [] } = connection;
  const urls = [...(turnUrls.length > 0 ? turnUrls : turn.urls)];
  return [...stun, { urls, username, credential, credentialType: "password" }];
}

/** {@link iceServers} as `Link` headers, which tell a player its ICE servers (RFC 9725, 4.6). */
export function iceLinks(
  servers: IceServers,
  connection: { readonly id: string; readonly nowMs: number },
): readonly string[] {
  return iceServers(servers, connection).flatMap(({ urls, username, credential }) => {
    const secret =
      username === undefined ? "" : `; username="${username}"; credential="${credential}"; credential-type="password"`;
    return [urls].flat().map((url) => `<${url}>; rel="ice-server"${secret}`);
  });
}
