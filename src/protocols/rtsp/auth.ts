import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** One way to authenticate that a server offers (RFC 7617, RFC 7616). */
export type Challenge = { readonly scheme: "basic"; readonly realm: string } | DigestChallenge;

/** A Digest challenge (RFC 7616; without `qop` as in RFC 2069, which many cameras still speak). */
export interface DigestChallenge {
  readonly scheme: "digest";
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: DigestAlgorithm;
  /** True when the server left `algorithm` out: so does the answer then. */
  readonly algorithmImplied?: boolean;
  readonly qop?: "auth";
  readonly opaque?: string;
  /** The credentials may be right, only the nonce is too old. */
  readonly stale: boolean;
}

/** Hash algorithms that we answer. */
export type DigestAlgorithm = "MD5" | "MD5-sess" | "SHA-256" | "SHA-256-sess";

/** What a person typed. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Options of {@link authorize}. */
export interface AuthorizeOptions extends Credentials {
  readonly method: string;
  /** The request's URI, byte for byte as in its first line. */
  readonly uri: string;
  /** How often this nonce was used, from 1. */
  readonly nonceCount?: number;
  /** Only for tests: a fixed client nonce. */
  readonly cnonce?: string;
}

/** Challenges of all `WWW-Authenticate` fields of a response; schemes and algorithms that we do not speak are left out. */
export function parseChallenges(fields: readonly string[]): Challenge[] {
  const challenges: Challenge[] = [];
  for (const field of fields.slice(0, 16)) {
    for (const part of field.split(/,\s*(?=(?:Basic|Digest)\s)/i)) {
      const challenge = parseChallenge(part);
      if (challenge) challenges.push(challenge);
    }
  }
  return challenges;
}

/** The strongest of several challenges: SHA-256, MD5, Basic. */
export function strongestChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  const strength = (challenge: Challenge) =>
    challenge.scheme === "basic" ? 0 : challenge.algorithm.startsWith("SHA-256") ? 2 : 1;
  return challenges.toSorted((a, b) => strength(b) - strength(a))[0];
}

/** Value of the `Authorization` header that answers `challenge`. */
export function authorize(challenge: Challenge, options: AuthorizeOptions): string {
  if (challenge.scheme === "basic") {
    return `Basic ${Buffer.from(`${options.username}:${options.password}`, "utf8").toString("base64")}`;
  }
  const cnonce = options.cnonce ?? randomBytes(8).toString("hex");
  const nc = (options.nonceCount ?? 1).toString(16).padStart(8, "0");
  const response = digestResponse(challenge, { ...options, cnonce, nc });
  const fields = [
    `username="${quote(options.username)}"`,
    `realm="${quote(challenge.realm)}"`,
    `nonce="${quote(challenge.nonce)}"`,
    `uri="${options.uri}"`,
    `response="${response}"`,
  ];
  if (!challenge.algorithmImplied) fields.push(`algorithm=${challenge.algorithm}`);
  if (challenge.qop) fields.push(`qop=${challenge.qop}`, `nc=${nc}`);
  if (challenge.qop || challenge.algorithm.endsWith("-sess")) fields.push(`cnonce="${cnonce}"`);
  if (challenge.opaque !== undefined) fields.push(`opaque="${quote(challenge.opaque)}"`);
  return `Digest ${fields.join(", ")}`;
}

/** Value of the `WWW-Authenticate` header for `challenge`. */
export function formatChallenge(challenge: Challenge): string {
  if (challenge.scheme === "basic") return `Basic realm="${quote(challenge.realm)}"`;
  const fields = [`realm="${quote(challenge.realm)}"`, `nonce="${quote(challenge.nonce)}"`];
  if (!challenge.algorithmImplied) fields.push(`algorithm=${challenge.algorithm}`);
  if (challenge.qop) fields.push(`qop="${challenge.qop}"`);
  if (challenge.opaque !== undefined) fields.push(`opaque="${quote(challenge.opaque)}"`);
  if (challenge.stale) fields.push("stale=true");
  return `Digest ${fields.join(", ")}`;
}

/** What a server finds in a client's `Authorization`. */
export type Verdict = "right" | "wrong" | "other-nonce";

/** Checks a client's `Authorization` header against `challenge` and the password. */
export function verifyAuthorization(
  header: string,
  expected: Credentials & { readonly challenge: Challenge; readonly method: string },
): Verdict {
  const { challenge } = expected;
  if (challenge.scheme === "basic") {
    return same(header, authorize(challenge, { ...expected, uri: "" })) ? "right" : "wrong";
  }
  const given = /^Digest\s/i.test(header) ? parameters(header.slice(6)) : new Map<string, string>();
  if (given.get("nonce") !== challenge.nonce) return given.has("nonce") ? "other-nonce" : "wrong";
  if (given.get("username") !== expected.username) return "wrong";
  const response = digestResponse(challenge, {
    ...expected,
    uri: given.get("uri") ?? "",
    cnonce: given.get("cnonce") ?? "",
    nc: given.get("nc") ?? "",
  });
  return same(given.get("response") ?? "", response) ? "right" : "wrong";
}

