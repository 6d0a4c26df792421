import { randomBytes } from "node:crypto";
import { isIP } from "node:net";

/** A certificate with its key, both PEM. */
export interface KeyedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** A root of 10 years is made once; a leaf lives 397 days, which every browser accepts (CA/Browser Forum BR 6.3.2). */
const rootDays = 3650;
const leafDays = 397;

/** The X.509 library takes 80 ms to load and is needed once a year: it is loaded then. */
async function load() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** Makes the hub's own certificate authority (RFC 5280): it signs server certificates and nothing below it. */
export async function makeRoot(options: { readonly name: string; readonly nowMs: number }): Promise<KeyedCertificate> {
  const x509 = await load();
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [options.name] }, { O: ["Doorward"] }],
    notBefore: new Date(options.nowMs - dayMs),
    notAfter: new Date(options.nowMs + rootDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString("pem"), keyPem: await exportKey(keys.privateKey) };
}

/** Makes the certificate that the HTTPS server shows, for `names` (host names and IP addresses), signed by `root`. */
export async function makeLeaf(options: {
  readonly root: KeyedCertificate;
  readonly names: readonly string[];
  readonly nowMs: number;
}): Promise<KeyedCertificate> {
  const x509 = await load();
  const issuer = new x509.X509Certificate(options.root.certificatePem);
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [options.names[0] ?? "doorward"] }],
    issuer: issuer.subjectName,
    notBefore: new Date(options.nowMs - dayMs),
    notAfter: new Date(Math.min(options.nowMs + leafDays * dayMs, issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(options.root.keyPem),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        options.names.map((name) => ({ type: isIP(name) === 0 ? ("dns" as const) : ("ip" as const), value: name })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString("pem"), keyPem: await exportKey(keys.privateKey) };
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

async function exportKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", key));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

function importKey(pem: string): Promise<CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
}
