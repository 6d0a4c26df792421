import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { browserKeys } from "./browser-fake.ts";
import { encryptMessage, maxTextBytes } from "./message.ts";
import { outcomeOf } from "./send.ts";
import { subscriptionBody } from "./subscriptions.ts";
import { VapidKey } from "./vapid.ts";

const bytes = (text: string) => Buffer.from(text, "base64url");

test("the example of RFC 8291, appendix A, comes out byte for byte", () => {
  const body = encryptMessage(
    "When I grow up, I want to be a watermelon",
    {
      p256dh: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
      auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
    },
    { privateKey: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), salt: bytes("DGv6ra1nlYgDCS1FRnbzlw") },
  );
  assert.equal(
    body.toString("base64url"),
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
  );
});

test("what is encrypted is read by that browser alone, and is never longer than push services take", () => {
  const browser = browserKeys();
  assert.equal(browser.decrypt(encryptMessage("Somebody rings: ö", browser)), "Somebody rings: ö");
  assert.throws(() => browserKeys().decrypt(encryptMessage("Somebody rings", browser)));
  const longest = encryptMessage("x".repeat(maxTextBytes), browser);
  assert.equal(longest.length, 4096);
  assert.equal(browser.decrypt(longest).length, maxTextBytes);
  assert.throws(() => encryptMessage("x".repeat(maxTextBytes + 1), browser), RangeError);
  assert.throws(() => encryptMessage("x", { ...browser, auth: Buffer.alloc(3) }), RangeError);
});

test("the authorization says who sends to which push service, and until when", () => {
  const key = new VapidKey(bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"));
  const subject = "mailto:anna@home.example";
  const value = key.authorization("https://push.example:8443/x/y", { subject, nowMs: 1_000_000_000 });
  const [, head = "", claims = "", signature = "", told = ""] = /^vapid t=(.+)\.(.+)\.(.+), k=(.+)$/.exec(value) ?? [];
  assert.deepEqual(JSON.parse(bytes(head).toString()), { typ: "JWT", alg: "ES256" });
  const exp = 1_000_000 + 12 * 3600;
  assert.deepEqual(JSON.parse(bytes(claims).toString()), { aud: "https://push.example:8443", exp, sub: subject });
  assert.equal(told, key.publicKey);
  const point = bytes(told);
  const [x, y] = [point.subarray(1, 33).toString("base64url"), point.subarray(33).toString("base64url")];
  const publicKey = createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
  const text = Buffer.from(`${head}.${claims}`);
  assert.ok(verify("sha256", text, { key: publicKey, dsaEncoding: "ieee-p1363" }, bytes(signature)));
});

test("a browser that is gone is told from one that failed", () => {
  assert.deepEqual(
    [200, 201, 202].map((status) => outcomeOf(status).state),
    ["taken", "taken", "taken"],
  );
  assert.deepEqual(
    [404, 410].map((status) => outcomeOf(status).state),
    ["gone", "gone"],
  );
  assert.deepEqual(outcomeOf(503), { state: "failed", why: "the push service answered 503" });
});

test("a subscription is an https address with keys of the right length", () => {
  const { p256dh, auth } = browserKeys();
  const keys = { p256dh: p256dh.toString("base64url"), auth: auth.toString("base64url") };
  const good = { endpoint: "https://push.example/a", keys, name: "Phone" };
  assert.ok(subscriptionBody.safeParse(good).success);
  for (const endpoint of ["http://push.example/a", "https://push.example:22/a", "https://a:b@push.example/", "x", ""]) {
    assert.ok(!subscriptionBody.safeParse({ ...good, endpoint }).success, endpoint);
  }
  assert.ok(!subscriptionBody.safeParse({ ...good, keys: { ...keys, auth: "AA" } }).success);
  assert.ok(!subscriptionBody.safeParse({ ...good, keys: { ...keys, p256dh: keys.auth } }).success);
});
