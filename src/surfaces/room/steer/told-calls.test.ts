import assert from "node:assert/strict";
import { it } from "node:test";
import { calledRooms } from "./told-calls.ts";

const house = {
  devices: [
    { id: "kitchen", speaks: true },
    { id: "hall", speaks: true },
    { id: "store", speaks: false },
  ],
};
const names: Readonly<Record<string, string>> = { kitchen: "Kitchen", hall: "Hall" };
const nameOf = (id: string) => names[id];

it("a ring is told under everybody's name where everybody is rung, otherwise once for each room", () => {
  const told = (to: readonly string[], deviceIds: readonly string[], callerDevice?: string) =>
    calledRooms({
      ring: { to: to as readonly "all"[], deviceIds, ...(callerDevice !== undefined && { callerDevice }) },
      house,
      nameOf,
    });
  assert.deepEqual(told(["all"], ["kitchen", "hall"]), ["All Rooms"]);
  assert.deepEqual(told(["all"], ["hall"], "kitchen"), ["All Rooms"], "who rings is not rung");
  assert.deepEqual(told(["all"], ["hall"]), ["Hall"], "the kitchen does not want to be disturbed, or may not be rung");
  assert.deepEqual(told(["area:House"], ["kitchen", "hall", "kitchen"]), ["Kitchen", "Hall"]);
  assert.deepEqual(told(["device:gone"], ["gone"]), []);
  assert.deepEqual(told(["all"], []), []);
});
