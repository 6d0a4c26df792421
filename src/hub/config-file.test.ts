import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { systemClock } from "../util/clock.ts";
import { ConfigFile } from "./config-file.ts";
import { parseConfig } from "./config-text.ts";
import { deviceInputs, devicesConfig, idFromName, streamsConfig } from "./device-input.ts";

const schema = z.strictObject({
  http: z.strictObject({ port: z.number().int().min(0).max(65535).default(8480) }).prefault({}),
  devices: devicesConfig,
  streams: streamsConfig,
});
const parse = (text: string) => parseConfig(text, { name: "doorward.yaml", schema });

describe("configuration", () => {
  it("takes devices in the long form, as an address, and in go2rtc's form", () => {
    const { value } = parse(`
devices:
  front-door:
    address: rtsp://192.168.1.20/onvif1
    area: Entrance
  garage: tcp://192.168.1.25:12345/
streams:
  my_camera_local: tcp://192.168.1.26:12345/
  yard: [rtsp://192.168.1.27/live, ffmpeg:yard#audio=opus]
`);
    const inputs = [...deviceInputs(value)].map(([id, { name, address }]) => [id, name, address]);
    assert.deepEqual(inputs, [
      ["front-door", "Front door", "rtsp://192.168.1.20/onvif1"],
      ["garage", "Garage", "tcp://192.168.1.25:12345/"],
      ["my-camera-local", "My camera local", "tcp://192.168.1.26:12345/"],
      ["yard", "Yard", "rtsp://192.168.1.27/live"],
    ]);
  });

  it("finds the line of a device's fault, of an option of its driver's too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-lines-"));
    const path = join(folder, "doorward.yaml");
    await writeFile(
      path,
      "devices:\n  a:\n    address: rtsp://x/\n    options:\n      transport: radio\n  b: gopher://x\n",
    );
    const file = new ConfigFile({ path, schema, clock: systemClock });
    await file.read();
    const told = ["device a: transport: Invalid option", "device b: no driver for gopher:", "device c: unknown"];
    assert.deepEqual(file.withLines(told), [
      "doorward.yaml:5: device a: transport: Invalid option",
      "doorward.yaml:6: device b: no driver for gopher:",
      "device c: unknown",
    ]);
    await rm(folder, { recursive: true });
  });

  for (const [fault, text, sentence] of [
    ["a wrong value", "http:\n  port: many\n", "doorward.yaml:2: http.port: has to be a number, and is a text"],
    ["an unknown setting", "http:\n  port: 1\n  prot: 2\n", "doorward.yaml:3: http.prot: there is no such setting"],
    [
      "a fault inside a device",
      "devices:\n  a: tcp://x:1\n  b:\n    address: tcp://y:1\n    colour: red\n",
      "doorward.yaml:5: devices.b.colour: there is no such setting",
    ],
    [
      "an alias without its anchor",
      "devices:\n  a: tcp://x:1\n  b: *yrad\n",
      "doorward.yaml:3: Unresolved alias (the anchor must be set before the alias): yrad",
    ],
    ["broken YAML", "http:\n  port: 1\n port: 2\n", "doorward.yaml:3: All mapping items must start at the same column"],
  ] as const) {
    it(`tells the line of ${fault}`, () => {
      assert.throws(
        () => parse(text),
        (error: Error) => error.message.split("\n").includes(sentence) || assert.fail(error.message),
      );
    });
  }

  it("is empty when the file is", () => {
    assert.deepEqual(parse("").value, { http: { port: 8480 }, devices: {}, streams: {} });
  });

  it("keeps comments and order when the page edits it, and tells others' changes only", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-config-"));
    try {
      const path = join(folder, "doorward.yaml");
      await writeFile(path, "# my house\ndevices:\n  front: tcp://a:1 # by the door\n");
      const file = new ConfigFile({ path, schema, clock: systemClock });
      await file.read();
      const stop = new AbortController();
      const changed = Promise.withResolvers<number>();
      const problem = Promise.withResolvers<string>();
      file.watch({
        onChange: () =>
          void file.news().then(
            (news) => news && changed.resolve(news.http.port),
            (error) => problem.resolve(error.message),
          ),
        onProblem: assert.fail,
        signal: stop.signal,
      });
      await file.edit((document) => document.setIn(["devices", "yard"], { name: "Yard", address: "tcp://b:1" }));
      const text = await readFile(path, "utf8");
      assert.match(text, /# my house/);
      assert.match(text, /front: tcp:\/\/a:1 # by the door/);
      assert.match(text, /yard:\n {4}name: Yard/);
      await assert.rejects(file.edit((document) => document.setIn(["devices", "yard", "colour"], "red")));
      assert.equal(await readFile(path, "utf8"), text, "what is wrong is not written");
      await writeFile(path, "http: { port: 99 }\n");
      assert.equal(await changed.promise, 99, "our own edit is not told, the other's is");
      await writeFile(path, "http: { port: many }\n");
      assert.match(await problem.promise, /^doorward.yaml:1: http.port/);
      stop.abort();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("that became empty, shorter in mid-line, damaged, unreadable or gone is a fault, and no change", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-config-"));
    try {
      const path = join(folder, "doorward.yaml");
      const text = "devices:\n  front: tcp://a:1\n  yard: tcp://b:1\n";
      await writeFile(path, text);
      const file = new ConfigFile({ path, schema, clock: systemClock });
      await file.read();
      for (const [damaged, fault] of [
        ["", /doorward.yaml:1: the file is empty/],
        [" \n\0\0", /the file is empty/],
        [`${text}\0\0\0\0`, /zero bytes/],
        ["devices:\n  front: tcp://a:1\n  yard: tc", /doorward.yaml:3: the file ends in the middle of a line/],
      ] as const) {
        await writeFile(path, damaged);
        await assert.rejects(file.news(), fault);
        await assert.rejects(
          file.edit((document) => document.setIn(["devices", "hall"], "tcp://c:1")),
          fault,
        );
        assert.equal(await readFile(path, "utf8"), damaged);
      }
      await rm(path);
      await assert.rejects(file.news(), /doorward.yaml is gone/);
      await mkdir(path);
      await assert.rejects(file.news(), /configuration not read: .*EISDIR/);
      await rm(path, { recursive: true });
      await writeFile(path, "devices:\n  front: tcp://a:1\n");
      assert.deepEqual((await file.news())?.devices, { front: "tcp://a:1" }, "a line less is a change");
      await writeFile(path, "devices: {}\n");
      assert.deepEqual((await file.news())?.devices, {}, "as is none at all, said in words");
      assert.equal(await file.news(), undefined);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("that was emptied before the start is told, and not taken for a house without devices", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-config-"));
    try {
      const path = join(folder, "doorward.yaml");
      await writeFile(path, "");
      await assert.rejects(new ConfigFile({ path, schema, clock: systemClock }).read(), /the file is empty/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps what eight edits at once wrote", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doorward-config-"));
    try {
      const path = join(folder, "doorward.yaml");
      const ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
      await writeFile(path, "devices: {}\n");
      const file = new ConfigFile({ path, schema, clock: systemClock });
      await file.read();
      await Promise.all(ids.map((id) => file.edit((document) => document.setIn(["devices", id], `tcp://${id}:1`))));
      const { devices } = parse(await readFile(path, "utf8")).value;
      assert.deepEqual(Object.keys(devices).sort(), ids);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("makes ids out of names", () => {
    assert.equal(idFromName("Vordertür (Straße)"), "vordertur-stra-e");
    assert.equal(
      idFromName("Yard", (id) => id === "yard"),
      "yard-2",
    );
    assert.equal(idFromName("門"), "device");
  });
});
