import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { type AddressInfo, connect as connectPlain, isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  checkServerIdentity as checkIdentity,
  connect,
  createServer,
  type PeerCertificate,
  type TLSSocket,
} from "node:tls";
import WebSocket from "ws";
import { startRig } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { createServer as createServerOfHttp } from "../../util/node-http.ts";
import { makeLeaf } from "./certificate.ts";
import { leadToTls } from "./plain-to-tls.ts";
import { certifiedNames, loadTls } from "./tls.ts";

async function tempDir(): Promise<{ readonly dataDir: string } & AsyncDisposable> {
  const dataDir = await mkdtemp(join(tmpdir(), "doorward-tls-"));
  return { dataDir, [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) };
}

const dayMs = 24 * 60 * 60 * 1000;
const names = ["localhost", "hub.local", "192.168.1.9", "::1"];
const options = { config: {}, names, nowMs: Date.parse("2027-01-01T00:00:00Z") };

describe("the hub's own certificate", () => {
  it("is signed by a root that may sign nothing but servers, and names all that was asked", async () => {
    await using dir = await tempDir();
    const { cert, rootPem = "" } = await loadTls({ ...dir, ...options });
    const [leaf, root] = [new X509Certificate(cert), new X509Certificate(rootPem)];
    assert.ok(root.ca && !leaf.ca);
    assert.ok(root.verify(root.publicKey) && leaf.verify(root.publicKey));
    assert.ok(leaf.checkIssued(root));
    for (const name of names) assert.ok(leaf.checkHost(name) ?? leaf.checkIP(name), name);
    assert.equal(leaf.checkHost("evil.example"), undefined);
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    const days = (leaf.validToDate.getTime() - leaf.validFromDate.getTime()) / dayMs;
    assert.ok(days <= 398, `${days} days`);
  });

  it("has its keys for nobody else to read", async () => {
    await using dir = await tempDir();
    await loadTls({ ...dir, ...options });
    const folder = join(dir.dataDir, "tls");
    assert.deepEqual((await readdir(folder)).sort(), ["ca.crt", "ca.key", "server.crt", "server.key"]);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const file of await readdir(folder)) assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  });

  it("stays while it is good, is renewed in time and for a new address or name, under the same root", async () => {
    await using dir = await tempDir();
    const first = await loadTls({ ...dir, ...options });
    const later = (days: number) => ({ ...dir, ...options, nowMs: options.nowMs + days * dayMs });
    assert.deepEqual(await loadTls(later(300)), first);
    const renewed = await loadTls(later(380));
    assert.notEqual(renewed.cert, first.cert);
    assert.equal(renewed.rootPem, first.rootPem);
    const moved = await loadTls({ ...later(380), names: [...names, "10.0.0.1"] });
    assert.ok(new X509Certificate(moved.cert).checkIP("10.0.0.1"));
    assert.equal(moved.rootPem, first.rootPem);
    assert.deepEqual(await loadTls(later(380)), moved);
    const renamed = await loadTls({ ...later(380), names: [...names, "new-name.local"] });
    assert.ok(new X509Certificate(renamed.cert).checkHost("new-name.local"));
    assert.equal(renamed.rootPem, first.rootPem);
  });

  it("is of no use against other web sites to whoever steals the root's key", async () => {
    await using dir = await tempDir();
    await loadTls({ ...dir, ...options });
    const root = {
      certificatePem: await readFile(join(dir.dataDir, "tls", "ca.crt"), "utf8"),
      keyPem: await readFile(join(dir.dataDir, "tls", "ca.key"), "utf8"),
    };
    const shake = async (name: string) => {
      const forged = await makeLeaf({ root, names: [name], nowMs: Date.now() });
      const server = createServer({ cert: forged.certificatePem, key: forged.keyPem }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const to = isIP(name) === 0 ? { servername: name } : {};
      const checkServerIdentity = (_: string, peer: PeerCertificate) => checkIdentity(name, peer);
      const socket = connect({ port, host: "127.0.0.1", ca: root.certificatePem, checkServerIdentity, ...to });
      try {
        await once(socket, "secureConnect");
        return "trusted";
      } catch (error) {
        return (error as Error).message;
      } finally {
        socket.destroy();
        server.close();
      }
    };
    for (const name of ["localhost", "other.local", "10.1.2.3", "192.168.77.1", "fd00::7"]) {
      assert.equal(await shake(name), "trusted", name);
    }
    for (const name of ["bank.example", "local.example", "8.8.8.8", "2001:db8::1", "172.32.0.1"]) {
      assert.equal(await shake(name), "permitted subtree violation", name);
    }
  });

  it("covers a public name and a public address that were configured, by a new root where the old one may not", async () => {
    await using dir = await tempDir();
    const first = await loadTls({ ...dir, ...options });
    for (const publicName of ["home.example.org", "203.0.113.9", "2001:db8::9"]) {
      const lines: string[] = [];
      const log = { ...silentLog, warn: (_: object, line: string) => void lines.push(line) };
      const asked = { ...dir, ...options, log, config: { publicName }, names: [...names, publicName] };
      const named = await loadTls(asked);
      assert.notEqual(named.rootPem, first.rootPem);
      assert.match(lines.join(), /may not sign for .* and was replaced; trust the hub's new certificate/);
      const leaf = new X509Certificate(named.cert);
      assert.ok(leaf.checkHost(publicName) ?? leaf.checkIP(publicName));
      assert.deepEqual(await loadTls(asked), named);
    }
  });

  it("leaves out what its root may not sign for", async () => {
    await using dir = await tempDir();
    const { cert } = await loadTls({ ...dir, ...options, names: [...names, "2001:db8::5", "renamed"] });
    assert.equal(new X509Certificate(cert).checkHost("renamed"), undefined);
    assert.equal(new X509Certificate(cert).checkIP("2001:db8::5"), undefined);
  });

  it("replaces a root of version 0.1, which could sign for any web site", async () => {
    await using dir = await tempDir();
    const folder = join(dir.dataDir, "tls");
    await mkdir(folder);
    await writeFile(join(folder, "ca.key"), unboundRoot.key);
    await writeFile(join(folder, "ca.crt"), unboundRoot.certificate);
    const { rootPem } = await loadTls({ ...dir, ...options });
    assert.notEqual(rootPem, unboundRoot.certificate);
    assert.equal(await readFile(join(folder, "ca.crt.old"), "utf8"), unboundRoot.certificate);
  });

  it("mends itself when a file was emptied by a power cut", async () => {
    for (const file of ["server.crt", "server.key", "ca.crt", "ca.key"]) {
      await using dir = await tempDir();
      const first = await loadTls({ ...dir, ...options });
      await writeFile(join(dir.dataDir, "tls", file), "");
      const mended = await loadTls({ ...dir, ...options });
      const root = new X509Certificate(mended.rootPem ?? "");
      assert.ok(new X509Certificate(mended.cert).verify(root.publicKey), file);
      assert.equal(mended.rootPem === first.rootPem, file.startsWith("server"), file);
    }
  });

  it("is good whatever the clock said when it was made, once the clock is right", async () => {
    const right = Date.parse("2027-06-01T00:00:00Z");
    for (const wrong of [0, Date.parse("2031-01-01T00:00:00Z"), Date.parse("2020-01-01T00:00:00Z")]) {
      await using dir = await tempDir();
      const first = await loadTls({ ...dir, ...options, nowMs: wrong });
      const mended = await loadTls({ ...dir, ...options, nowMs: right });
      assert.equal(mended.rootPem, first.rootPem);
      for (const certificate of [mended.cert, mended.rootPem ?? ""].map((pem) => new X509Certificate(pem))) {
        assert.ok(certificate.validFromDate.getTime() <= right && certificate.validToDate.getTime() > right);
      }
      assert.deepEqual(await loadTls({ ...dir, ...options, nowMs: 0 }), mended, "a board that starts in 1970 again");
    }
  });

  it("names this machine: localhost, its addresses, its names, the public name", () => {
    const all = certifiedNames({ publicName: "home.example.org" });
    for (const name of ["localhost", "127.0.0.1", "::1", "home.example.org"]) assert.ok(all.includes(name), name);
    assert.ok(all.every((name) => !name.includes("%")));
  });

  it("gives way to a configured one", async () => {
    await using dir = await tempDir();
    const own = await loadTls({ ...dir, ...options });
    const [certFile, keyFile] = [join(dir.dataDir, "x.crt"), join(dir.dataDir, "x.key")];
    await Promise.all([writeFile(certFile, own.cert), writeFile(keyFile, own.key)]);
    const config = { certificate: { certFile, keyFile } };
    assert.deepEqual(await loadTls({ ...dir, ...options, config }), {
      cert: own.cert,
      key: own.key,
      rootPem: undefined,
    });
    const missing = { certificate: { certFile: "/nowhere", keyFile } };
    await assert.rejects(loadTls({ ...dir, ...options, config: missing }), { code: "certificate" });
    await using other = await tempDir();
    await writeFile(keyFile, (await loadTls({ ...other, ...options })).key);
    await assert.rejects(loadTls({ ...dir, ...options, config }), {
      code: "certificate",
      message: /x\.crt and .*x\.key are no certificate with its key: /,
    });
  });
});

describe("HTTPS", () => {
  it("leads whoever comes without encryption to the same address with it", async () => {
    await using rig = await startRig({}, { https: true });
    const { port } = new URL(rig.web.httpsUrl ?? "");
    const plain = await fetch(`http://127.0.0.1:${port}/panel?device=hall`, { redirect: "manual" });
    assert.deepEqual(
      [plain.status, plain.headers.get("location")],
      [307, `https://127.0.0.1:${port}/panel?device=hall`],
    );
    const said = async (words: string) => {
      const socket = connectPlain({ port: Number(port), host: "127.0.0.1" });
      socket.write(words);
      const heard: Buffer[] = [];
      for await (const piece of socket) heard.push(piece as Buffer);
      return Buffer.concat(heard).toString();
    };
    assert.equal(await said("SSH-2.0-OpenSSH\r\n"), "");
    assert.equal(await said("GET / HTTP/1.1\r\nHost: hub/@evil\r\n\r\n"), "");
    assert.equal(await said("GET / HTTP/1.1\r\n\r\n"), "");
  });

  it("lets go of whoever has not agreed on anything after ten seconds, and at its end of whoever is about to", async () => {
    const clock = new ManualClock();
    await using rig = await startRig({}, { https: true, clock });
    const port = Number(new URL(rig.web.httpsUrl ?? "").port);
    const begun = async () => {
      const socket = connectPlain({ port, host: "127.0.0.1" });
      await once(socket, "connect");
      socket.write(Buffer.from([22, 3, 1, 2, 0, 1]));
      // Who came later has been served: so this one has been seen.
      const other = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(other, "secureConnect");
      other.destroy();
      return socket;
    };
    const slow = await begun();
    const closed = once(slow, "close");
    await clock.advance(10_000);
    await closed;
    const last = once(await begun(), "close");
    await rig[Symbol.asyncDispose]();
    await last;
  });

  it("shows another certificate from the moment it has one", async () => {
    await using dir = await tempDir();
    const [first, second] = [
      await loadTls({ ...dir, ...options }),
      await loadTls({ ...dir, ...options, names: ["a.local"] }),
    ];
    const server = createServerOfHttp((_request, response) => response.end("here"));
    using leading = leadToTls(server, { tls: first, clock: new ManualClock() });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const shown = async () => {
      const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return new X509Certificate(raw).subjectAltName;
    };
    assert.match((await shown()) ?? "", /hub\.local/);
    leading.renew(second);
    assert.match((await shown()) ?? "", /^DNS:a\.local/);
    server.close();
  });

  it("is trusted by whoever trusts the root that the hub offers, and by nobody else", async () => {
    await using rig = await startRig({}, { https: true });
    const { text: root, headers } = await rig.call("GET", "/ca.crt");
    assert.equal(headers.get("content-type"), "application/x-x509-ca-cert");
    const port = Number(new URL(rig.web.httpsUrl ?? "").port);
    const shake = async (options: { ca?: string; maxVersion?: "TLSv1.1" }) => {
      const socket: TLSSocket = connect({ port, host: "127.0.0.1", servername: "localhost", ...options });
      try {
        await once(socket, "secureConnect");
        return socket.getProtocol();
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      } finally {
        socket.destroy();
      }
    };
    assert.equal(await shake({ ca: root }), "TLSv1.3");
    assert.match(String(await shake({})), /SELF_SIGNED|UNABLE_TO/);
    assert.match(String(await shake({ ca: root, maxVersion: "TLSv1.1" })), /PROTOCOL|ERR_SSL|ECONNRESET/);
  });

  it("has cookies with the __Host- prefix, and the session says it is secure", async () => {
    await using rig = await startRig({}, { https: true });
    await rig.person({ name: "Anna", password: "correct horse", administrator: true });
    const { text: ca } = await rig.call("GET", "/ca.crt");
    const url = new URL("/api/v1/login", (rig.web.httpsUrl ?? "").replace("localhost", "127.0.0.1"));
    const headers = { "content-type": "application/json", "x-doorward": "1" };
    const outgoing = request(url, { ca, method: "POST", headers, agent: false });
    outgoing.end(JSON.stringify({ name: "Anna", password: "correct horse" }));
    const [response] = await once(outgoing, "response");
    const json = JSON.parse(String(Buffer.concat(await response.toArray())));
    assert.equal(json.secure, true);
    assert.match(
      response.headers["set-cookie"][0],
      /^__Host-doorward=dws_[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  it("carries the page's socket", async () => {
    await using rig = await startRig({}, { https: true });
    const anna = await rig.person({ name: "Anna", administrator: true });
    const { text: ca } = await rig.call("GET", "/ca.crt");
    const url = (rig.web.httpsUrl ?? "").replace("https://localhost", "wss://127.0.0.1");
    const cookie = anna.cookie.replace("doorward=", "__Host-doorward=");
    const socket = new WebSocket(`${url}api/v1/events`, { ca, headers: { cookie } });
    const [message] = await once(socket, "message");
    assert.match(String(message), /^\{"type":"wall"/);
    const plain = new WebSocket(`${url}api/v1/events`, { ca, headers: { cookie: anna.cookie } });
    assert.match(String((await once(plain, "error"))[0]), /401/);
    const closed = once(socket, "close");
    await rig[Symbol.asyncDispose]();
    assert.equal((await closed)[0], 1001);
  });

  it("is offered by the session on plain HTTP, with a QR code of the root's address", async () => {
    await using rig = await startRig({}, { https: true });
    const { json } = await rig.call("GET", "/api/v1/session");
    const port = new URL(rig.web.httpsUrl ?? "").port;
    assert.deepEqual(
      [json["secure"], json["httpsUrl"], json["caUrl"]],
      [false, `https://127.0.0.1:${port}/`, "/ca.crt"],
    );
    const svg = await rig.call("GET", "/ca.svg");
    assert.equal(svg.headers.get("content-type"), "image/svg+xml");
    assert.match(svg.text, /^<svg /);
  });

  it("that is off offers no certificate", async () => {
    await using rig = await startRig();
    assert.equal((await rig.call("GET", "/ca.crt")).status, 404);
    assert.equal((await rig.call("GET", "/ca.svg")).status, 404);
    assert.equal((await rig.call("GET", "/api/v1/session")).json["httpsUrl"], undefined);
  });
});

describe("listening", () => {
  it("says in words that a port is taken", async () => {
    await using rig = await startRig();
    await assert.rejects(startRig({}, { http: { port: Number(new URL(rig.url).port) } }), {
      code: "listen",
      message: /the port is taken by another program/,
    });
  });
});

/** As version 0.1 made them, for this test only: no name constraints. */
const unboundRoot = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtHD82ushajolCNFg
sPh3uq9O2SHF/uxhRIcoBmjjJVahRANCAAR7T8yVDFH1cIdyJSRajTOUfMLh6Czx
mFMVWcThEXTB80Bf/rE0hGfMi+p0ULzJ416xKegy42lESRd0q4sv04CT
-----END PRIVATE KEY-----
`,
  certificate: `-----BEGIN CERTIFICATE-----
MIIBxDCCAWqgAwIBAgIUZGj/hH2HhhZVX/l6SxJ7Kj7/Wc4wCgYIKoZIzj0EAwIw
LTEYMBYGA1UEAwwPRG9vcndhcmQgb24gaHViMREwDwYDVQQKDAhEb29yd2FyZDAg
Fw0yNjExMjUyMDM1MTFaGA8yMTI2MTEwMTIwMzUxMVowLTEYMBYGA1UEAwwPRG9v
cndhcmQgb24gaHViMREwDwYDVQQKDAhEb29yd2FyZDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABHtPzJUMUfVwh3IlJFqNM5R8wuHoLPGYUxVZxOERdMHzQF/+sTSE
Z8yL6nRQvMnjXrEp6DLjaURJF3Sriy/TgJOjZjBkMB0GA1UdDgQWBBQj1s+CAY/r
HH9+c0YALHsxqYMRejAfBgNVHSMEGDAWgBQj1s+CAY/rHH9+c0YALHsxqYMRejAS
BgNVHRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAKBggqhkjOPQQDAgNI
ADBFAiEAw2vVV8FwvqfPukzprfC2k2LtiTeLURiXVYM+W+OhH1cCIGrPCtBuBNdf
gAgI3D3UxAcNU3dV8IsHde720sOqcxMz
-----END CERTIFICATE-----
`,
};
