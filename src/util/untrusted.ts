/** Node's codes for a certificate that nobody who is trusted vouches for. */
const codes: ReadonlySet<string> = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** True for an error that says that nobody we trust vouches for the other end's certificate. */
export function isUntrusted(error: unknown): boolean {
  return codes.has((error as { readonly code?: string }).code ?? "");
}

/** What is to be done about it. */
export const untrustedText =
  "nobody who is trusted here vouches for its certificate: give its authority (Doorward's is at /ca.crt)";
