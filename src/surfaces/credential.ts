/** A device's token out of `Authorization`: as Bearer (RFC 6750), or as the password of Basic (RFC 7617). */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(Bearer|Basic) +([\w+/=.~-]{1,512})$/i.exec(authorization ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return undefined;
  return basicOf(value)?.password || undefined;
}

/** The user name of Basic. */
export function nameOf(authorization: string | undefined): string | undefined {
  const [, value = ""] = /^Basic +([\w+/=]{1,512})$/i.exec(authorization ?? "") ?? [];
  return basicOf(value)?.name || undefined;
}

function basicOf(value: string): { readonly name: string; readonly password: string } | undefined {
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
