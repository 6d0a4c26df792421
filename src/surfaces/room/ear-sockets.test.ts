import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { NetworkInterfaceInfo } from "node:os";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { type EarSocket, EarSockets } from "./ear-sockets.ts";
import type { Interfaces } from "./networks.ts";

const at = (cidr: string) => [{ address: cidr.split("/")[0], cidr, internal: false } as NetworkInterfaceInfo];

/** A socket that does as it is told and writes down what that was. */
class FakeSocket extends EventEmitter {
  bound = "";
  readonly #said: string[];
  readonly #refuse: (what: string) => boolean;

  constructor(said: string[], refuse: (what: string) => boolean) {
    super();
    this.#said = said;
    this.#refuse = refuse;
  }

  bind({ address = "" }: { readonly address?: string }, listening: () => void): this {
    this.bound = address;
    queueMicrotask(() => {
      if (this.#refuse(`listen ${address}`)) this.emit("error", new Error("EADDRINUSE"));
      else listening();
    });
    this.#said.push(`listen ${address}`);
    return this;
  }

  addMembership(group: string, address = ""): void {
    if (this.#refuse(`join ${group} ${address}`)) throw new Error("ENODEV");
    this.#said.push(`join ${group} ${address}`);
  }

  dropMembership(group: string, address = ""): void {
    this.#said.push(`leave ${group} ${address}`);
  }

  close(): this {
    this.#said.push(`close ${this.bound}`);
    return this;
  }
}

function open(how: { readonly interfaces: () => Interfaces; readonly refuse?: (what: string) => boolean }) {
  const clock = new ManualClock();
  const said: string[] = [];
  const made: FakeSocket[] = [];
  const heard: string[] = [];
  const troubles: string[] = [];
  const sockets = new EarSockets({
    config: { group: "224.0.0.100", port: 5005, interfaces: "auto" },
    clock,
    log: silentLog,
    interfaces: how.interfaces,
    createSocket: () => {
      const socket = new FakeSocket(said, how.refuse ?? (() => false));
      made.push(socket);
      return socket as unknown as EarSocket;
    },
    onDatagram: (_bytes, { address, group = "us alone" }) => heard.push(`${address} to ${group}`),
    onTrouble: (sentences) => troubles.push(sentences.join("; ")),
  });
  return { clock, sockets, said, made, heard, troubles, [Symbol.dispose]: () => sockets[Symbol.dispose]() };
}

const two = { eth0: at("192.168.1.5/24"), wlan0: at("10.0.0.5/24") };

describe("the ears of the rooms", () => {
  it("are at both groups on each network, and at each of our own addresses", async () => {
    using ears = open({ interfaces: () => two });
    await ears.clock.advance(0);
    assert.deepEqual(ears.said.toSorted(), [
      "join 224.0.0.100 10.0.0.5",
      "join 224.0.0.100 192.168.1.5",
      "join 239.255.0.100 10.0.0.5",
      "join 239.255.0.100 192.168.1.5",
      "listen 10.0.0.5",
      "listen 192.168.1.5",
      "listen 224.0.0.100",
      "listen 239.255.0.100",
    ]);
  });

  it("tell a talk to a group from one to us alone", async () => {
    using ears = open({ interfaces: () => two });
    await ears.clock.advance(0);
    for (const socket of ears.made) socket.emit("message", Buffer.alloc(1), { address: "192.168.1.20" });
    assert.deepEqual(ears.heard.map((one) => one.split(" to ")[1]).toSorted(), [
      "224.0.0.100",
      "239.255.0.100",
      "us alone",
      "us alone",
    ]);
  });

  it("leave and join again each minute: a second join alone tells no switch anything", async () => {
    using ears = open({ interfaces: () => ({ eth0: two.eth0 }) });
    await ears.clock.advance(59_000);
    ears.said.length = 0;
    await ears.clock.advance(2000);
    assert.deepEqual(ears.said, [
      "leave 224.0.0.100 192.168.1.5",
      "join 224.0.0.100 192.168.1.5",
      "leave 239.255.0.100 192.168.1.5",
      "join 239.255.0.100 192.168.1.5",
    ]);
  });

  it("follow the interfaces as they come and go", async () => {
    let now: Interfaces = {};
    using ears = open({ interfaces: () => now });
    await ears.clock.advance(0);
    assert.match(ears.troubles.at(-1) ?? "", /no network interface is up/);
    now = two;
    await ears.clock.advance(5000);
    assert.equal(ears.troubles.at(-1), "");
    assert.ok(ears.said.includes("join 224.0.0.100 10.0.0.5"));
    ears.said.length = 0;
    now = { eth0: two.eth0 };
    await ears.clock.advance(5000);
    assert.deepEqual(ears.said.toSorted(), [
      "close 10.0.0.5",
      "leave 224.0.0.100 10.0.0.5",
      "leave 239.255.0.100 10.0.0.5",
    ]);
  });

  it("go on everywhere else when one network does not work, and try that again", async () => {
    let broken = true;
    using ears = open({ interfaces: () => two, refuse: (what) => broken && what.endsWith("10.0.0.5") });
    await ears.clock.advance(0);
    assert.ok(ears.said.includes("join 224.0.0.100 192.168.1.5"));
    assert.match(ears.troubles.at(-1) ?? "", /cannot join 224\.0\.0\.100 at 10\.0\.0\.5: ENODEV/);
    assert.match(ears.troubles.at(-1) ?? "", /cannot listen at 10\.0\.0\.5, port 5005: EADDRINUSE/);
    broken = false;
    await ears.clock.advance(5001);
    assert.equal(ears.troubles.at(-1), "");
    assert.ok(ears.said.includes("join 224.0.0.100 10.0.0.5"));
  });

  it("leave nothing open", async () => {
    const ears = open({ interfaces: () => two });
    await ears.clock.advance(0);
    ears[Symbol.dispose]();
    assert.equal(ears.clock.pending, 0);
    assert.equal(ears.said.filter((one) => one.startsWith("close")).length, 4);
  });
});
