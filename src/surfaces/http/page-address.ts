import { networkInterfaces } from "node:os";
import type { FastifyRequest } from "fastify";
import { parseHost } from "../allowed-hosts.ts";
import { isSecure } from "../secure.ts";
import type { HttpContext } from "./context.ts";

/**
 * Where another device in the house finds the hub's page: where whoever asks finds it, if that is encrypted and not this machine
 * itself; else the hub's own HTTPS under the public name or an address of this machine; plain HTTP where there is nothing else.
 */
export function pageAddress(request: FastifyRequest, context: HttpContext): string {
  const asked = parseHost(request.host)?.name;
  // Home Assistant's address shows the page of whoever is signed in there.
  const framed = request.headers["x-ingress-path"] !== undefined;
  if (isSecure(request) && !isLoopback(asked) && !framed) return `https://${request.host}/`;
  const host = hostOutside(framed ? undefined : asked, context);
  const port = context.httpsPort();
  if (port !== undefined) return `https://${host}${port === 443 ? "" : `:${port}`}/`;
  const [, plainPort = ""] = /(:\d+)$/.exec(request.host) ?? [];
  return `http://${host}${plainPort}/`;
}

/** The name or address by which others reach the hub: the public name, what was `asked` for, or an address of this machine. */
export function hostOutside(asked: string | undefined, context: Pick<HttpContext, "config">): string {
  return context.config.publicName ?? (isLoopback(asked) ? outsideAddress() : asked) ?? "localhost";
}

function isLoopback(host: string | undefined): boolean {
  return host === undefined || host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** An address at which a phone in the same network finds this machine. */
function outsideAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}
