import assert from "node:assert/strict";
import { test } from "node:test";
import { startRig } from "../../../test/web-rig.ts";

test("the history names a device that was removed by the name that it had", async () => {
  await using rig = await startRig({ "wrong-password": "fake://x/?video", yard: "fake://x/?video" });
  const root = await rig.person({ name: "Root", administrator: true });
  const change = (id: string, name: string) => rig.call("PATCH", `/api/v1/devices/${id}`, { as: root, body: { name } });
  await change("wrong-password", "The old gate");
  await change("yard", "Yard");
  assert.equal((await rig.call("DELETE", "/api/v1/devices/wrong-password", { as: root })).status, 204);
  const { json } = await rig.call("GET", "/api/v1/audit", { as: root });
  const told = (json["entries"] as { action: string; subject?: string; subjectName?: string }[]).map(
    ({ action, subject, subjectName }) => [action, subject, subjectName],
  );
  assert.deepEqual(told.slice(0, 3), [
    ["device-removed", "wrong-password", "The old gate"],
    ["device-changed", "yard", undefined],
    ["device-changed", "wrong-password", "The old gate"],
  ]);
});
