import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { listenAt } from "./listen.ts";

test("a port that is taken is one sentence, with what wanted it", async () => {
  const [first, second] = [createServer(), createServer()];
  await listenAt(first, { host: "127.0.0.1", port: 0 });
  const address = first.address();
  assert.ok(address !== null && typeof address === "object");
  await assert.rejects(listenAt(second, { host: "127.0.0.1", port: address.port, what: "door" }), {
    code: "listen",
    message: `door: cannot listen on 127.0.0.1:${address.port}: the port is taken by another program (perhaps another Doorward): end that one, or set another port`,
  });
  assert.equal(first.listenerCount("error"), 0, "a later fault is not taken for this one");
  first.close();
});
