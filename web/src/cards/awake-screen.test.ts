import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { AwakeScreen } from "./awake-screen.ts";

class FakeLock {
  released = false;
  async release(): Promise<void> {
    this.released = true;
  }
}

function fakeBrowser() {
  const asked: PromiseWithResolvers<FakeLock>[] = [];
  const screen = new AwakeScreen(() => {
    const one = Promise.withResolvers<FakeLock>();
    asked.push(one);
    return one.promise;
  });
  const give = async (lock = new FakeLock()) => {
    asked.at(-1)?.resolve(lock);
    await turn();
    return lock;
  };
  return { asked, screen, give };
}

describe("AwakeScreen", () => {
  it("asks once, however often it is wanted", async () => {
    const { asked, screen, give } = fakeBrowser();
    screen.want(true);
    screen.want(true);
    await give();
    screen.want(true);
    assert.equal(asked.length, 1);
  });

  it("releases when it is not wanted any more", async () => {
    const { screen, give } = fakeBrowser();
    screen.want(true);
    const lock = await give();
    screen.want(false);
    assert.ok(lock.released);
  });

  it("releases what comes after it was given up", async () => {
    const { screen, give } = fakeBrowser();
    screen.want(true);
    screen.want(false);
    assert.ok((await give()).released);
  });

  it("keeps what was asked for while it was given up and wanted again", async () => {
    const { asked, screen, give } = fakeBrowser();
    for (const wanted of [true, false, true]) screen.want(wanted);
    assert.ok(!(await give()).released);
    assert.equal(asked.length, 1);
  });

  it("asks again after a refusal, and after the browser took it back", async () => {
    const { asked, screen, give } = fakeBrowser();
    screen.want(true);
    asked[0]?.reject(new Error("the battery is low"));
    await turn();
    screen.want(true);
    const lock = await give();
    lock.released = true;
    screen.want(true);
    assert.equal(asked.length, 3);
  });
});
