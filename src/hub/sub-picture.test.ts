import assert from "node:assert/strict";
import { test } from "node:test";
import { type SubDevice, SubPicture } from "./sub-picture.ts";

test("a small picture that was not there is offered again when its device is tried anew", async () => {
  let [listener, restarts] = [() => {}, 0];
  const device = {
    state: { phase: "trouble", sinceMs: 0, error: { code: "no-sub", message: "none is known" } },
    onChange: (heard: () => void) => {
      listener = heard;
    },
    restart: async () => {
      restarts++;
    },
  } as unknown as SubDevice;
  const sub = new SubPicture(device, new Map());
  assert.equal(sub.offered, device);
  listener();
  assert.equal(sub.offered, undefined);
  await sub.restart();
  assert.equal(sub.offered, device);
  assert.equal(restarts, 1);
});
