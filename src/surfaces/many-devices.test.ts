import assert from "node:assert/strict";
import { it } from "node:test";
import { startRig } from "../../test/web-rig.ts";

it("a change of one device makes nobody look through all of them: there may be ten thousand", async () => {
  await using rig = await startRig({ front: "fake://x/?video&speaker", yard: "fake://x/?video" });
  const { devices } = rig.hub;
  let looked = 0;
  const list = devices.list.bind(devices);
  Object.assign(devices, {
    list: () => {
      looked++;
      return list();
    },
  });
  let changes = 0;
  using _changes = devices.onChange(() => changes++);
  using _demand = devices.get("front")?.demand();
  await devices.update("yard", { muted: true });
  assert.ok(changes > 0);
  assert.equal(looked, 0);
});
