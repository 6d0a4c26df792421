import assert from "node:assert/strict";
import { test } from "node:test";
import { titleOf } from "./title.ts";

test("each screen has a title of its own, a device's the name of the device", () => {
  const nameOf = (id: string) => (id === "front" ? "Front door" : undefined);
  assert.equal(titleOf({ screen: "wall" }, nameOf), "House – Doorward");
  assert.equal(titleOf({ screen: "camera", id: "front" }, nameOf), "Front door – Doorward");
  assert.equal(titleOf({ screen: "edit", id: "front" }, nameOf), "Edit Front door – Doorward");
  assert.equal(titleOf({ screen: "room", id: "gone" }, nameOf), "Camera – Doorward");
});
