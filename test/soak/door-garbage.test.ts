import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { eventually } from "../contracts/rig.ts";
import { DoorPeer } from "../peers/door-peer.ts";
import { startRig } from "../web-rig.ts";

const mb = 2 ** 20;

async function house() {
  const rig = await startRig({}, { enrolment: "open", door: { port: 0 } });
  const port = Number(
    rig.web.addresses
      .find((one) => one.startsWith("tcp:"))
      ?.split(":")
      .at(-1),
  );
  return { rig, port, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

describe("door: what no program of ours would send", () => {
  it("1 GiB without a newline is passed over in a bounded memory, and the connection goes on", async (t) => {
    await using hub = await house();
    const station = await DoorPeer.station({ port: hub.port, clientId: "front-door" });
    const other = await DoorPeer.station({ port: hub.port, clientId: "back-door" });
    const chunk = Buffer.alloc(mb, "x");
    const before = process.memoryUsage().rss;
    let most = 0;
    const begunMs = performance.now();
    for (let n = 0; n < 1024; n++) {
      if (!station.socket.write(chunk)) await once(station.socket, "drain");
      most = Math.max(most, process.memoryUsage().rss);
      if (n % 128 === 0) await other.settled();
    }
    station.socket.write("\n");
    await station.settled();
    assert.deepEqual(
      station.all("error").map(({ reason }) => reason),
      ["line_too_long"],
    );
    t.diagnostic(`${Math.round(performance.now() - begunMs)} ms, ${Math.round((most - before) / mb)} MiB more at most`);
    assert.ok(most - before < 160 * mb, `${Math.round((most - before) / mb)} MiB`);
    await using first = await DoorPeer.connect({ port: hub.port });
    first.socket.write(Buffer.alloc(64 * 1024, "x"));
    assert.equal((await first.next({ type: "error" }))["reason"], "line_too_long");
    await first.closed;
    await other[Symbol.asyncDispose]();
    await station[Symbol.asyncDispose]();
  });

  it("10,000 registrations are answered and bounded, and a station of the house goes on", async (t) => {
    await using hub = await house();
    const station = await DoorPeer.station({ port: hub.port, clientId: "front-door" });
    const reasons = new Map<string, number>();
    const begunMs = performance.now();
    for (let n = 0; n < 10_000; n += 50) {
      const peers = Array.from({ length: 50 }, (_, index) =>
        DoorPeer.connect({ port: hub.port, register: { role: "intercom", client_id: `flood-${n + index}` } }),
      );
      for (const peer of await Promise.all(peers)) {
        const told = String(peer.told[0]?.["reason"] ?? "registered");
        reasons.set(told, (reasons.get(told) ?? 0) + 1);
        await peer[Symbol.asyncDispose]();
      }
    }
    t.diagnostic(`${Math.round(performance.now() - begunMs)} ms, ${JSON.stringify(Object.fromEntries(reasons))}`);
    assert.equal(
      reasons.values().reduce((sum, count) => sum + count, 0),
      10_000,
    );
    assert.ok((reasons.get("registered") ?? 0) <= 64);
    await station.settled();
    await eventually(() => hub.rig.hub.devices.list().length <= 65);
    await station[Symbol.asyncDispose]();
  });
});
