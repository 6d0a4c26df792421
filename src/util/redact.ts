/** Names of fields, parameters and options whose value is a secret, whatever stands before: `turnSecret`, `api_key`. */
const secretWord = "password|passwort|passwd|passphrase|pass|pwd|psw|loginpas|secret|credential|token|api[_-]?key";
const secretField = new RegExp(`(?:${secretWord})s?$`, "i");

/** Parameters of camera addresses that carry a secret: `?user=admin&password=...`, `usr=..&pwd=..`, `/user=a_password=b`. */
const parameterName = `[\\w-]{0,32}(?:${secretWord})|pw|auth`;

const rules: readonly (readonly [RegExp, string])[] = [
  // Credentials in a URL: rtsp://user:word@host. The word may hold what belongs percent-encoded.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s"'\\]{1,512}@/gi, "$1***@"],
  // A header, as text or as a JSON field.
  [/("?\b(?:proxy-)?authorization"?\s*[:=]\s*"?)(?:[^"\\\r\n]|\\[^rn])*/gi, "$1***"],
  [/("?\b(?:set-)?cookie"?\s*[:=]\s*"?)(?:[^"\\\r\n]|\\[^rn])*/gi, "$1***"],
  [/\b(Bearer|Basic|Digest)\s+[\w.~+/=-]{8,}/g, "$1 ***"],
  // Our own secrets, wherever they turn up.
  [/\bdw[dst]_[\w-]{20,}/g, "***"],
  [/\bsealed:1:[\w-]+/g, "***"],
  // Fields and parameters named like secrets.
  [new RegExp(`("[\\w-]{0,64}(?:${secretWord})"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, "gi"), '$1"***"'],
  [new RegExp(`([?&;#/_\\s](?:${parameterName})=)[^\\s&;"'\\\\]+`, "gi"), "$1***"],
  // The set-up code, by its form: other fields of this name are the codes of errors.
  [/("code"\s*:\s*)"[0-9A-Z]{4}(?:[- ]?[0-9A-Z]{4}){3}"/g, '$1"***"'],
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

/** True for the name of a field that holds a secret: `password`, `turnSecret`, `apiKey`. */
export function isSecretName(name: string): boolean {
  return secretField.test(name);
}

const parameters = new RegExp(`([?&;#/_](?:${parameterName})=)([^&#\\s]+)`, "gi");

/** An address with the value of every parameter that is known to carry a secret replaced by what `change` makes of it. */
export function mapSecretParameters(address: string, change: (value: string) => string): string {
  return address.replace(parameters, (_all, name: string, value: string) => `${name}${change(value)}`);
}
