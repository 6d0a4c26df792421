import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { FatalError, messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { tls } from "../../util/node-tls.ts";
import { writtenMs } from "../../util/version.ts";
import { writeFileDurably } from "../../util/write-file.ts";
import { ownNames } from "../allowed-hosts.ts";
import { isConstrained, type KeyedCertificate, makeLeaf, makeRoot, permits } from "./certificate.ts";
import type { HttpConfig } from "./config.ts";

/** What the HTTPS server shows. */
export interface TlsMaterial {
  /** Certificate chain, PEM. */
  readonly cert: string;
  /** Private key, PEM. */
  readonly key: string;
  /** The hub's own root, PEM; undefined when the certificate is somebody else's. */
  readonly rootPem: string | undefined;
}

/** Options of {@link loadTls}. */
export interface TlsOptions {
  /** Logs when people have to trust the hub's root again, and names that cannot be certified. */
  readonly log?: Log;
  /** Folder of the hub's data; keys are in `tls/` below it, mode 0600. */
  readonly dataDir: string;
  readonly config: Pick<HttpConfig, "certificate" | "publicName">;
  readonly nowMs: number;
  /** Names and addresses to certify; this machine's own unless given. */
  readonly names?: readonly string[];
}

const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;

/**
 * The certificate to serve: the configured one, or the hub's own, made at the first run and again when it gets old, when
 * this machine has an address that it does not name, and when the clock turns out to have been wrong. Throws FatalError
 * `certificate` for one that cannot be read or used.
 */
export async function loadTls(options: TlsOptions): Promise<TlsMaterial> {
  const { certificate } = options.config;
  if (certificate) return readConfigured(certificate);
  const folder = join(options.dataDir, "tls");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await loadRoot(folder, options);
  const leaf = await loadLeaf(folder, { ...options, root });
  return { cert: `${leaf.certificatePem}\n${root.certificatePem}`, key: leaf.keyPem, rootPem: root.certificatePem };
}

/** Names and addresses under which people reach this machine. */
export function certifiedNames(options: Pick<HttpConfig, "publicName">): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  // Link-local addresses carry a zone, which no certificate can name.
  const usable = addresses.map(({ address }) => address).filter((address) => !/^fe80:/i.test(address));
  return [...new Set([...ownNames(options), "127.0.0.1", "::1", ...usable])];
}

async function readConfigured(files: { readonly certFile: string; readonly keyFile: string }): Promise<TlsMaterial> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certFile, "utf8"), readFile(files.keyFile, "utf8")]);
    mustFit({ cert, key }, files);
    return { cert, key, rootPem: undefined };
  } catch (cause) {
    if (cause instanceof FatalError) throw cause;
    throw new FatalError(`certificate cannot be read: ${files.certFile}`, { code: "certificate", cause });
  }
}

/** Whoever configured what is no certificate, or another one's key, hears of it at the start and not when somebody comes. */
function mustFit(
  material: { readonly cert: string; readonly key: string },
  files: { readonly certFile: string; readonly keyFile: string },
): void {
  try {
    tls().createSecureContext(material);
  } catch (cause) {
    const message = `${files.certFile} and ${files.keyFile} are no certificate with its key: ${messageOf(cause)}`;
    throw new FatalError(message, { code: "certificate", cause });
  }
}

async function loadRoot(folder: string, options: TlsOptions): Promise<KeyedCertificate> {
  const { nowMs, log } = options;
  const publicName = options.config.publicName?.toLowerCase();
  const kept = await readPair(folder, "ca");
  const certificate = kept && certificateOf(kept);
  const why = kept && whyAnotherRoot(certificate, { nowMs, publicName });
  if (kept && why === undefined) return kept;
  if (kept) await Promise.all([setAside(folder, "ca.key"), setAside(folder, "ca.crt")]);
  const root = await makeRoot({
    name: `Doorward on ${hostname()}`.slice(0, 64),
    names: [...new Set([...ownNames(options.config), ...(publicName === undefined ? [] : [publicName])])],
    nowMs: Math.max(nowMs, writtenMs),
    sinceMs: writtenMs - renewBeforeMs,
  });
  await writePair(folder, "ca", root);
  if (why !== undefined) log?.warn({}, `certificate: ${why}; trust the hub's new certificate once on each device`);
  return root;
}

/** What is replaced is not thrown away: a person may want to look at it. */
function setAside(folder: string, file: string): Promise<void> {
  return rename(join(folder, file), join(folder, `${file}.old`));
}

function whyAnotherRoot(
  root: X509Certificate | undefined,
  options: { readonly nowMs: number; readonly publicName: string | undefined },
): string | undefined {
  if (!root) return "the hub's root (tls/ca.crt and tls/ca.key) was damaged and was replaced";
  if (!isConstrained(root)) return "an earlier version's root could sign for any web site and was replaced";
  if (options.publicName !== undefined && !permits(root, options.publicName)) {
    return `the hub's root may not sign for ${options.publicName} and was replaced`;
  }
  return isTimely(root, options.nowMs) ? undefined : "the hub's root had expired and was replaced";
}

async function loadLeaf(
  folder: string,
  options: TlsOptions & { readonly root: KeyedCertificate },
): Promise<KeyedCertificate> {
  const { nowMs } = options;
  const root = new X509Certificate(options.root.certificatePem);
  const names = (options.names ?? certifiedNames(options.config)).filter((name) => permits(root, name));
  const kept = await readPair(folder, "server");
  const certificate = kept && certificateOf(kept);
  if (kept && certificate && isTimely(certificate, nowMs) && covers(certificate, { names, root })) return kept;
  const leaf = await makeLeaf({ root: options.root, names, nowMs: Math.max(nowMs, writtenMs) });
  await writePair(folder, "server", leaf);
  return leaf;
}

/** A clock that shows a time before this program was written says nothing about a certificate. */
function isTimely(certificate: X509Certificate, nowMs: number): boolean {
  if (nowMs < writtenMs) return true;
  return certificate.validFromDate.getTime() <= nowMs && certificate.validToDate.getTime() - nowMs > renewBeforeMs;
}

/** Undefined for a pair that is damaged, e.g. empty after a power cut, or whose halves do not belong together. */
function certificateOf(pair: KeyedCertificate): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pair.certificatePem);
    return certificate.checkPrivateKey(createPrivateKey(pair.keyPem)) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function covers(
  leaf: X509Certificate,
  wanted: { readonly names: readonly string[]; readonly root: X509Certificate },
): boolean {
  if (!leaf.verify(wanted.root.publicKey)) return false;
  // Node throws at a name that is asked for as an address.
  return wanted.names.every((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) !== undefined);
}

async function readPair(folder: string, name: string): Promise<KeyedCertificate | undefined> {
  try {
    const [certificatePem, keyPem] = await Promise.all([
      readFile(join(folder, `${name}.crt`), "utf8"),
      readFile(join(folder, `${name}.key`), "utf8"),
    ]);
    return { certificatePem, keyPem };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new FatalError(`certificate cannot be read: ${join(folder, name)}`, { code: "certificate", cause: error });
  }
}

/** Key first: a certificate never stands there without its key. */
async function writePair(folder: string, name: string, pair: KeyedCertificate): Promise<void> {
  await writeFileDurably(join(folder, `${name}.key`), pair.keyPem);
  await writeFileDurably(join(folder, `${name}.crt`), pair.certificatePem);
}
