import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FairSending } from "./fair-sending.ts";

const busyMs = (ms: number) => {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
};

describe("the send queue", () => {
  it("lets other work through while much is to be sent", async () => {
    const queue = new FairSending();
    const done = Promise.withResolvers<void>();
    let left = 100;
    queue.push({
      urgent: false,
      sendSome: () => {
        busyMs(0.5);
        if (--left === 0) done.resolve();
        return left === 0 ? undefined : 0;
      },
    });
    let turns = 0;
    const count = () => {
      turns++;
      if (left > 0) setImmediate(count);
    };
    setImmediate(count);
    await done.promise;
    assert.ok(turns >= 15, `${turns} turns of the loop in 50 ms of sending`);
  });

  it("sends sound first", async () => {
    const queue = new FairSending();
    const order: string[] = [];
    const done = Promise.withResolvers<void>();
    const one = (name: string, urgent: boolean) => ({
      urgent,
      sendSome: () => {
        order.push(name);
        if (order.length === 4) done.resolve();
        return undefined;
      },
    });
    for (const name of ["v1", "v2"]) queue.push(one(name, false));
    for (const name of ["a1", "a2"]) queue.push(one(name, true));
    await done.promise;
    assert.deepEqual(order, ["a1", "a2", "v1", "v2"]);
  });

  it("takes turns, waits when told, and forgets who has left", async () => {
    const queue = new FairSending();
    const order: string[] = [];
    const done = Promise.withResolvers<void>();
    const answers: Record<string, (number | undefined)[]> = { a: [0, 1, undefined], b: [0, undefined], c: [undefined] };
    const make = (name: string) => ({
      urgent: false,
      sendSome: () => {
        order.push(name);
        const answer = answers[name]!.shift();
        if (name === "a" && answer === undefined) done.resolve();
        return answer;
      },
    });
    const [a, b, c] = [make("a"), make("b"), make("c")];
    queue.push(a);
    queue.push(a);
    queue.push(b);
    queue.push(c);
    queue.remove(c);
    await done.promise;
    assert.deepEqual(order, ["a", "b", "a", "b", "a"]);
  });
});
