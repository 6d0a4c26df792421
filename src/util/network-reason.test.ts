import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { isOutOfReach, networkReason } from "./network-reason.ts";

test("a connection that fails says why in plain words", async () => {
  const socket = connect({ host: "127.0.0.1", port: 1 });
  const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
  assert.equal(networkReason(error), "nothing listens there");
  assert.ok(isOutOfReach(error));
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  assert.equal(networkReason(reset), "the other side broke the connection");
  assert.equal(isOutOfReach(reset), false);
  assert.equal(networkReason(new Error("something rare")), "something rare");
});
