import assert from "node:assert/strict";
import { test } from "node:test";
import { keyAction, keyMap, talkKey } from "./keys.ts";

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
  assert.equal(press("0"), undefined);
  assert.equal(press("x"), undefined);
});

test("the browser keeps its own shortcuts", () => {
  assert.equal(press("f", { ctrlKey: true }), undefined);
  assert.equal(press("1", { altKey: true }), undefined);
});
