import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";
import { configSchema } from "../../config.ts";
import { ConfigFile } from "../../hub/config-file.ts";
import { deviceBook } from "../../hub/device-book.ts";
import { deviceInputs } from "../../hub/device-input.ts";
import { systemClock } from "../../util/clock.ts";
import { createLog } from "../../util/log-pino.ts";
import { redact } from "../../util/redact.ts";

const canary = /Canary[A-Z][a-z]+\d/;

/** A hub with its file and its log, in a folder of its own. */
async function openHouse(text: string) {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "doorward-canary-"));
  opened.defer(() => rm(folder, { recursive: true }));
  const path = join(folder, "doorward.yaml");
  await writeFile(path, text);
  const file = new ConfigFile({ path, schema: configSchema, clock: systemClock });
  const config = await file.read();
  assert.ok(config);
  let log = "";
  const write = (lines: string) => {
    log += lines;
  };
  const rig = opened.use(
    await startRig({}, { book: deviceBook(file), log: createLog({ level: "debug", write }), clock: systemClock }),
  );
  const problems = await rig.hub.devices.apply(deviceInputs(config));
  const root = await rig.person({ name: "Root", administrator: true });
  const answers: string[] = [];
  const call = async (method: string, at: string, body?: unknown) => {
    const answer = await rig.call(method, `/api/v1/${at}`, { as: root, ...(body !== undefined && { body }) });
    answers.push(answer.text);
    return answer;
  };
  const owned = opened.move();
  return {
    rig,
    call,
    problems: problems.map(redact),
    text: () => readFile(path, "utf8"),
    /** Everything that somebody could read somewhere. */
    told: async () => {
      await call("GET", "devices");
      return [...answers, ...problems, log].join("\n");
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a device's driver was given. */
function given(house: Awaited<ReturnType<typeof openHouse>>, id: string) {
  return house.rig.camera.configs.get(id);
}

const bodies: Readonly<Record<string, { readonly address: string } & Readonly<Record<string, unknown>>>> = {
  "in the address": { address: "fake://admin:CanaryAlpha1@cam/?video" },
  "in the address, percent-encoded": { address: "fake://admin:Canary%42ravo1@cam/?video" },
  "in its field": { address: "fake://cam/?video", username: "admin", password: "CanaryCharlie1" },
  "as user= and password=": { address: "fake://cam/?video&user=admin&password=CanaryDelta1&channel=1" },
  "as usr= and pwd=": { address: "fake://cam/?video&usr=admin&pwd=CanaryEcho1" },
  "in the path": { address: "fake://cam/user=admin&password=CanaryFoxtrot1&channel=1?video" },
  "in the path, with underscores": { address: "fake://cam/user=admin_password=CanaryGolf1_channel=1" },
  "as the driver's option": { address: "fake://cam/?video", options: { token: "CanaryHotel1" } },
  "as the option password": { address: "fake://cam/?video", options: { password: "CanaryIndia1" } },
  "deep in the options": { address: "fake://cam/?video", options: { side: [{ apiKey: "CanaryJuliett1" }] } },
};

describe("a password", () => {
  for (const [way, body] of Object.entries(bodies)) {
    it(`given ${way} reaches the camera and is nowhere in clear`, async () => {
      await using house = await openHouse("devices: {}\n");
      const secret = decodeURIComponent(JSON.stringify(body)).match(canary)?.[0] ?? assert.fail();
      const added = await house.call("POST", "devices", { name: "Cam", warm: true, ...body });
      assert.equal(added.status, 201, added.text);
      assert.match(JSON.stringify(given(house, "cam")), new RegExp(secret));
      const renamed = await house.call("PATCH", "devices/cam", { name: "Gate", volume: 2 });
      assert.equal(renamed.status, 200, renamed.text);
      assert.match(JSON.stringify(given(house, "cam")), new RegExp(secret), "a rename loses nothing");
      const again = await house.call("PATCH", "devices/cam", { address: renamed.json["address"], warm: false });
      assert.equal(again.status, 200, again.text);
      await house.call("PATCH", "devices/cam", { warm: true });
      assert.match(JSON.stringify(given(house, "cam")), new RegExp(secret), "the shown address changes nothing");
      const text = await house.text();
      assert.doesNotMatch(decodeURIComponent(text), canary);
      assert.match(text, /sealed:1:/);
      assert.doesNotMatch(decodeURIComponent((await house.told()).replaceAll("%", "%25")), canary);
      assert.doesNotMatch(await house.told(), /sealed:1:/);
    });
  }

  it("given again in an address replaces the one before", async () => {
    await using house = await openHouse("devices: {}\n");
    await house.call("POST", "devices", { name: "Cam", warm: true, address: "fake://a:CanaryAlpha1@cam/" });
    const moved = await house.call("PATCH", "devices/cam", { address: "fake://a:CanaryAlpha2@cam/" });
    assert.equal(moved.status, 200, moved.text);
    assert.match(JSON.stringify(given(house, "cam")), /CanaryAlpha2/);
    await house.call("PATCH", "devices/cam", { password: null, username: null });
    assert.doesNotMatch(JSON.stringify(given(house, "cam")), /Canary/);
    assert.doesNotMatch(await house.text(), /sealed|Canary/);
  });

  it("that a person wrote into the file works, and is sealed when the hub changes that device", async () => {
    await using house = await openHouse(
      [
        "devices:",
        "  front: { address: fake://cam/?video, warm: true, username: admin, password: CanaryKilo1 } # plain",
        "  yard: fake://admin:CanaryLima1@cam/",
        "streams:",
        "  my_shed: fake://admin:CanaryMike1@cam/?pwd=CanaryMike2",
        "",
      ].join("\n"),
    );
    assert.match(JSON.stringify(given(house, "front")), /CanaryKilo1/);
    for (const [id, others] of [
      ["front", /CanaryLima1[\s\S]*CanaryMike1/],
      ["yard", /CanaryMike1/],
      ["my-shed", /devices/],
    ] as const) {
      const changed = await house.call("PATCH", `devices/${id}`, { name: "Another", warm: true });
      assert.equal(changed.status, 200, changed.text);
      assert.match(await house.text(), others);
    }
    assert.doesNotMatch(await house.text(), canary);
    assert.match(await house.text(), /# plain/);
    assert.match(JSON.stringify(given(house, "yard")), /CanaryLima1/);
    assert.match(JSON.stringify(given(house, "my-shed")), /CanaryMike2[\s\S]*CanaryMike1/);
    assert.doesNotMatch(await house.told(), canary);
  });

  it("in something malformed is not repeated: not by the API, not at the start, not by the log", async () => {
    await using house = await openHouse(
      [
        "devices:",
        '  a: "fake://admin:Canary/November1@cam:port/"',
        '  b: "rtsp//admin:CanaryOscar1@cam"',
        '  c: { address: "gopher://admin:CanaryPapa1@cam/" }',
        '  d: { address: "fake://cam/", driver: "nobody", password: CanaryQuebec1 }',
        "",
      ].join("\n"),
    );
    assert.equal(house.problems.length, 4, house.problems.join("\n"));
    for (const address of [
      "fake://admin:CanaryRomeo1@cam:port/",
      "fake://admin:Canary Romeo2@[cam/",
      "//admin:CanaryRomeo3@cam",
      "gopher://admin:CanaryRomeo4@cam/?password=CanaryRomeo5",
    ]) {
      for (const at of ["devices", "probe"]) {
        const answer = await house.call("POST", at, { address, ...(at === "devices" && { name: "Cam" }) });
        assert.equal(answer.status, 400, answer.text);
        assert.match(answer.text, /bad-config/);
      }
    }
    await house.call("POST", "devices", { name: "Cam", address: "fake://cam/", "password:CanarySierra1": 1 });
    assert.doesNotMatch(await house.told(), /Canary|November/);
  });

  for (const [where, text] of [
    ["an alias", "devices:\n  a: { address: fake://a/, password: *CanaryTango1 }\n"],
    ["a tag", "devices:\n  a:\n    address: fake://a/\n    password: !CanaryTango1 [\n"],
    ["a reserved sign", "devices:\n  a:\n    address: fake://a/\n    password: @CanaryTango1\n"],
    ["a name without its blank", "devices:\n  a: { address: fake://a/, password:CanaryTango1 }\n"],
    ["an id", "devices:\n  fake://admin:CanaryTango1@a/: yes\n"],
    ["broken quotes", 'devices:\n  a:\n    password: "Canary"Tango1\n    address: fake://a/\n'],
  ] as const) {
    it(`that the file has as ${where} is not repeated by the fault it makes`, async () => {
      await assert.rejects(openHouse(text), (error: Error) => {
        assert.match(error.message, /^doorward\.yaml:\d+: /);
        assert.doesNotMatch(error.message, /Canary|Tango/);
        return true;
      });
    });
  }
});

describe("where a camera stands", () => {
  it("is told to its administrators only, also when it fails", async () => {
    await using rig = await startRig({ front: "fake://cam.lan:554/?lost" });
    const root = await rig.person({ name: "Root", administrator: true });
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "listen", "talk"] }] });
    const device = rig.hub.devices.get("front");
    assert.ok(device);
    using _demand = device.demand();
    while (device.state.phase !== "trouble") await new Promise((resolve) => setImmediate(resolve));
    const seen = async (as: typeof ben) => {
      const list = await rig.call("GET", "/api/v1/devices", { as });
      const picture = await rig.call("GET", "/api/v1/devices/front/snapshot", { as });
      return list.text + picture.text;
    };
    assert.match(await seen(root), /nothing listens at cam\.lan:554/);
    assert.doesNotMatch(await seen(ben), /cam\.lan/);
    assert.match(await seen(ben), /nothing listens at its address/);
  });
});
