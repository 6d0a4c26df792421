import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { systemClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { GuardedPort, type Guest } from "./guarded-port.ts";

describe("a port with strangers before it", () => {
  it("keeps half of its places for those who have a token, and counts all its ports together", async () => {
    const guests: Guest[] = [];
    await using port = new GuardedPort({
      host: "127.0.0.1",
      what: "test",
      plain: true,
      certificate: () => Promise.reject(new Error("nobody speaks TLS here")),
      serve: (guest) => {
        guests.push(guest);
        guest.socket.write("come in");
      },
      strangerMs: 60_000,
      limits: { inAll: 4, ofBlock: 100, strangersOfBlock: 100 },
      clock: systemClock,
      log: silentLog,
    });
    const ports = [await port.listen(0, "both"), await port.listen(0, "both")];
    const taken: Socket[] = [];
    await using _ends = { [Symbol.asyncDispose]: async () => taken.forEach((socket) => void socket.destroy()) };
    const isTaken = async (at: number) => {
      const socket = connect(ports[at] ?? 0, "127.0.0.1", () => socket.write("hello"));
      socket.on("error", () => {}); // "close" follows
      taken.push(socket);
      return await Promise.race([once(socket, "data").then(() => true), once(socket, "close").then(() => false)]);
    };
    assert.deepEqual([await isTaken(0), await isTaken(1)], [true, true]);
    assert.equal(await isTaken(0), false, "strangers have their half");
    for (const { welcome } of guests) welcome();
    assert.deepEqual([await isTaken(0), await isTaken(1)], [true, true]);
    for (const { welcome } of guests) welcome();
    assert.equal(await isTaken(1), false, "all places are taken, whichever port is asked");
    assert.equal(port.size, 4);
  });
});
