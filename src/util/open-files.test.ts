import assert from "node:assert/strict";
import { it } from "node:test";
import { openFilesLimit, socketsWithin } from "./open-files.ts";

it("sockets leave files to cameras and the database, whatever the limit", () => {
  assert.equal(socketsWithin(2000, undefined), 2000);
  assert.equal(socketsWithin(2000, 1_048_576), 2000);
  assert.equal(socketsWithin(2000, 1024), 480);
  assert.equal(socketsWithin(2000, 256), 96);
  assert.equal(socketsWithin(2000, 64), 16);
  assert.equal(socketsWithin(10, 1024), 10);
});

it("the process's own limit is known on Linux", { skip: process.platform !== "linux" }, () => {
  assert.ok((openFilesLimit() ?? 0) >= 64);
});
