import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";

const root = resolve(import.meta.dirname, "..");
const src = join(root, "src");

/** Who may import whom (ARCHITECTURE.md); `*` sees everything. */
const layers: Readonly<Record<string, readonly string[] | "*">> = {
  util: [],
  codecs: ["util"],
  media: ["util", "codecs"],
  protocols: ["util", "codecs", "media"],
  workers: ["util", "codecs", "media", "protocols"],
  device: ["util", "media"],
  identity: ["util"],
  hub: ["util", "media", "device", "identity"],
  drivers: ["util", "codecs", "media", "protocols", "workers", "device"],
  endpoints: ["util", "codecs", "media", "protocols", "workers"],
  finding: ["util", "media", "protocols"],
  surfaces: ["util", "codecs", "media", "protocols", "workers", "device", "identity", "hub", "finding"],
  cli: "*",
  "main.ts": "*",
  "config.ts": "*",
};

/**
 * Which siblings a part stands on; everywhere else siblings never import each other. `surfaces/webrtc` is no surface: it is
 * what those share that speak WebRTC with browsers and devices (viewings, microphones, candidates, ICE servers).
 */
const standsOn: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  protocols: { sdp: ["rtp"], rtsp: ["rtp", "sdp"], onvif: ["rtsp"] },
  endpoints: { "room-station": ["machine"], door: ["machine"], agent: ["machine"] },
  surfaces: {
    panel: ["webrtc"],
    whep: ["webrtc"],
    whip: ["webrtc"],
    go2rtc: ["webrtc"],
    page: ["webrtc"],
    pictures: ["webrtc"],
    signalling: ["webrtc"],
  },
};
const layersWithSiblings = ["protocols", "drivers", "endpoints", "surfaces", "workers"];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = globSync("**/*.ts", { cwd: src }).filter((file) => !file.endsWith(".test.ts"));
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), "utf8").replace(/^\s*(\/\/|\*).*$/gm, "");
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, path = ""]) => ({ from: file, to: relative(src, resolve(src, dirname(file), path)) }));
}

/** First folder below src, or the file itself. */
const layerOf = (file: string) => file.split("/")[0] ?? file;
const partOf = (file: string) => file.split("/")[1] ?? "";
const isFolder = (file: string) => file.split("/").length > 2;

describe("architecture", () => {
  it("knows every folder of src", () => {
    const unknown = readdirSync(src).filter((name) => !(name in layers));
    assert.deepEqual(unknown, []);
  });

  it("lets a layer import only what lies below it", () => {
    const wrong = imports.filter(({ from, to }) => {
      if (to.startsWith("..")) return !from.startsWith("util/version");
      const allowed = layers[layerOf(from)];
      return allowed !== "*" && layerOf(to) !== layerOf(from) && !allowed?.includes(layerOf(to));
    });
    assert.deepEqual(wrong, []);
  });

  it("keeps siblings apart", () => {
    const wrong = imports.filter(({ from, to }) => {
      const layer = layerOf(from);
      if (layer !== layerOf(to) || !layersWithSiblings.includes(layer)) return false;
      if (!isFolder(from) || !isFolder(to) || partOf(from) === partOf(to)) return false;
      return !standsOn[layer]?.[partOf(from)]?.includes(partOf(to));
    });
    assert.deepEqual(wrong, []);
  });

  it("has no import cycle", () => {
    const graph = Map.groupBy(imports, ({ from }) => from);
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
        return;
      }
      state.set(file, "open");
      for (const { to } of graph.get(file) ?? []) visit(to, [...path, file]);
      state.set(file, "done");
    };
    for (const file of files) visit(file, []);
    assert.deepEqual(cycles, []);
  });

  it("registers every driver and every surface", () => {
    for (const layer of ["drivers", "surfaces"]) {
      const folders = readdirSync(join(src, layer), { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const index = readFileSync(join(src, layer, "index.ts"), "utf8");
      const missing = folders.map(({ name }) => name).filter((name) => !index.includes(`"./${name}/`));
      assert.deepEqual(missing, [], `not in ${layer}/index.ts`);
    }
  });

  it("gives every driver its page, its fake and its tests", () => {
    const folders = readdirSync(join(src, "drivers"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) {
      const own = readdirSync(join(src, "drivers", name));
      assert.ok(own.includes("README.md"), `${name}: README.md`);
      assert.ok(own.includes("index.ts"), `${name}: index.ts`);
      assert.ok(
        own.some((file) => file.endsWith(".test.ts")),
        `${name}: tests`,
      );
      if (name !== "file") assert.ok(own.includes("fake.ts"), `${name}: fake.ts`);
    }
  });

  it("exports defaults only where a driver or a surface begins", () => {
    const wrong = files
      .filter((file) => /^export default /m.test(readFileSync(join(src, file), "utf8")))
      .filter((file) => !/^(drivers|surfaces)\/[^/]+\/index\.ts$/.test(file));
    assert.deepEqual(wrong, []);
  });

  it("gives the page types, and of code only what stands on nothing", () => {
    const page = globSync("src/**/*.ts", { cwd: join(root, "web") }).filter((file) => !file.endsWith(".test.ts"));
    const wrong = page.flatMap((file) => {
      const text = readFileSync(join(root, "web", file), "utf8");
      const taken = text.matchAll(/^import (?!type\b)[^;]*? from "((?:\.\.\/)+src\/[^"]+)";/gm);
      return [...taken].flatMap(([, path = ""]) => {
        const target = resolve(root, "web", dirname(file), path);
        const stands = /^(import|export) (?!type\b)[^;]*? from /m.test(readFileSync(target, "utf8"));
        return stands ? [`${file} takes code of ${relative(root, target)}`] : [];
      });
    });
    assert.deepEqual(wrong, []);
  });

  it("takes node:http, node:https and node:tls where they cost nothing, util/node-http.ts and util/node-tls.ts", () => {
    const wrong = files.filter((file) =>
      /^import (?!type\b)[^;]*? from "(?:node:)?(?:https?|tls)";/m.test(readFileSync(join(src, file), "utf8")),
    );
    assert.deepEqual(wrong, []);
  });

  it("keeps the entry file a table of contents", () => {
    assert.ok(readFileSync(join(src, "main.ts"), "utf8").split("\n").length <= 130);
  });
});
