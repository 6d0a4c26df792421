import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { deleteSession, isSameServer } from "./whip-call.ts";

describe("the token of a WHIP server", () => {
  for (const [from, to, isSame] of [
    ["https://hub/whip", "https://hub/other", true],
    ["http://hub/whip", "https://hub/whip", true],
    ["https://hub/whip", "https://hub:8443/whip", true],
    ["https://hub/whip", "http://hub/whip", false],
    ["https://hub:8443/whip", "http://hub:8443/whip", false],
    ["http://hub/whip", "http://hub:81/whip", false],
    ["https://hub/whip", "https://other/whip", false],
  ] as const) {
    it(`${isSame ? "goes" : "does not go"} from ${from} to ${to}`, () => {
      assert.equal(isSameServer(new URL(from), new URL(to)), isSame);
    });
  }

  it("is not told to another server that is named as the place of the session", async () => {
    const told: (string | undefined)[] = [];
    const server = createServer(({ headers, method }, response) => {
      told.push(`${method} ${headers.authorization}`);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/session`);
    await deleteSession(session, { token: "t", url: new URL("http://127.0.0.1:1/whip") });
    await deleteSession(session, { token: "t", url: new URL("/whip", session) });
    server.close();
    assert.deepEqual(told, ["DELETE undefined", "DELETE Bearer t"]);
  });
});
