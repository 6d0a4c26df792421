import assert from "node:assert/strict";
import { test } from "node:test";
import { camera } from "./e2e/page-devices.ts";
import { type Truth, untrue } from "./e2e/page-sentences.ts";

const truth = (speaking: boolean): Truth => ({
  answers: true,
  me: "Anna",
  devices: [camera("front-door")],
  form: camera("preview-1", speaking ? {} : { speaker: undefined }),
  audit: [],
  users: [],
});

test("whether the camera of the form has a speaker is true only as the hub says it", () => {
  const says = (text: string, speaking: boolean) =>
    untrue([{ text, part: "dw-add", camera: "its form", audible: false }], truth(speaking)).length === 0;
  assert.equal(says("yes, it has a speaker", true), true);
  assert.equal(says("yes, it has a speaker", false), false);
  assert.equal(says("no speaker found", true), false);
  assert.equal(says("no speaker found", false), true);
});
