import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FatalError } from "../../util/errors.ts";
import {
  authorize,
  type Challenge,
  formatChallenge,
  parseChallenges,
  strongestChallenge,
  verifyAuthorization,
} from "./auth.ts";
import { RtspAuthenticator } from "./authenticator.ts";
import { RtspHeaders } from "./headers.ts";
import type { RtspResponse } from "./message.ts";

const mufasa = { username: "Mufasa", password: "Circle of Life", method: "GET", uri: "/dir/index.html" };

describe("authorize", () => {
  test("agrees with the example of RFC 7616, 3.9.1, MD5 and SHA-256", () => {
    const cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (const [algorithm, response] of [
      ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
      ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
    ]) {
      const [challenge] = parseChallenges([
        `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, ` +
          'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      ]);
      assert.ok(challenge);
      const header = authorize(challenge, { ...mufasa, cnonce });
      assert.match(header, new RegExp(`response="${response}"`));
      assert.match(header, /qop=auth, nc=00000001/);
    }
  });

  test("agrees with RFC 2069 as errata 749 corrects it: no qop, no algorithm", () => {
    const [challenge] = parseChallenges([
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    ]);
    assert.ok(challenge);
    const header = authorize(challenge, { ...mufasa, password: "CircleOfLife" });
    assert.match(header, /response="1949323746fe6a43ef61f9606e7febea"/);
    assert.doesNotMatch(header, /algorithm|qop|cnonce/);
  });

  test("writes Basic", () => {
    const [challenge] = parseChallenges(['Basic realm="camera"']);
    assert.ok(challenge);
    assert.equal(
      authorize(challenge, { ...mufasa, username: "Aladdin", password: "open sesame" }),
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    );
  });
});

describe("parseChallenges", () => {
  test("takes the strongest of several, in one field or many", () => {
    const fields = ['Basic realm="a", Digest realm="a", nonce="1"', 'Digest realm="a",nonce="2",algorithm=SHA-256'];
    const challenges = parseChallenges(fields);
    assert.equal(challenges.length, 3);
    const strongest = strongestChallenge(challenges);
    assert.ok(strongest?.scheme === "digest" && strongest.algorithm === "SHA-256");
  });

  test("leaves out what nobody can answer", () => {
    assert.deepEqual(
      parseChallenges(["Negotiate", 'Digest realm="a", algorithm=MD5', 'Digest nonce="1", algorithm=XX', ""]),
      [],
    );
  });
});

describe("verifyAuthorization", () => {
  const challenges: Challenge[] = [
    { scheme: "basic", realm: 'a "quoted" realm' },
    ...(["MD5", "MD5-sess", "SHA-256", "SHA-256-sess"] as const).flatMap((algorithm) =>
      ([undefined, "auth"] as const).map(
        (qop): Challenge => ({
          scheme: "digest",
          realm: 'a "quoted" realm',
          nonce: "n\\1",
          algorithm,
          qop,
          stale: false,
        }),
      ),
    ),
  ];
  for (const challenge of challenges) {
    const name = challenge.scheme === "basic" ? "Basic" : `${challenge.algorithm} ${challenge.qop ?? "without qop"}`;
    test(`${name}: right and wrong passwords`, () => {
      const [read] = parseChallenges([formatChallenge(challenge)]);
      assert.ok(read);
      const request = { username: "admin", password: 'pä"ss:w\\d', method: "PLAY" };
      const header = authorize(read, { ...request, uri: "rtsp://h/s" });
      assert.equal(verifyAuthorization(header, { ...request, challenge }), "right");
      assert.equal(verifyAuthorization(header, { ...request, challenge, password: "other" }), "wrong");
      if (challenge.scheme === "digest") {
        assert.equal(
          verifyAuthorization(header, { ...request, challenge: { ...challenge, nonce: "2" } }),
          "other-nonce",
        );
      }
    });
  }
});

describe("RtspAuthenticator", () => {
  const credentials = { username: "admin", password: "secret" };
  const digest = (nonce: string, more = "") => answer(401, `Digest realm="c", nonce="${nonce}"${more}`);

  test("answers a challenge and then goes on with the nonce", () => {
    const auth = new RtspAuthenticator(credentials, "camera");
    assert.equal(auth.header("DESCRIBE", "rtsp://h/"), undefined);
    assert.equal(auth.judge(digest("1"), { authorized: false, tries: 1 }), "again");
    assert.match(auth.header("DESCRIBE", "rtsp://h/") ?? "", /nonce="1"/);
    assert.equal(auth.judge(answer(200), { authorized: true, tries: 2 }), "accept");
  });

  test("does not send a refused password again, even when every answer has a new nonce", () => {
    const auth = new RtspAuthenticator(credentials, "camera");
    auth.judge(digest("1"), { authorized: false, tries: 1 });
    assert.throws(() => auth.judge(digest("2"), { authorized: true, tries: 2 }), isFatal("wrong-password"));
  });

  test("goes on with a nonce that changed mid-session, once", () => {
    const auth = new RtspAuthenticator(credentials, "camera");
    auth.judge(digest("1"), { authorized: false, tries: 1 });
    auth.judge(answer(200), { authorized: true, tries: 2 });
    assert.equal(auth.judge(digest("2"), { authorized: true, tries: 1 }), "again");
    assert.match(auth.header("PLAY", "rtsp://h/") ?? "", /nonce="2"/);
    assert.throws(() => auth.judge(digest("2"), { authorized: true, tries: 2 }), isFatal("wrong-password"));
  });

  test("takes `stale` at its word", () => {
    const auth = new RtspAuthenticator(credentials, "camera");
    auth.judge(digest("1"), { authorized: false, tries: 1 });
    assert.equal(auth.judge(digest("2", ", stale=TRUE"), { authorized: true, tries: 2 }), "again");
    assert.throws(
      () => auth.judge(digest("3", ", stale=true"), { authorized: true, tries: 3 }),
      isFatal("wrong-password"),
    );
  });

  test("400 means a wrong password only to the first request with credentials", () => {
    const auth = new RtspAuthenticator(credentials, "camera");
    assert.equal(auth.judge(answer(400), { authorized: false, tries: 1 }), "accept");
    auth.judge(digest("1"), { authorized: false, tries: 1 });
    assert.throws(() => auth.judge(answer(400), { authorized: true, tries: 2 }), isFatal("wrong-password"));
    const proven = new RtspAuthenticator(credentials, "camera");
    proven.judge(digest("1"), { authorized: false, tries: 1 });
    proven.judge(answer(200), { authorized: true, tries: 2 });
    assert.equal(proven.judge(answer(400), { authorized: true, tries: 1 }), "accept");
  });

  test("says when no password is set, and when the camera's way to log in is unknown", () => {
    const none = new RtspAuthenticator(undefined, "camera");
    assert.throws(() => none.judge(digest("1"), { authorized: false, tries: 1 }), isFatal("password-needed"));
    const auth = new RtspAuthenticator(credentials, "camera");
    const kerberos = answer(401, "Negotiate");
    assert.throws(() => auth.judge(kerberos, { authorized: false, tries: 1 }), isFatal("unknown-authentication"));
  });
});

function isFatal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof FatalError && error.code === code;
}

function answer(status: number, challenge?: string): RtspResponse {
  const headers = new RtspHeaders({ "WWW-Authenticate": challenge });
  return { kind: "response", status, reason: "", headers, body: new Uint8Array(0) };
}