/** What a client's `Authorization: Digest` says (RFC 7616, 3.4). */
export interface DigestAnswer {
  readonly username: string;
  readonly nonce: string;
  readonly uri: string;
  /** Hex: 32 digits are MD5's, 64 SHA-256's. */
  readonly response: string;
  readonly qop: string;
  readonly nc: string;
  readonly cnonce: string;
}

/** Reads a Digest answer; undefined for another scheme, or for one without what has to be there. */
export function parseDigestAnswer(header: string): DigestAnswer | undefined {
  if (!/^Digest\s/i.test(header)) return undefined;
  const given = parameters(header.slice(6));
  const of = (name: string) => given.get(name) ?? "";
  const response = of("response").toLowerCase();
  if (!/^([0-9a-f]{32}|[0-9a-f]{64})$/.test(response)) return undefined;
  const { username, nonce, uri } = { username: of("username"), nonce: of("nonce"), uri: of("uri") };
  return { username, nonce, uri, response, qop: of("qop"), nc: of("nc"), cnonce: of("cnonce") };
}

/**
 * Checks a Digest answer by what the server keeps in place of a password: A1, hashed, in hex, for both algorithms. Which
 * was used is told by the answer's length, whatever the client says: many never look at the challenge's algorithm.
 */
export function isDigestRight(
  answer: DigestAnswer,
  expected: { readonly md5: string; readonly sha256: string; readonly method: string },
): boolean {
  const sha = answer.response.length === 64;
  const ha1 = sha ? expected.sha256 : expected.md5;
  const hash = hasher(sha ? "SHA-256" : "MD5");
  return same(answer.response, respond(hash, { ...answer, ha1, method: expected.method }));
}

function hasher(algorithm: DigestAlgorithm): (text: string) => string {
  const name = algorithm.startsWith("SHA-256") ? "sha256" : "md5";
  return (text) => createHash(name).update(text, "utf8").digest("hex");
}

function respond(
  hash: (text: string) => string,
  of: Pick<DigestAnswer, "nonce" | "uri" | "qop" | "nc" | "cnonce"> & { readonly ha1: string; readonly method: string },
): string {
  const ha2 = hash(`${of.method}:${of.uri}`);
  if (!of.qop) return hash(`${of.ha1}:${of.nonce}:${ha2}`);
  return hash(`${of.ha1}:${of.nonce}:${of.nc}:${of.cnonce}:${of.qop}:${ha2}`);
}

function digestResponse(
  challenge: DigestChallenge,
  request: AuthorizeOptions & { readonly cnonce: string; readonly nc: string },
): string {
  const hash = hasher(challenge.algorithm);
  const { nonce, qop = "" } = challenge;
  const plain = hash(`${request.username}:${challenge.realm}:${request.password}`);
  const ha1 = challenge.algorithm.endsWith("-sess") ? hash(`${plain}:${nonce}:${request.cnonce}`) : plain;
  return respond(hash, { ...request, ha1, nonce, qop });
}

const algorithms: readonly DigestAlgorithm[] = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"];

function parseChallenge(text: string): Challenge | undefined {
  const scheme = /^\s*(Basic|Digest)\s/i.exec(text);
  if (!scheme) return undefined;
  const fields = parameters(text.slice(scheme[0].length));
  const realm = fields.get("realm") ?? "";
  if (scheme[1]?.toLowerCase() === "basic") return { scheme: "basic", realm };
  const nonce = fields.get("nonce");
  const algorithm = algorithms.find(
    (known) => known.toLowerCase() === (fields.get("algorithm") ?? "MD5").toLowerCase(),
  );
  if (nonce === undefined || algorithm === undefined) return undefined;
  const qops = (fields.get("qop") ?? "").split(",").map((qop) => qop.trim().toLowerCase());
  return {
    scheme: "digest",
    realm,
    nonce,
    algorithm,
    algorithmImplied: !fields.has("algorithm"),
    qop: qops.includes("auth") ? "auth" : undefined,
    opaque: fields.get("opaque"),
    stale: fields.get("stale")?.toLowerCase() === "true",
  };
}

/** `name=value` and `name="value"`, separated by commas. */
function parameters(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const match of text.slice(0, 4096).matchAll(/([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/g)) {
    const name = (match[1] as string).toLowerCase();
    if (!fields.has(name)) fields.set(name, match[2]?.replace(/\\(.)/g, "$1") ?? match[3] ?? "");
  }
  return fields;
}

function quote(text: string): string {
  return text.replace(/["\\]/g, "\\$&");
}

function same(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
