import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FoundDevices } from "./found.ts";
import { makerOf, makers, mostPaths, pathsToTry } from "./makers.ts";

describe("makers of cameras", () => {
  it("are told by what cameras call themselves, the name on the box before who built it", () => {
    const told = (...words: string[]) => makerOf(words)?.name;
    assert.equal(told("HIKVISION DS-2CD2143G0-I"), "Hikvision");
    assert.equal(told("IPCAM", "Hipcam RealServer/V1.0", "Hipcam Real Server/V1.0"), "Yoosee");
    assert.equal(told("AMCREST IP5M", "DH-IPC-HFW"), "Amcrest");
    assert.equal(told("AXIS M1065-L"), "Axis");
    assert.equal(told("Tapo C210"), "TP-Link");
    assert.equal(told("Reolink RLC-410"), "Reolink");
    assert.equal(told("ANNKE", "DS-2CD"), "Annke");
    assert.equal(told("thingino"), "Wyze or Ingenic");
    assert.equal(told("GStreamer RTSP server"), undefined);
  });

  it("have paths, of which a camera's own are tried first, each once, and not too many", () => {
    assert.equal(new Set(makers.map(({ name }) => name)).size, makers.length);
    for (const { name, paths } of makers) {
      const tried = pathsToTry(name);
      assert.deepEqual(tried.slice(0, paths.length), paths, name);
      assert.equal(new Set(tried).size, tried.length, name);
      assert.ok(tried.length <= mostPaths, name);
      for (const path of tried) assert.match(path, /^\/[\x21-\x7e]*$/);
    }
    const unknown = pathsToTry(undefined);
    for (const { paths } of makers) assert.ok(unknown.includes(paths[0] ?? ""), paths[0]);
  });
});

describe("what is found of a device", () => {
  it("comes together by its address, whatever noticed it, and what was learnt first stands", () => {
    const found = new FoundDevices();
    found.add({ host: "192.168.1.110", by: "port", rtspPort: 554, banner: "Hipcam RealServer" });
    found.add({ host: "192.168.1.20", by: "port", rtspPort: 8554 });
    const both = found.add({ host: "192.168.1.20", by: "onvif", name: "Yard", model: "DS-2CD", onvif: "http://x/" });
    assert.deepEqual(both, {
      ...{ host: "192.168.1.20", by: ["port", "onvif"], name: "Yard", maker: "Hikvision", model: "DS-2CD" },
      ...{ onvif: "http://x/", rtspPort: 8554 },
    });
    assert.equal(found.add({ host: "192.168.1.20", by: "onvif", name: "Yard" }), undefined, "that is no news");
    assert.deepEqual(
      found.list().map(({ host }) => host),
      ["192.168.1.20", "192.168.1.110"],
    );
  });
});
