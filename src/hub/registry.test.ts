import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { Driver } from "../device/driver.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { DeviceInput } from "./device-settings.ts";
import { Registry } from "./registry.ts";

function makeRegistry(memories = new Map<string, unknown>()) {
  const started: string[] = [];
  const learnt: unknown[] = [];
  const driver: Driver<{ address: string; password?: string }> = {
    kind: "fake",
    summary: "",
    config: z.strictObject({ address: z.string(), password: z.string().optional(), depth: z.number().optional() }),
    schemes: ["fake://"],
    claims: ({ protocol }) => (protocol === "fake:" ? 2 : 0),
    run: (device, { address, password }) => {
      started.push(`${device.id} ${address} ${password ?? ""}`.trim());
      learnt.push(device.memory.get("times"));
      device.memory.set("times", learnt.length);
      return new Promise((resolve) => device.signal.addEventListener("abort", () => resolve()));
    },
  };
  const saved = new Map<string, DeviceInput | undefined>();
  const clock = new ManualClock();
  const registry = new Registry({
    drivers: [driver as Driver],
    clock,
    log: silentLog,
    memory: { load: (id) => memories.get(id), save: (id, value) => void memories.set(id, value) },
    book: { save: async (id, input) => void saved.set(id, input) },
    seal: (text) => (text.startsWith("sealed(") ? text : `sealed(${text})`),
    unseal: (text) => text.replace(/^sealed\((.*)\)$/, "$1"),
  });
  const apply = (devices: Record<string, Partial<DeviceInput>>) =>
    registry.apply(
      new Map(Object.entries(devices).map(([id, input]) => [id, { name: id, address: "", warm: true, ...input }])),
    );
  return { registry, started, learnt, saved, clock, apply };
}

describe("registry", () => {
  it("touches only what changed", async () => {
    const { registry, started, clock, apply } = makeRegistry();
    await apply({ a: { address: "fake://a" }, b: { address: "fake://b" }, c: { address: "fake://c" } });
    await clock.advance(0);
    const a = registry.get("a");
    await apply({ a: { address: "fake://a", name: "Another name" }, b: { address: "fake://elsewhere" } });
    await clock.advance(0);
    assert.equal(registry.get("a"), a, "a name is changed under way");
    assert.equal(a?.name, "Another name");
    assert.equal(registry.get("c"), undefined);
    assert.deepEqual(started, ["a fake://a", "b fake://b", "c fake://c", "b fake://elsewhere"]);
    await registry[Symbol.asyncDispose]();
  });

  it("takes credentials out of an address and shows it without them", async () => {
    const { registry, started, clock, apply } = makeRegistry();
    await apply({ a: { address: "fake://user:p%40ss@host/x" } });
    await clock.advance(0);
    assert.equal(registry.get("a")?.info().address, undefined, "an unknown field refuses the device");
    await apply({ a: { address: "fake://:p%40ss@host/x" } });
    await clock.advance(0);
    assert.equal(registry.get("a")?.info().address, "fake://host/x");
    assert.deepEqual(started, ["a fake://host/x p@ss"]);
    await registry[Symbol.asyncDispose]();
  });

  it("tells what is wrong with a device in one sentence and serves the others", async () => {
    const { registry, apply } = makeRegistry();
    const problems = await apply({
      good: { address: "fake://x" },
      scheme: { address: "gopher://x" },
      nonsense: { address: "x y" },
      driver: { address: "fake://x", driver: "spaceship" },
      options: { address: "fake://x", options: { depth: "deep" } },
    });
    assert.deepEqual(problems, [
      "device scheme: no driver for gopher: addresses; they begin with fake://",
      'device nonsense: "x y" is not an address such as rtsp://192.168.1.20/onvif1',
      'device driver: there is no driver "spaceship"; there are fake',
      "device options: depth: Invalid input: expected number, received string",
    ]);
    assert.equal(registry.list().length, 1);
    await registry[Symbol.asyncDispose]();
  });

  it("writes what the page adds with its password sealed, and gives the driver the plain one", async () => {
    const { registry, started, saved, clock } = makeRegistry();
    const device = await registry.add({ name: "Front door", address: "fake://x", password: "secret", warm: true });
    await clock.advance(0);
    assert.equal(device.id, "front-door");
    assert.equal(saved.get("front-door")?.password, "sealed(secret)");
    assert.deepEqual(started, ["front-door fake://x secret"]);
    await registry.update("front-door", { name: "Porch" });
    assert.equal(saved.get("front-door")?.password, "sealed(secret)");
    assert.equal(started.length, 1, "a new name does not reconnect");
    await assert.rejects(registry.add({ id: "front-door", name: "x", address: "fake://x" }), /exists already/);
    await registry.remove("front-door");
    assert.equal(saved.get("front-door"), undefined);
    await assert.rejects(registry.remove("front-door"), /does not exist/);
  });

  it("keeps a preview for two minutes, in no list and no file", async () => {
    const { registry, saved, clock } = makeRegistry();
    const device = await registry.preview({ name: "p", address: "fake://x" });
    assert.match(device.id, /^preview-[0-9a-f]{16}$/);
    assert.deepEqual(registry.list(), []);
    assert.equal(registry.get(device.id), device);
    await clock.advance(120_001);
    assert.equal(registry.get(device.id), undefined);
    assert.equal(saved.size, 0);
    assert.equal(clock.pending, 0);
  });

  it("ends a preview when its address becomes a device, and no other", async () => {
    const { registry, clock } = makeRegistry();
    const saved = await registry.preview({ name: "p", address: "fake://x" });
    const other = await registry.preview({ name: "p", address: "fake://y" });
    await registry.add({ id: "front", name: "Front", address: "fake://x" });
    assert.deepEqual([registry.get(saved.id), registry.get(other.id)], [undefined, other]);
    await registry.update("front", { address: "fake://y" });
    assert.equal(registry.get(other.id), undefined);
    assert.equal(clock.pending, 0);
  });

  it("lends each device what was learnt about it, until it is set up differently or removed", async () => {
    const memories = new Map<string, unknown>();
    const first = makeRegistry(memories);
    await first.apply({ a: { address: "fake://a" } });
    await first.clock.advance(0);
    await first.registry[Symbol.asyncDispose]();
    const second = makeRegistry(memories);
    await second.apply({ a: { address: "fake://a", name: "Renamed" } });
    await second.clock.advance(0);
    await second.apply({ a: { address: "fake://a", password: "mended" } });
    await second.clock.advance(0);
    assert.deepEqual([...first.learnt, ...second.learnt], [undefined, 1, undefined]);
    await second.registry.remove("a");
    assert.equal(memories.get("a"), undefined);
    await second.registry[Symbol.asyncDispose]();
  });
});
