import { X509Certificate } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { FatalError } from "../../util/errors.ts";
import { writeFileDurably } from "../../util/write-file.ts";
import { ownNames } from "./allowed-hosts.ts";
import { type KeyedCertificate, makeLeaf, makeRoot } from "./certificate.ts";
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
  /** Folder of the hub's data; keys are in `tls/` below it, mode 0600. */
  readonly dataDir: string;
  readonly config: Pick<HttpConfig, "certificate" | "publicName">;
  readonly nowMs: number;
  /** Names and addresses to certify; this machine's own unless given. */
  readonly names?: readonly string[];
}

const renewBeforeMs = 30 * 24 * 60 * 60 * 1000;

/**
 * The certificate to serve: the configured one, or the hub's own, made at the first run and again when it gets old or
 * this machine has an address that it does not name. Throws FatalError `certificate` for a configured one that cannot
 * be read.
 */
export async function loadTls(options: TlsOptions): Promise<TlsMaterial> {
  const { certificate } = options.config;
  if (certificate) return readConfigured(certificate);
  const folder = join(options.dataDir, "tls");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await loadRoot(folder, options.nowMs);
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
    return { cert, key, rootPem: undefined };
  } catch (cause) {
    throw new FatalError(`certificate cannot be read: ${files.certFile}`, { code: "certificate", cause });
  }
}

async function loadRoot(folder: string, nowMs: number): Promise<KeyedCertificate> {
  const kept = await readPair(folder, "ca");
  if (kept && remainingMs(kept, nowMs) > renewBeforeMs) return kept;
  const root = await makeRoot({ name: `Doorward on ${hostname()}`.slice(0, 64), nowMs });
  await writePair(folder, "ca", root);
  return root;
}

async function loadLeaf(
  folder: string,
  options: TlsOptions & { readonly root: KeyedCertificate },
): Promise<KeyedCertificate> {
  const { nowMs, root } = options;
  const names = options.names ?? certifiedNames(options.config);
  const kept = await readPair(folder, "server");
  if (kept && remainingMs(kept, nowMs) > renewBeforeMs && covers(kept, { names, root })) return kept;
  const leaf = await makeLeaf({ root, names, nowMs });
  await writePair(folder, "server", leaf);
  return leaf;
}

function remainingMs(pair: KeyedCertificate, nowMs: number): number {
  return new X509Certificate(pair.certificatePem).validToDate.getTime() - nowMs;
}

function covers(
  leaf: KeyedCertificate,
  wanted: { readonly names: readonly string[]; readonly root: KeyedCertificate },
): boolean {
  const certificate = new X509Certificate(leaf.certificatePem);
  if (!certificate.verify(new X509Certificate(wanted.root.certificatePem).publicKey)) return false;
  return wanted.names.every(
    (name) => certificate.checkHost(name) !== undefined || certificate.checkIP(name) !== undefined,
  );
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
