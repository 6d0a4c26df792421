import assert from "node:assert/strict";
import { test } from "node:test";
import type { PageDevice } from "../api.ts";
import { targetChoices, targetOf } from "./target.ts";

const device = (id: string, area?: string) => ({ id, name: id.toUpperCase(), area }) as unknown as PageDevice;
const house = {
  devices: [device("gate", "Entrance"), device("door", "Entrance"), device("yard", "Garden")],
  groups: new Map([
    ["outside", ["gate", "yard"]],
    ["one", ["yard"]],
  ]),
};

test("one can speak to each device, and to what means more than one", () => {
  assert.deepEqual(
    targetChoices(house).map(({ to }) => to),
    ["device:gate", "device:door", "device:yard", "all", "area:Entrance", "group:outside"],
  );
  assert.deepEqual(
    targetChoices({ devices: [device("gate")], groups: new Map() }).map(({ to }) => to),
    ["device:gate"],
  );
});

test("a target has a name and means each device once", () => {
  assert.equal(targetOf(["device:gate"], house).name, "GATE");
  assert.equal(targetOf(["all"], house).name, "All Rooms");
  assert.equal(targetOf(["area:Entrance"], house).devices.length, 2);
  const several = targetOf(["device:gate", "group:outside"], house);
  assert.equal(several.name, "2 devices");
  assert.deepEqual(
    several.devices.map(({ id }) => id),
    ["gate", "yard"],
  );
});
