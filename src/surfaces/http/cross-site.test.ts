import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { hostname } from "node:os";
import { describe, it } from "node:test";
import type { FastifyRequest } from "fastify";
import { everything, type Rig, startRig } from "../../../test/web-rig.ts";
import { isAllowedOrigin } from "./cross-site.ts";

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

  it("refuses pages of other origins, whatever the method; an origin is scheme, name and port", async () => {
    await using rig = await startRig({}, { https: true, http: { publicName: "home.example.org" } });
    const host = `localhost:${new URL(rig.url).port}`;
    assert.equal(await statusFor(rig, { host, origin: `http://${host}` }), 200);
    assert.equal(await statusFor(rig, { host: "home.example.org", origin: "http://home.example.org" }), 200);
    const bad = [
      "null",
      "http://evil.example",
      `http://${host}.evil.example`,
      "http://localhost",
      "http://localhost:1",
      `https://${host}`,
      "file://",
      "http://127.0.0.1",
      "https://home.example.org",
      "http://home.example.org:8480",
    ];
    for (const origin of bad) assert.equal(await statusFor(rig, { host, origin }), 403, origin);
    for (const origin of ["http://home.example.org:81", "https://home.example.org"]) {
      assert.equal(await statusFor(rig, { host: "home.example.org", origin }), 403, origin);
    }
  });

  it("takes the public name's HTTPS as its own where a proxy in front speaks it", async () => {
    const behind = [{ https: false }, { trustedProxies: ["127.0.0.1"] }];
    for (const http of behind) {
      await using rig = await startRig({}, { http: { publicName: "home.example.org", ...http } });
      const host = `localhost:${new URL(rig.url).port}`;
      assert.equal(await statusFor(rig, { host, origin: "https://home.example.org" }), 200);
      for (const origin of ["https://home.example.org:8443", "http://home.example.org"]) {
        assert.equal(await statusFor(rig, { host, origin }), 403, origin);
      }
    }
  });

  it("lets another site call what its own surface's configuration names, and nothing of the next surface", () => {
    const allowed = [
      { prefix: "/whep/", origins: ["https://wall.example"] },
      { prefix: "/door/", origins: ["https://door.example"] },
    ];
    const call = (origin: string, url: string) =>
      isAllowedOrigin({ url, headers: { origin } } as unknown as FastifyRequest, allowed);
    assert.ok(call("https://wall.example", "/whep/front"));
    assert.ok(call("https://door.example", "/door/front"));
    assert.ok(!call("https://wall.example", "/door/front"));
    assert.ok(!call("https://door.example", "/whep/front"));
  });

  it("answers a call of a surface that does not exist as nothing, not with the page", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Root", administrator: true });
    for (const path of ["/api/x", "/whep", "/whip", "/voice/x/y"]) {
      assert.equal((await rig.call("GET", path)).status, 404, path);
    }
    for (const path of ["/whep/x", "/whip/x", "/voice/x", "/voice"]) {
      assert.equal((await rig.call("GET", path)).status, 405, path);
    }
  });

  it("refuses a request that names two hosts (RFC 9112, 3.2)", async () => {
    await using rig = await startRig();
    const socket = connect(Number(new URL(rig.url).port), "127.0.0.1");
    socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n");
    assert.match(String((await once(socket, "data"))[0]), /^HTTP\/1.1 400/);
    socket.destroy();
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

  it("demand HTTPS for good only under a public name with a certificate that people configured", async () => {
    const certificate = { certFile: "server.crt", keyFile: "server.key" };
    const publicName = "home.example.org";
    const hsts = async (http: Parameters<typeof startRig>[1] & {}, host: string, proto = "https") => {
      await using rig = await startRig({}, http);
      const headers = { "x-forwarded-host": host, "x-forwarded-proto": proto };
      return (await rig.call("GET", "/api/v1/session", { headers })).headers.get("strict-transport-security");
    };
    const trustedProxies = ["127.0.0.1"];
    const configured = { http: { publicName, certificate, trustedProxies } };
    assert.equal(await hsts(configured, publicName), "max-age=31536000");
    assert.equal(await hsts(configured, publicName, "http"), null);
    assert.equal(await hsts(configured, "192.168.1.9"), null);
    assert.equal(await hsts({ http: { publicName, trustedProxies } }, publicName), null);
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
