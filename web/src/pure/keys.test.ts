import assert from "node:assert/strict";
import { test } from "node:test";
import { keyAction, keyMap, neighbour, talkKey } from "./keys.ts";

const press = (key: string, more = {}) => keyAction({ key, ctrlKey: false, altKey: false, metaKey: false, ...more });

test("keys do what the help page says", () => {
  assert.deepEqual(press("1"), { action: "select", index: 0 });
  assert.deepEqual(press("9"), { action: "select", index: 8 });
  assert.deepEqual(press(talkKey.key), { action: "talk" });
  assert.match(keyMap.find(({ keys }) => keys.includes(talkKey.name))?.does ?? "", /talk/);
  assert.deepEqual(press("F"), { action: "full-screen" });
  assert.deepEqual(press("m"), { action: "mute" });
  assert.deepEqual(press("?"), { action: "help" });
  assert.deepEqual(press("Escape"), { action: "back" });
  assert.deepEqual(press("0"), { action: "zoom", factor: 0 });
  assert.deepEqual([press("+"), press("=")], [press("+"), { action: "zoom", factor: 1.5 }]);
  assert.deepEqual(press("-"), { action: "zoom", factor: 1 / 1.5 });
  assert.deepEqual(press("ArrowDown"), { action: "lift", by: 1 });
  assert.equal(press("x"), undefined);
});

test("the browser keeps its own shortcuts", () => {
  assert.equal(press("f", { ctrlKey: true }), undefined);
  assert.equal(press("1", { altKey: true }), undefined);
});

test("the arrow keys go from camera to camera, round and round", () => {
  const key = (name: string) => keyAction({ key: name, ctrlKey: false, altKey: false, metaKey: false });
  assert.deepEqual(
    [key("ArrowRight"), key("ArrowLeft")],
    [
      { action: "step", by: 1 },
      { action: "step", by: -1 },
    ],
  );
  const cameras = [{ id: "a" }, { id: "b" }, { id: "c" }];
  assert.equal(neighbour(cameras, { id: "c", by: 1 })?.id, "a");
  assert.equal(neighbour(cameras, { id: "a", by: -1 })?.id, "c");
  assert.equal(neighbour(cameras, { id: "gone", by: 1 }), undefined);
  assert.equal(neighbour([{ id: "a" }], { id: "a", by: 1 }), undefined);
});
