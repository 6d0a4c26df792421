import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { routeEntries } from "../../../test/route-table.ts";
import { startRig } from "../../../test/web-rig.ts";

const methods = ["GET", "POST", "PATCH", "DELETE", "PUT"];

describe("addresses and their methods", () => {
  it("answers 405, with the methods that it takes, to every other one at every address", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    const answered = await rig.call("GET", "/api/v1/openapi.json", { as: root });
    const served = Object.keys(answered.json["paths"] as object).map((path) => path.replace(/\{(\w+)\}/g, ":$1"));
    let asked = 0;
    for (const path of served) {
      const address = path.replaceAll(/:\w+/g, "yard");
      const own = routeEntries.filter((entry) => isAt(entry.path, address)).map(({ method }) => method);
      for (const method of methods.filter((one) => !own.includes(one))) {
        // What a page's file may answer to is its own matter.
        if (method === "GET" && !path.startsWith("/api/")) continue;
        const { status, headers, json } = await rig.call(method, address, { as: root });
        assert.deepEqual([method, path, status, json.code], [method, path, 405, "method"]);
        for (const one of own) assert.match(headers.get("allow") ?? "", new RegExp(`\\b${one}\\b`));
        asked++;
      }
    }
    assert.ok(asked > 100, String(asked));
    assert.equal((await rig.call("GET", "/api/v1/nothing", { as: root })).status, 404);
  });

  it("answers a part of an address that is too long as a problem, which the document declares", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    const long = await rig.call("DELETE", `/api/v1/devices/${"x".repeat(200)}`, { as: root });
    assert.match(long.headers.get("content-type") ?? "", /^application\/problem\+json/);
    assert.deepEqual([long.status, long.json["status"], long.json["title"]], [414, 414, "The address is too long"]);
    const answered = await rig.call("GET", "/api/v1/openapi.json", { as: root });
    type Paths = Readonly<Record<string, Readonly<Record<string, { readonly responses: object }>>>>;
    const { responses } = (answered.json["paths"] as Paths)["/api/v1/devices/{id}"]?.["delete"] ?? assert.fail();
    assert.ok("default" in responses || "414" in responses);
  });

  it("takes a body of null for what it is", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", password: "correct horse", administrator: true });
    await rig.identity.proofs.prove(root.principal.credentialId);
    const headers = { "content-type": "application/json" };
    const answer = await rig.call("PATCH", `/api/v1/users/${root.id}`, { as: root, headers, body: null });
    assert.deepEqual([answer.status, answer.json.code], [400, "invalid"]);
  });
});

/** Whether an address is a route's: one may have a word where another has a parameter. */
function isAt(path: string, address: string): boolean {
  const [parts, given] = [path.split("/"), address.split("/")];
  return parts.length === given.length && parts.every((part, at) => part.startsWith(":") || part === given[at]);
}
