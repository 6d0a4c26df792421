import { isIP } from "node:net";
import { hostname } from "node:os";

/**
 * Host names under which the hub may be addressed: an IP literal, localhost, the configured public
 * name, this machine's name and its `.local` name. Anything else is DNS rebinding or a mistake.
 */
export function isAllowedHost(name: string, options: { readonly publicName?: string | undefined }): boolean {
  const bare = name.toLowerCase().replace(/\.$/, "");
  if (isIP(bare.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  return ownNames(options).includes(bare);
}

/** The names of {@link isAllowedHost} that are not addresses. */
export function ownNames(options: { readonly publicName?: string | undefined }): readonly string[] {
  const machine = hostname().toLowerCase();
  const label = machine.split(".")[0] ?? machine;
  const names = ["localhost", machine, `${label}.local`, options.publicName?.toLowerCase()];
  return [...new Set(names)].filter((name) => name !== undefined && /^[a-z0-9.-]+$/.test(name)) as string[];
}

/** Host name and port of a `Host` header; undefined for anything else (RFC 9110, 7.2). */
export function parseHost(header: string | undefined): { readonly name: string; readonly port: string } | undefined {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?$/i.exec(header ?? "");
  return match?.[1] === undefined ? undefined : { name: match[1], port: match[2] ?? "" };
}
