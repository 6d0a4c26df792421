import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import { isRight, lineOf, routeTable } from "../../../test/route-table.ts";
import { type Rig, roomsForTests, startRig } from "../../../test/web-rig.ts";
import { rights } from "../../identity/policy.ts";
import { hubMessageRights, pageMessageRights, pageMessageSchema } from "../page/messages.ts";
import type { Route } from "../route.ts";
import { openApiPath } from "./openapi.ts";

function pathOf(route: Route): string {
  return route.path.replace(":id", "front").replace(":session", "none");
}

async function refusals(rig: Rig, route: Route) {
  const nobody = await rig.person({ name: `Nobody ${route.method} ${route.path}`.slice(0, 60) });
  const body =
    route.subject === "body" ? { device: "front" } : route.subject === "channels" ? { to: "device:front" } : undefined;
  const signedOut = await rig.call(route.method, pathOf(route), { body });
  const without = await rig.call(route.method, pathOf(route), { as: nobody, body });
  return { signedOut, without };
}

describe("rights of the API", () => {
  it("are declared for every route", async () => {
    await using rig = await startRig({}, { room: roomsForTests, mqtt: { port: 0 } });
    assert.deepEqual(rig.web.app.routes.map(lineOf).sort(), [...routeTable].sort());
  });

  it("cover every route that the server answers to", async () => {
    await using rig = await startRig();
    const declared = new Set(rig.web.app.routes.map(({ method, path }) => `${method} ${path}`));
    const others = rig.web.app.served.filter(
      (route) => !declared.has(route) && !declared.has(route.replace("HEAD", "GET")),
    );
    const sockets = [
      "/*",
      "/api/v1/devices/:id/pictures",
      "/api/v1/events",
      "/api/v1/station",
      "/api/ws",
      "/ws/device",
      "/ws/viewer",
    ];
    assert.deepEqual(others.sort(), [
      ...sockets.map((path) => `GET ${path}`),
      ...sockets.map((path) => `HEAD ${path}`),
    ]);
  });

  it("hold: 401 for nobody, 403 or 404 for whoever lacks the right", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    await rig.person({ name: "Root", administrator: true });
    for (const route of rig.web.app.routes) {
      if (route.right === "none" || route.right === "code") continue;
      const { signedOut, without } = await refusals(rig, route);
      assert.equal(signedOut.status, 401, lineOf(route));
      assert.match(signedOut.headers.get("content-type") ?? "", /^application\/problem\+json/);
      if (isRight(route.right)) {
        const expected = (route.subject ?? "hub") === "hub" ? 403 : 404;
        assert.equal(without.status, expected, lineOf(route));
      } else assert.notEqual(without.status, 401, lineOf(route));
    }
  });

  it("an unknown device and a forbidden one answer alike", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    await rig.person({ name: "Root", administrator: true });
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "device:other", rights: [...rights] }] });
    const about = rig.web.app.routes.filter(({ subject }) => subject !== undefined && subject !== "hub");
    assert.ok(about.length >= 6);
    for (const route of about) {
      const ask = (id: string) =>
        rig.call(route.method, route.path.replace(":id", id), {
          as: anna,
          ...(route.subject === "body" && { body: { device: id } }),
          ...(route.subject === "channels" && { body: { to: `device:${id}`, text: "hello" } }),
        });
      const [forbidden, unknown] = [await ask("front"), await ask("no-such-device")];
      assert.equal(forbidden.status, 404, lineOf(route));
      assert.equal(forbidden.text, unknown.text, lineOf(route));
    }
  });

  it("stand in the contract", () => {
    const contract = readFileSync(resolve(import.meta.dirname, "../../../docs/http-contract.md"), "utf8");
    for (const line of routeTable) {
      const path = line.split(" ")[1] ?? "";
      assert.ok(contract.includes(path), `docs/http-contract.md does not name ${path}`);
    }
  });
});

describe("rights of the page's socket", () => {
  it("are declared for every message of the page", () => {
    const types = pageMessageSchema.options.map((option) => option.shape.type.value);
    assert.deepEqual(Object.keys(pageMessageRights).sort(), [...types].sort());
    assert.deepEqual(pageMessageRights["talk-take"], { right: "talk", subject: "channels" });
  });

  it("and for every message of the hub", () => {
    assert.deepEqual(hubMessageRights, {
      devices: "view",
      groups: "view",
      device: "view",
      removed: "signed-in",
      talk: "signed-in",
      microphone: "signed-in",
      faults: "administer",
      waiting: "administer",
      wall: "signed-in",
      hearing: "signed-in",
      ring: "view",
      "ring-over": "view",
      calls: "talk",
      call: "talk",
      availability: "view",
      motion: "view",
      floor: "view",
      lock: "view",
      presence: "signed-in",
      "signed-out": "signed-in",
      error: "signed-in",
      pong: "signed-in",
    });
  });
});

describe("the API's document", () => {
  it("is OpenAPI 3.1 and describes every route with its right", async () => {
    await using rig = await startRig();
    const anna = await rig.person({ name: "Anna", administrator: true });
    const { json } = await rig.call("GET", "/api/v1/openapi.json", { as: anna });
    assert.equal(json["openapi"], "3.1.0");
    const paths = json["paths"] as Record<string, Record<string, Record<string, unknown>>>;
    let operations = 0;
    for (const route of rig.web.app.routes) {
      const operation = paths[openApiPath(route.path)]?.[route.method.toLowerCase()];
      assert.ok(operation, lineOf(route));
      assert.equal(operation["x-right"], route.right);
      operations++;
    }
    const all = Object.values(paths).flatMap((methods) => Object.values(methods));
    assert.equal(all.length, operations);
    assert.equal(new Set(all.map((operation) => operation["operationId"])).size, operations);
    for (const operation of all) checkOperation(operation);
    checkReferences(json, json);
  });
});

function checkOperation(operation: Record<string, unknown>): void {
  assert.equal(typeof operation["summary"], "string");
  const responses = operation["responses"] as Record<string, { description?: unknown }>;
  assert.ok(Object.keys(responses).every((status) => /^([1-5]\d\d|default)$/.test(status)));
  for (const response of Object.values(responses)) assert.equal(typeof response.description, "string");
  for (const parameter of operation["parameters"] as Record<string, unknown>[]) {
    assert.ok(["path", "query", "header"].includes(String(parameter["in"])));
    assert.ok(parameter["name"] && parameter["schema"]);
    if (parameter["in"] === "path") assert.equal(parameter["required"], true);
  }
}

/** Every `$ref` leads somewhere within the document. */
function checkReferences(node: unknown, root: object): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key !== "$ref") checkReferences(value, root);
    else {
      const found = String(value)
        .slice(2)
        .split("/")
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], root);
      assert.ok(found, `${value} leads nowhere`);
    }
  }
}
