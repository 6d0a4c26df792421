import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answerJson, listenOnOwnPort } from "./own-port.ts";

const friend = "http://friend.example:8080";

/** Such a port that answers everything with the method of the request. */
async function openPort() {
  const port = await listenOnOwnPort({
    host: "127.0.0.1",
    port: 0,
    what: "test",
    origins: [friend],
    originsSetting: "test.origins",
    knows: () => true,
    sockets: {},
    answer: ({ method }, response) => answerJson(response, { status: 200, body: { method } }),
  });
  const ask = (method: string, headers: Readonly<Record<string, string>>) =>
    fetch(`http://127.0.0.1:${port.port}/api/devices`, { method, headers });
  return { ask, [Symbol.asyncDispose]: () => port[Symbol.asyncDispose]() };
}

describe("a port of other people's clients", () => {
  it("lets pages of a named site read its answers, and answers what their browsers ask before", async () => {
    await using port = await openPort();
    const read = await port.ask("GET", { origin: friend });
    assert.deepEqual(await read.json(), { method: "GET" });
    const before = await port.ask("OPTIONS", { origin: friend, "access-control-request-method": "POST" });
    assert.equal(before.status, 204);
    for (const { headers } of [read, before]) {
      assert.equal(headers.get("access-control-allow-origin"), friend);
      assert.equal(headers.get("access-control-allow-credentials"), null);
      assert.equal(headers.get("vary"), "origin");
    }
    assert.match(before.headers.get("access-control-allow-methods") ?? "", /POST/);
    assert.match(before.headers.get("access-control-allow-headers") ?? "", /content-type/);
  });

  it("gives pages of other sites nothing, and tells others of no site", async () => {
    await using port = await openPort();
    for (const method of ["GET", "OPTIONS"]) {
      for (const origin of ["http://evil.example", "http://friend.example", "null"]) {
        const refused = await port.ask(method, { origin, "access-control-request-method": "POST" });
        assert.equal(refused.status, 403);
        assert.equal(refused.headers.get("access-control-allow-origin"), null);
      }
      const plain = await port.ask(method, {});
      assert.deepEqual(await plain.json(), { method });
      assert.equal(plain.headers.get("access-control-allow-origin"), null);
    }
  });
});
