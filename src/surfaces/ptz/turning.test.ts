import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PtzVector } from "../../protocols/onvif/ptz.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { Turning } from "./turning.ts";

const right = { pan: 1, tilt: 0, zoom: 0 };
const up = { pan: 0, tilt: 1, zoom: 0 };
const anna = { id: "anna-hold", userId: "u1", name: "Anna" };
const ben = { id: "ben-holds", userId: "u2", name: "Ben" };

/** A camera that writes down what it is told, and refuses as often as it is told to. */
function start() {
  const clock = new ManualClock();
  const told: (PtzVector | string)[] = [];
  const refuses = { stops: 0 };
  const camera = {
    move: async (vector: PtzVector) => {
      told.push(vector);
    },
    stop: async () => {
      if (refuses.stops-- > 0) {
        told.push("refused");
        throw new Error("not now");
      }
      told.push("stop");
    },
    goTo: async (token: string) => {
      told.push(`to ${token}`);
    },
  };
  return { clock, told, refuses, turning: new Turning({ deviceId: "yard", camera, clock, log: silentLog }) };
}

describe("a camera that people turn", () => {
  it("moves while somebody holds, is told once, and stops when they let go", async () => {
    const { clock, told, turning } = start();
    assert.equal(await turning.move(anna, right), true);
    for (let n = 0; n < 3; n++) {
      await clock.advance(400);
      assert.equal(await turning.move(anna, right), false);
    }
    await turning.move(anna, up);
    await turning.stop(anna.id);
    assert.deepEqual(told, [right, up, "stop"]);
  });

  it("turns to a preset in its turn, ends the own hold by it, and is refused while somebody else holds", async () => {
    const { told, turning } = start();
    const moves = turning.move(anna, right);
    await assert.rejects(turning.goTo("2", ben.userId), { code: "ptz-held", fields: { holder: "Anna" } });
    await Promise.all([moves, turning.goTo("2", anna.userId)]);
    assert.equal(await turning.move(anna, right), false, "that hold is over");
    assert.deepEqual(told, [right, "stop", "to 2"]);
    const queued = turning.goTo("1", anna.userId);
    const other = turning.move(ben, up);
    await assert.rejects(queued, { code: "ptz-held" });
    await other;
    assert.deepEqual(told.slice(3), [up]);
  });

  it("is told again before it stops by itself", async () => {
    const { clock, told, turning } = start();
    for (let n = 0; n < 12; n++) {
      await turning.move(anna, right);
      await clock.advance(400);
    }
    assert.deepEqual(told, [right, right, right]);
  });

  it("stops a second after the last word of whoever held it", async () => {
    const { clock, told, turning } = start();
    await turning.move(anna, right);
    await clock.advance(999);
    assert.deepEqual(told, [right]);
    await clock.advance(1);
    assert.deepEqual(told, [right, "stop"]);
  });

  it("is not moved by a word that comes after its hold was let go", async () => {
    const { clock, told, turning } = start();
    await turning.stop(anna.id);
    await turning.move(anna, right);
    assert.deepEqual(told, []);
    await turning.move(ben, right);
    await clock.advance(1000);
    await turning.move(ben, right);
    assert.deepEqual(told, [right, "stop"]);
  });

  it("is turned by one person at a time, who may press anew before letting go", async () => {
    const { told, turning } = start();
    await turning.move(anna, right);
    await assert.rejects(turning.move(ben, up), { code: "ptz-held", message: "Anna turns it at the moment" });
    await turning.stop(ben.id);
    assert.equal(await turning.move({ ...anna, id: "anna-again" }, up), true);
    await turning.stop(anna.id);
    assert.deepEqual(told, [right, up]);
    await turning.stop("anna-again");
    await turning.move({ ...ben, id: "ben-again" }, up);
    assert.deepEqual(told, [right, up, "stop", up]);
  });

  it("is told to stop until it does, or it is said that it does not", async () => {
    const { clock, told, refuses, turning } = start();
    refuses.stops = 2;
    await turning.move(anna, right);
    const stopped = turning.stop(anna.id);
    await clock.advance(200);
    await clock.advance(800);
    await stopped;
    assert.deepEqual(told, [right, "refused", "refused", "stop"]);
    await turning.stop(anna.id);
    assert.equal(told.length, 4);
  });

  it("stands when the hub lets go of it", async () => {
    const { told, turning } = start();
    await turning.move(anna, right);
    await turning[Symbol.asyncDispose]();
    assert.deepEqual(told, [right, "stop"]);
  });
});
