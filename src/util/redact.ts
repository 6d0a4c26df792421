const rules: readonly (readonly [RegExp, string])[] = [
  // Credentials in a URL: rtsp://user:word@host
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/"'@\\]{1,512}@/gi, "$1***@"],
  // A header, as text or as a JSON field.
  [/("?\b(?:proxy-)?authorization"?\s*[:=]\s*"?)(?:[^"\\\r\n]|\\[^rn])*/gi, "$1***"],
  [/("?\b(?:set-)?cookie"?\s*[:=]\s*"?)(?:[^"\\\r\n]|\\[^rn])*/gi, "$1***"],
  [/\b(Bearer|Basic|Digest)\s+[\w.~+/=-]{8,}/g, "$1 ***"],
  // Our own secrets, wherever they turn up.
  [/\bdw[st]_[\w-]{20,}/g, "***"],
  [/\bsealed:1:[\w-]+/g, "***"],
  // Fields and parameters named like secrets.
  [/("[\w-]*(?:password|passwd|passphrase|secret|credential|token|pwd)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi, '$1"***"'],
  // The set-up code, by its length: other fields of this name are the codes of errors.
  [/("code"\s*:\s*)"(?:[0-9a-z][- ]?){16,}"/gi, '$1"***"'],
  [/([?&;\s](?:password|passwd|pwd|token|secret|access_token|pass)=)[^\s&;"\\]+/gi, "$1***"],
  // Session descriptions (RFC 8839).
  [/(\bice-pwd:)[\w+/]+/g, "$1***"],
];

/**
 * `text` without secrets: URL credentials, tokens, cookies, Authorization, passwords in fields and parameters, and
 * `ice-pwd` become `***`. Works on plain text and on JSON. The log's sink runs every line through it.
 */
export function redact(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of rules) clean = clean.replace(pattern, replacement);
  return clean;
}
