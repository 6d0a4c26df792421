import assert from "node:assert/strict";
import { test } from "node:test";
import { randomId } from "./random-id.ts";

test("a random name has 32 letters, is another one each time, and needs no encrypted page", (t) => {
  const uuid = t.mock.method(crypto, "randomUUID");
  const [one, other] = [randomId(), randomId()];
  assert.match(one, /^[0-9a-f]{32}$/);
  assert.notEqual(one, other);
  assert.equal(uuid.mock.callCount(), 0);
});
