import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { codeIn, href, invitationIn, parseRoute, stationIn } from "./route.ts";

test("an empty address is the wall, /panel the tablet's page", () => {
  assert.deepEqual(parseRoute("/", ""), { screen: "wall" });
  assert.deepEqual(parseRoute("/panel", ""), { screen: "panel" });
  assert.deepEqual(parseRoute("/panel", "#/camera/front"), { screen: "camera", id: "front" });
  assert.deepEqual(parseRoute("/", "#/no-such-screen"), { screen: "wall" });
  assert.deepEqual(parseRoute("/", "#/camera/%E0%A4%A"), { screen: "wall" });
});

test("a page is a device's only on /panel, and where the address names one", () => {
  assert.equal(stationIn({ pathname: "/ingress/panel", search: "?device=kitchen" }), "kitchen");
  assert.equal(stationIn({ pathname: "/panel", search: "" }), "");
  assert.equal(stationIn({ pathname: "/", search: "?device=kitchen" }), "");
});

test("a wall tablet shows cameras, rooms and calls, and has no way to anything else", () => {
  for (const screen of ["wall", "devices", "people", "events", "settings", "help", "add", "setup"]) {
    assert.deepEqual(parseRoute("/panel", `#/${screen}`), { screen: "panel" });
  }
  assert.deepEqual(parseRoute("/panel", "#/edit/front"), { screen: "panel" });
  assert.deepEqual(parseRoute("/panel", "#/call/c1"), { screen: "call", id: "c1" });
});

test("every device id survives the way through the address bar", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (id) => {
      fc.pre(id.isWellFormed());
      assert.deepEqual(parseRoute("/", href({ screen: "camera", id })), { screen: "camera", id });
    }),
  );
});

test("an invitation is found in its link, and nowhere else", () => {
  assert.equal(invitationIn("#invite=dwi_a-b_c"), "dwi_a-b_c");
  for (const hash of ["", "#/wall", "#invite=", "#invite=a/b", "#/invite=dwi_a", `#invite=${"a".repeat(129)}`]) {
    assert.equal(invitationIn(hash), "");
  }
});

test("the set-up code is found where the hub prints it", () => {
  assert.equal(codeIn("", "#/setup?code=ABCD-EFGH"), "ABCD-EFGH");
  assert.equal(codeIn("?code=ABCD", ""), "ABCD");
  assert.equal(codeIn("", "#/setup"), "");
});
