import { randomBytes, type X509Certificate } from "node:crypto";
import { BlockList, isIP } from "node:net";

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

/** Networks whose addresses nobody owns: loopback, link-local, private (RFC 1918, 4193), shared (RFC 6598). */
const privateNetworks: readonly (readonly [address: string, prefix: number])[] = [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
];

const privateAddresses = new BlockList();
for (const [address, prefix] of privateNetworks) {
  privateAddresses.addSubnet(address, prefix, address.includes(":") ? "ipv6" : "ipv4");
}

/** Names that mean nothing outside the house, so that every root may sign for them. */
const houseNames = ["localhost", "local"];

/** The X.509 library takes 80 ms to load and is needed once a year: it is loaded then. */
async function load() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/**
 * Makes the hub's own certificate authority (RFC 5280). It signs server certificates and nothing below it, and by a
 * critical name constraint (4.2.1.10) only those for `names`, `.local` names and addresses of private networks: whoever
 * steals its key can pretend to be no other web site to those who trust it. It is good from `sinceMs`, so that a clock
 * that was wrong when it was made does no harm.
 */
export async function makeRoot(options: {
  readonly name: string;
  /** Host names, and addresses that are not private, of this house. */
  readonly names: readonly string[];
  readonly nowMs: number;
  readonly sinceMs: number;
}): Promise<KeyedCertificate> {
  const x509 = await load();
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [options.name] }, { O: ["Doorward"] }],
    notBefore: new Date(options.sinceMs),
    notAfter: new Date(options.nowMs + rootDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.Extension("2.5.29.30", true, await nameConstraints(options.names)),
    ],
  });
  return { certificatePem: certificate.toString("pem"), keyPem: await exportKey(keys.privateKey) };
}

/**
 * Whether a root made by {@link makeRoot} may sign for a host name or an address. Read from the certificate's bytes: DER
 * writes a permitted name in one way only.
 */
export function permits(root: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0 && isPrivate(name)) return true;
  if (name === "localhost" || name.endsWith(".local")) return true;
  const written = isIP(name) === 0 ? dnsSubtree(name) : addressSubtree(name);
  return root.raw.includes(written);
}

/** Whether a root is bound to the names of its house; those that version 0.1 made are not. */
export function isConstrained(root: X509Certificate): boolean {
  return root.raw.includes(Buffer.from("0603551d1e0101ff", "hex"));
}

function isPrivate(address: string): boolean {
  return privateAddresses.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/** A GeneralSubtree (RFC 5280, 4.2.1.10) of a dNSName, tag 2. */
function dnsSubtree(name: string): Buffer {
  return Buffer.concat([Buffer.from([0x30, name.length + 2, 0x82, name.length]), Buffer.from(name, "latin1")]);
}

/** A GeneralSubtree of one iPAddress, tag 7: the address and a mask of ones. */
function addressSubtree(address: string): Buffer {
  const bytes = addressBytes(address);
  return Buffer.concat([
    Buffer.from([0x30, 2 * bytes.length + 2, 0x87, 2 * bytes.length]),
    bytes,
    Buffer.alloc(bytes.length, 0xff),
  ]);
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

async function nameConstraints(names: readonly string[]): Promise<ArrayBuffer> {
  const { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } = await import("@peculiar/asn1-x509");
  const { AsnConvert } = await import("@peculiar/asn1-schema");
  const dns = [...houseNames, ...names.filter((name) => isIP(name) === 0)];
  const networks = privateNetworks.map(([address, prefix]) => `${address}/${prefix}`);
  const own = names.filter((name) => isIP(name) !== 0 && !isPrivate(name));
  const subtrees = [
    ...[...new Set(dns)].map((dNSName) => new GeneralName({ dNSName })),
    ...networks.map((iPAddress) => new GeneralName({ iPAddress })),
    ...own.map((address) => new GeneralName({ iPAddress: `${address}/${isIP(address) === 6 ? 128 : 32}` })),
  ];
  const permitted = new GeneralSubtrees(subtrees.map((base) => new GeneralSubtree({ base })));
  return AsnConvert.serialize(new NameConstraints({ permittedSubtrees: permitted }));
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
    subject: [{ CN: ["Doorward"] }],
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
