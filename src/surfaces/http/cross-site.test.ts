import assert from "node:assert/strict";
import { request } from "node:http";
import { hostname } from "node:os";
import { describe, it } from "node:test";
import { everything, type Rig, startRig } from "../../../test/web-rig.ts";

/** fetch does not let a test choose `Host`. */
function statusFor(rig: Rig, headers: Record<string, string>, options = { method: "GET", path: "/api/v1/session" }) {
  return new Promise<number>((resolve, reject) => {
    const { port } = new URL(rig.url);
    const outgoing = request({ host: "127.0.0.1", port, ...options, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("cross-site protection", () => {
  it("answers to addresses, localhost, the machine's names and the public name only", async () => {
    await using rig = await startRig({}, { http: { publicName: "home.example.org" } });
    const label = hostname().split(".")[0] ?? "";
    const good = ["127.0.0.1:1", "192.168.1.9", "[::1]:8480", "localhost:8480", "LOCALHOST", "home.example.org"];
    for (const host of [...good, `${label}.local:8480`]) assert.equal(await statusFor(rig, { host }), 200, host);
    const bad = [
      "evil.example",
      "evil.example:8480",
      "127.0.0.1.evil.example",
      "localhost.evil",
      "a b",
      "user@localhost",
    ];
    for (const host of bad) assert.ok((await statusFor(rig, { host })) >= 400, host);
  });

  it("refuses pages of other origins, whatever the method", async () => {
    await using rig = await startRig({}, { http: { publicName: "home.example.org" } });
    const host = `localhost:${new URL(rig.url).port}`;
    const good = [`http://${host}`, "https://home.example.org", "https://home.example.org:8443"];
    for (const origin of good) assert.equal(await statusFor(rig, { host, origin }), 200, origin);
    const bad = [
      "null",
      "http://evil.example",
      `http://${host}.evil.example`,
      "http://localhost",
      "file://",
      "http://127.0.0.1",
    ];
    for (const origin of bad) assert.equal(await statusFor(rig, { host, origin }), 403, origin);
  });

  it("takes writes only with the header of our page and as JSON", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const body = JSON.stringify({ name: "Ben" });
    const without = await rig.call("POST", "/api/v1/users", { as: anna, body, headers: { "x-doorward": "0" } });
    assert.equal(without.json.code, "not-our-page");
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const other = await rig.call("POST", "/api/v1/users", { as: anna, body, headers: { "content-type": type } });
      assert.equal(other.status, 415, type);
    }
    assert.equal(rig.identity.users.byName("Ben"), undefined);
    for (const method of ["PATCH", "DELETE"]) {
      const other = await rig.call(method, `/api/v1/users/${anna.id}`, { as: anna, headers: { "x-doorward": "" } });
      assert.equal(other.status, 403, method);
    }
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "t", grants: everything });
    const headers = { authorization: `Bearer ${secret}`, "x-doorward": "" };
    assert.equal((await rig.call("POST", "/api/v1/users", { body, headers })).json.code, "not-our-page");
  });

  it("lets no other site read an answer", async () => {
    await using rig = await startRig();
    const { headers } = await rig.call("GET", "/api/v1/session");
    assert.equal(headers.get("access-control-allow-origin"), null);
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    assert.ok((await statusFor(rig, { host: "localhost" }, { method: "OPTIONS", path: "/api/v1/users" })) >= 400);
  });
});

describe("headers of every answer", () => {
  it("allow own scripts and styles only, with Trusted Types, in no frame", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Anna", administrator: true });
    for (const path of ["/", "/assets/app-1234.js", "/api/v1/session", "/nothing.js", "/api/v1/nothing"]) {
      const { headers } = await rig.call("GET", path);
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
      assert.match(policy, /frame-ancestors 'none'; require-trusted-types-for 'script'/);
      assert.ok(!/unsafe|\*/.test(policy), policy);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
    }
    assert.match((await rig.call("GET", "/assets/app-1234.js")).headers.get("cache-control") ?? "", /immutable/);
    assert.equal((await rig.call("GET", "/")).headers.get("cache-control"), "no-cache");
    assert.equal((await rig.call("GET", "/api/v1/session")).headers.get("cache-control"), "no-store");
  });

  it("name the dashboards that may frame the page, as configured", async () => {
    await using rig = await startRig({}, { http: { allowedFrameAncestors: ["http://homeassistant.local:8123/x"] } });
    const { headers } = await rig.call("GET", "/");
    assert.match(
      headers.get("content-security-policy") ?? "",
      /frame-ancestors 'self' http:\/\/homeassistant.local:8123;/,
    );
    assert.equal(headers.get("x-frame-options"), null);
  });

  it("do not lead out of the page's folder", async () => {
    await using rig = await startRig();
    for (const path of [
      "/../setup-code",
      "/..%2fsetup-code",
      "/assets/..%2f..%2fsetup-code",
      "/%2e%2e/key",
      "/.key",
      "/..%5ckey",
    ]) {
      const outgoing = await new Promise<string>((resolve, reject) => {
        const { port } = new URL(rig.url);
        request({ host: "127.0.0.1", port, path }, async (response) => {
          resolve(String(Buffer.concat(await response.toArray())));
        })
          .on("error", reject)
          .end();
      });
      assert.ok(!outgoing.includes(rig.identity.setupCode?.code ?? "?"), path);
    }
  });
});
