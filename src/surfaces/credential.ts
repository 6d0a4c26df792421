/** A device's token out of `Authorization`: as Bearer (RFC 6750), or as the password of Basic (RFC 7617). */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(Bearer|Basic) +([\w+/=.~-]{1,512})$/i.exec(authorization ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return undefined;
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : text.slice(colon + 1) || undefined;
}
