import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { Announcer } from "./announcer.ts";

/** A machine whose networks the test plugs in, and what was announced there. */
function machine() {
  const networks: Record<string, NetworkInterfaceInfo[]> = {};
  const events: string[] = [];
  const clock = new ManualClock();
  const current = { stands: true };
  const announcer = new Announcer({
    reached: [{ scheme: "https", host: "::", port: 8443 }],
    ...{ id: "0123456789abcdef", version: "1.2.3", machine: "nas", clock, log: silentLog },
    interfaces: () => networks,
    announce: ({ interfaces }) => {
      events.push(`announced on ${interfaces.join(" ")}`);
      current.stands = true;
      return {
        get stands() {
          return current.stands;
        },
        [Symbol.asyncDispose]: async () => void events.push("goodbye"),
      };
    },
  });
  const plug = (name: string, ...addresses: string[]) => {
    networks[name] = addresses.map((address) => ({ address, internal: false }) as NetworkInterfaceInfo);
  };
  /** What happened within one look at the networks. */
  const look = async () => {
    await clock.advance(10_000);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    return events.splice(0);
  };
  return { announcer, plug, look, events, networks, current };
}

describe("a hub on networks that come and go", () => {
  it("is announced once one is there, on those that come later too, and says goodbye at its end", async () => {
    const { announcer, plug, look, events, networks } = machine();
    assert.deepEqual(await look(), []);
    plug("eth0", "192.168.1.20");
    assert.deepEqual(await look(), ["announced on eth0"]);
    assert.deepEqual(await look(), [], "nothing changed");
    plug("eth0", "192.168.1.21");
    assert.deepEqual(await look(), [], "the library sees another address by itself");
    plug("wlan0", "10.0.0.7");
    assert.deepEqual(await look(), ["goodbye", "announced on eth0 wlan0"]);
    for (const name of Object.keys(networks)) delete networks[name];
    assert.deepEqual(await look(), ["goodbye"]);
    plug("eth0", "192.168.1.20");
    await look();
    await announcer[Symbol.asyncDispose]();
    assert.deepEqual(events.splice(0), ["goodbye"]);
    assert.deepEqual(await look(), [], "and nothing follows");
  });

  it("is announced again where announcing ended by itself", async () => {
    const { announcer, plug, look, current } = machine();
    plug("eth0", "192.168.1.20");
    assert.deepEqual(await look(), ["announced on eth0"]);
    current.stands = false;
    assert.deepEqual(await look(), ["goodbye", "announced on eth0"]);
    await announcer[Symbol.asyncDispose]();
  });
});
