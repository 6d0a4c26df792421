import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { clip, runDriver } from "../../../test/rtsp.ts";
import { selfSigned } from "../../../test/self-signed.ts";
import { type DoorwardError, FatalError } from "../../util/errors.ts";
import { startFakeRtsp } from "./fake.ts";

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
