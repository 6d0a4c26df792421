import "reflect-metadata";
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import { clip, runDriver } from "../../../test/rtsp.ts";
import { type DoorwardError, FatalError } from "../../util/errors.ts";
import { startFakeRtsp } from "./fake.ts";

/** A certificate that no authority signed, as cameras have. */
async function selfSigned(): Promise<{ readonly key: string; readonly cert: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: "CN=camera",
    keys,
    signingAlgorithm: algorithm,
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { key, cert: cert.toString("pem") };
}

describe("rtsps", () => {
  let tls: { readonly key: string; readonly cert: string };
  before(async () => {
    tls = await selfSigned();
  });

  test("a certificate that nobody signed is refused with its fingerprint, and taken once that is set", async () => {
    await using fake = await startFakeRtsp({ video: clip(), tls });
    const error = (await runDriver({ address: fake.address }).ended) as DoorwardError;
    assert.ok(error instanceof FatalError);
    assert.equal(error.code, "tls-untrusted");
    const fingerprint = String(error.fields["fingerprint"]);
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.ok(error.message.includes(fingerprint));
    for (const tlsFingerprint of [fingerprint, fingerprint.replaceAll(":", "").toLowerCase()]) {
      await using running = runDriver({ address: fake.address, tlsFingerprint, backchannel: "off" });
      await running.device.until(() => running.device.readyCount > 0);
    }
    assert.equal(fake.requests.filter(({ method }) => method === "OPTIONS").length, 2);
  });

  test("another certificate than the one agreed on is refused before anything is said", async () => {
    await using fake = await startFakeRtsp({ video: clip(), tls });
    const error = await runDriver({ address: fake.address, tlsFingerprint: "00".repeat(32) }).ended;
    assert.ok(error instanceof FatalError);
    assert.equal(error.code, "tls-fingerprint");
    assert.equal(fake.requests.length, 0);
  });
});
