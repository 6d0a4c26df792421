import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { Driver } from "../device/driver.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { nameSchema } from "../util/name.ts";
import { writeFileDurably } from "../util/write-file.ts";
import { ConfigFile } from "./config-file.ts";
import { deviceBook } from "./device-book.ts";
import { deviceInputs, devicesConfig, streamsConfig } from "./device-input.ts";
import { Registry } from "./registry.ts";

const schema = z.strictObject({ devices: devicesConfig, streams: streamsConfig });

/** Registry and file as the hub has them; cameras that take a while to be let go of; writes that fail when told. */
async function openHouse(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-changes-"));
  const path = join(folder, "doorward.yaml");
  await writeFile(path, text);
  const running: string[] = [];
  const driver: Driver<{ address: string }> = {
    kind: "fake",
    summary: "",
    config: z.strictObject({ address: z.string(), password: z.string().optional() }),
    claims: ({ protocol }) => (protocol === "fake:" ? 2 : 0),
    run: async ({ id, signal }) => {
      running.push(id);
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => setImmediate(resolve)));
      running.splice(running.indexOf(id), 1);
    },
  };
  const fails: boolean[] = [];
  const file = new ConfigFile({
    path,
    schema,
    clock: new ManualClock(),
    write: async (to, next) => {
      if (fails.shift()) throw new Error("disk full");
      await writeFileDurably(to, next);
    },
  });
  const registry = new Registry({
    drivers: [driver as Driver],
    clock: new ManualClock(),
    log: silentLog,
    book: deviceBook(file),
    seal: (secret) => (secret.startsWith("sealed:") ? secret : `sealed:${secret}`),
    unseal: (secret) => secret.replace(/^sealed:/, ""),
  });
  const takeUp = () =>
    registry.apply(async () => {
      const news = await file.news();
      return news && deviceInputs(news);
    });
  const first = await file.read();
  assert.ok(first);
  await registry.apply(deviceInputs(first));
  return {
    registry,
    file,
    path,
    running,
    fails,
    takeUp,
    text: () => readFile(path, "utf8"),
    /** What the file says, by id. */
    written: async () => {
      const value = await new ConfigFile({ path, schema, clock: new ManualClock() }).read();
      return shown([...deviceInputs(value ?? { devices: {}, streams: {} }).values()]);
    },
    /** What runs, by id. */
    served: () => shown(registry.list().map(({ settings }) => settings)),
    leftovers: async () => (await readdir(folder)).filter((name) => name !== "doorward.yaml"),
    [Symbol.asyncDispose]: async () => {
      await registry[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function shown(all: readonly { readonly id?: string; readonly name: string; readonly volume?: number }[]) {
  return Object.fromEntries(all.map(({ id = "", name, volume = 1 }) => [id, `${name} ${volume}`]).sort());
}

const ids = ["a", "b", "c", "d"] as const;
type Step =
  | { readonly do: "add" | "remove" | "move"; readonly id: string; readonly value: number }
  | { readonly do: "change"; readonly id: string; readonly value: number }
  | { readonly do: "edit-by-hand"; readonly id: string; readonly value: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("add", "remove", "move", "change", "edit-by-hand"),
  id: fc.constantFrom(...ids),
  value: fc.integer({ min: 0, max: 16 }).map((quarter) => quarter / 4),
});

describe("changes of devices", () => {
  for (const failing of [false, true]) {
    it(`all at once${failing ? ", with writes that fail" : ""}: file, registry and what was acknowledged are one`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 16 }),
          failing ? fc.array(fc.boolean(), { maxLength: 16 }) : fc.constant([]),
          async (steps, fails) => {
            await using house = await openHouse("# the house\ndevices:\n  a: { address: fake://a/, warm: true }\n");
            house.fails.push(...fails);
            const acknowledged = new Map<string, string>([["a", "A 1"]]);
            await Promise.allSettled(steps.map((one) => perform(house, { step: one, acknowledged })));
            await house.takeUp();
            const expected = Object.fromEntries([...acknowledged].sort());
            assert.deepEqual(house.served(), expected);
            assert.deepEqual(await house.written(), expected);
            assert.deepEqual([...house.running].sort(), Object.keys(expected), "one driver for each");
            assert.deepEqual(await house.leftovers(), []);
            assert.match(await house.text(), /# the house/);
            await house.registry[Symbol.asyncDispose]();
            assert.deepEqual(house.running, [], "none after the end");
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  it("of one device leave one driver running, and none once the registry is disposed", async () => {
    await using house = await openHouse('devices: { cam: { address: "fake://a/", warm: true } }\n');
    const input = (address: string) => new Map([["cam", { name: "Cam", warm: true, address }]]);
    await Promise.all([
      house.registry.apply(input("fake://b/")),
      house.registry.apply(input("fake://c/")),
      house.registry.update("cam", { address: "fake://d/" }),
      house.registry.update("cam", { volume: 2 }),
    ]);
    assert.equal(house.registry.get("cam")?.info().address, "fake://d/");
    assert.equal(house.registry.get("cam")?.settings.volume, 2);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(house.running, ["cam"]);
    const late = house.registry.apply(input("fake://e/"));
    await house.registry[Symbol.asyncDispose]();
    await late;
    await assert.rejects(house.registry.update("cam", { volume: 1 }), { code: "closing" });
    assert.deepEqual(house.running, []);
  });

  it("that cannot be written down did not happen", async () => {
    const text = "devices:\n  a: fake://a/\n";
    await using house = await openHouse(text);
    for (const change of [
      () => house.registry.add({ name: "B", address: "fake://b/" }),
      () => house.registry.update("a", { name: "Other" }),
      () => house.registry.update("a", { address: "fake://elsewhere/" }),
      () => house.registry.remove("a"),
    ]) {
      house.fails.push(true);
      await assert.rejects(change, /disk full/);
      assert.deepEqual(house.served(), { a: "A 1" });
      assert.equal(house.registry.get("a")?.info().address, "fake://a/");
      assert.equal(await house.text(), text);
    }
  });

  it("have names by one rule, in the API, in memory and in the file", async () => {
    await using house = await openHouse("devices:\n  a: fake://a/\n");
    for (const name of ["玄関\u3000カメラ", "Porte\u00a0d’entrée", "🚪".repeat(64)]) {
      assert.equal(nameSchema.parse(name), name);
      await house.registry.update("a", { name });
      assert.deepEqual([house.served(), await house.written()], [{ a: `${name} 1` }, { a: `${name} 1` }]);
    }
    for (const name of ["", "a\u2028b", "x".repeat(65)]) {
      assert.equal(nameSchema.safeParse(name).success, false);
      await assert.rejects(house.registry.update("a", { name }), { code: "bad-config" });
    }
  });

  it("by others that an own change overtakes are taken up all the same", async () => {
    await using house = await openHouse("devices:\n  a: fake://a/\n  b: fake://b/\n");
    await writeFile(house.path, "devices:\n  a: fake://a/\n  b: { name: Bell, address: fake://b/ }\n");
    await house.registry.update("a", { name: "Arch" });
    await house.takeUp();
    assert.deepEqual(house.served(), { a: "Arch 1", b: "Bell 1" });
    assert.deepEqual(await house.written(), { a: "Arch 1", b: "Bell 1" });
  });

  it("are refused while the file is faulty, with its line, and nothing is written", async () => {
    await using house = await openHouse("devices:\n  a: fake://a/\n");
    await writeFile(house.path, "devices:\n  a: fake://a/\n b: [\n");
    await assert.rejects(house.registry.update("a", { name: "Arch" }), /^FatalError: doorward.yaml:3: /);
    assert.deepEqual(house.served(), { a: "A 1" });
  });
});

type House = Awaited<ReturnType<typeof openHouse>>;

/** Makes one change and, when it was acknowledged, notes what then holds. */
async function perform(
  house: House,
  { step, acknowledged }: { readonly step: Step; readonly acknowledged: Map<string, string> },
): Promise<void> {
  const { id, value } = step;
  const name = id.toUpperCase();
  switch (step.do) {
    case "add":
      await house.registry.add({ id, name, address: `fake://${id}/`, warm: true, volume: value });
      return void acknowledged.set(id, `${name} ${value}`);
    case "remove":
      await house.registry.remove(id);
      return void acknowledged.delete(id);
    case "move":
      await house.registry.update(id, { address: `fake://${id}/${value}`, volume: value });
      return void acknowledged.set(id, `${name} ${value}`);
    case "change":
      await house.registry.update(id, { volume: value });
      return void acknowledged.set(id, `${name} ${value}`);
    case "edit-by-hand":
      await house.takeUp();
  }
}
