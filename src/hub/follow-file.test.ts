import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startRig } from "../../test/web-rig.ts";
import { configSchema } from "../config.ts";
import { systemClock } from "../util/clock.ts";
import { type Log, silentLog } from "../util/log.ts";
import { ConfigFile } from "./config-file.ts";
import { deviceBook } from "./device-book.ts";
import { deviceInputs } from "./device-input.ts";
import { followFile } from "./follow-file.ts";

const good = "devices:\n  front: fake://cam/?video\n";

/** A hub that follows its file; `write` resolves when what was written was taken up, or not. */
async function openHouse(how: { readonly log?: Log; readonly startedWith?: object } = {}) {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "doorward-follow-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const path = join(folder, "doorward.yaml");
  await writeFile(path, good);
  const file = new ConfigFile({ path, schema: configSchema, clock: systemClock });
  const running = { ...((await file.read()) ?? assert.fail()), ...how.startedWith };
  const rig = opened.use(await startRig({}, { book: deviceBook(file), ...(how.log && { log: how.log }) }));
  await rig.hub.devices.apply(deviceInputs(running));
  const follow = () => followFile(rig.hub, { file, running, devicesOf: deviceInputs, fixed: ["http"] });
  const owned = opened.move();
  return {
    rig,
    path,
    follow,
    write: async (text: string) => {
      await writeFile(path, text);
      await follow();
      return rig.identity.faults.list();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("a faulty configuration file", () => {
  it("is told with file, line and sentence, one for each fault, and no more once it is mended", async () => {
    await using house = await openHouse();
    const [fault, ...more] = await house.write(`${good}  yard:\n    adress: fake://y/\n    volumme: 3\n`);
    assert.deepEqual(more, []);
    assert.equal(fault?.id, "configuration");
    assert.equal(fault?.what, "The configuration file has a fault and was not taken up");
    assert.deepEqual(fault?.places, [
      "doorward.yaml:4: devices.yard.adress: there is no such setting",
      "doorward.yaml:5: devices.yard.volumme: there is no such setting",
      "doorward.yaml:4: devices.yard.address: has to be there, or `arrives` in its place",
    ]);
    assert.ok(house.rig.hub.devices.get("front"), "what ran goes on");
    assert.deepEqual(await house.write(good), []);
  });

  it("names each device that cannot be made; the others run", async () => {
    await using house = await openHouse();
    const [fault] = await house.write(`${good}  yard: gopher://y/\n  side: fake://s/?video\n`);
    assert.equal(fault?.what, "The configuration file has a device that cannot be made");
    assert.match(fault?.places?.[0] ?? "", /^doorward\.yaml:3: device yard: .*gopher/);
    assert.equal(fault?.places?.length, 1);
    assert.ok(house.rig.hub.devices.get("side"));
    assert.deepEqual(await house.write(good), []);
  });

  it("that is gone says so", async () => {
    await using house = await openHouse();
    await rm(house.path);
    await house.follow();
    assert.match(house.rig.identity.faults.list()[0]?.places?.[0] ?? "", /doorward\.yaml is gone: put it back/);
  });

  it("is said to need another start only for what it says otherwise than at the start, not for what the command line says", async () => {
    const said: string[] = [];
    const log: Log = { ...silentLog, warn: (_, message) => void said.push(message), child: () => log };
    await using house = await openHouse({ log, startedWith: { http: { port: 1 } } });
    await house.write(`${good}  side: fake://s/?video\n`);
    assert.deepEqual(said, []);
    await house.write(`${good}http: { port: 99 }\n`);
    assert.deepEqual(said, ["configuration: a change of http takes effect when the hub is started again"]);
  });

  it("is no fault while the hub is ending: it is read at the next start", async () => {
    await using house = await openHouse();
    await house.rig.hub.devices[Symbol.asyncDispose]();
    assert.deepEqual(await house.write(`${good}  side: fake://s/?video\n`), []);
  });

  it("is shown to administrators; health says only that there is a fault", async () => {
    await using house = await openHouse();
    await house.write(`${good}  yard: gopher://admin:secret@y/\n`);
    const health = await house.rig.call("GET", "/health");
    assert.equal(health.json["status"], "degraded");
    assert.doesNotMatch(health.text, /yaml:|gopher|secret/);
    assert.doesNotMatch(JSON.stringify(house.rig.identity.faults.list()), /secret/);
  });
});
