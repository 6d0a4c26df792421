import assert from "node:assert/strict";
import { it } from "node:test";
import type { Device } from "../../device/driver.ts";
import type { AskedPublisher, PublishWorker } from "../../media/viewer.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import type { Agent } from "./agents.ts";
import { Relay } from "./relay.ts";
import type { Watches } from "./watches.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An agent that is wanted, and offers that are made when the test says so. */
function house() {
  const clock = new ManualClock();
  const made: (() => void)[] = [];
  const gone: (() => void)[] = [];
  let watching = 0;
  const publisher = () =>
    ({
      offerSdp: "v=0",
      closed: new Promise(() => {}),
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => gone.push(resolve)),
    }) as unknown as AskedPublisher;
  const publishers = {
    ask: () => new Promise<AskedPublisher>((resolve) => made.push(() => resolve(publisher()))),
  } as Pick<PublishWorker, "ask">;
  const agent = { deviceId: "yard", ownId: "yard", ask: () => {}, description: () => {} } as unknown as Agent;
  const device = { clock, log: silentLog, phase: () => {} } as unknown as Device;
  const watches = {
    begin: () => ({ id: `${++watching}` }),
    end: () => {
      watching--;
    },
  } as unknown as Watches;
  const relay = new Relay({ agent, device, watches, publishers, iceServers: () => [] });
  return { relay, made, gone, watching: () => watching };
}

it("asks an agent again for whoever comes while an offer for one who left is taken back", async () => {
  const { relay, made, gone, watching } = house();
  using _ = relay;
  relay.want(true);
  relay.want(false);
  made.shift()?.();
  await turn();
  relay.want(true);
  gone.shift()?.();
  await turn();
  assert.equal(made.length, 1, "a new offer is made");
  made.shift()?.();
  await turn();
  assert.equal(watching(), 1);
});

it("makes one offer for all who come while it is made", async () => {
  const { relay, made, watching } = house();
  using _ = relay;
  relay.want(true);
  relay.want(false);
  relay.want(true);
  assert.equal(made.length, 1);
  made.shift()?.();
  await turn();
  assert.deepEqual([made.length, watching()], [0, 1]);
});
