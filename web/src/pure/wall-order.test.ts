import assert from "node:assert/strict";
import { test } from "node:test";
import { inWallOrder } from "./wall-order.ts";

test("devices stand by area and name, those without an area last", () => {
  const devices = [
    { name: "Attic" },
    { name: "Yard", area: "Garden" },
    { name: "Shed", area: "Garden" },
    { name: "Door", area: "Front" },
  ];
  assert.deepEqual(
    inWallOrder(devices).map(({ name }) => name),
    ["Door", "Shed", "Yard", "Attic"],
  );
});
