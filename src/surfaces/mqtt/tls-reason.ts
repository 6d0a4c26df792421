/** OpenSSL's words for a certificate that cannot be traced back to anybody who is trusted. */
const untraced = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
]);

/** Why TLS with a broker came to nothing, fit to stand behind a colon; undefined for what is not about TLS. */
export function tlsReason(error: unknown): string | undefined {
  const { code, message = "", host } = (error ?? {}) as { code?: unknown; message?: string; host?: string };
  if (typeof code !== "string") return undefined;
  if (untraced.has(code))
    return "its certificate is not signed by an authority that is known here: name that in mqtt.ca";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `its certificate is for another name than ${host ?? "that of mqtt.url"}`;
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") return "its certificate is not valid today";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") return "it does not speak TLS on this port: mqtt:// is without";
  if (code.startsWith("ERR_SSL_") && /alert|certificate/i.test(`${code} ${message}`))
    return "it does not take our certificate (mqtt.cert, mqtt.key)";
  return undefined;
}
