import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { generatedPages } from "../scripts/docs-pages.ts";
import { engineWireFiles } from "../scripts/engine-wire.ts";
import { roomWireFiles } from "../scripts/room-wire.ts";
import { configSchema } from "../src/config.ts";
import { createDrivers } from "../src/drivers/index.ts";
import { parseConfig } from "../src/hub/config-text.ts";
import { deviceInputs, resolveDevice } from "../src/hub/device-input.ts";
import type { FfmpegWorker } from "../src/workers/ffmpeg/index.ts";

const docs = join(import.meta.dirname, "..", "docs");

describe("example", () => {
  it("is a configuration that the hub takes, with a device of every driver", () => {
    const text = readFileSync(join(docs, "..", "examples", "doorward.yaml"), "utf8");
    const { value } = parseConfig(text, { name: "doorward.yaml", schema: configSchema });
    const drivers = createDrivers({ converter: undefined as unknown as FfmpegWorker });
    const options = { drivers, unseal: (secret: string) => secret, permanent: true, preview: false };
    const kinds = [...deviceInputs(value)].map(([id, input]) => resolveDevice({ ...input, id }, options).driver.kind);
    assert.deepEqual(new Set(kinds), new Set(drivers.map(({ kind }) => kind)));
  });
});

describe("documents", () => {
  it("README names exactly the packages of which npm warns where an older Node begins it", () => {
    const root = join(docs, "..");
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { dev?: true; optional?: true; engines?: { node?: string } }>>;
    };
    const warned = (version: number) =>
      Object.entries(lock.packages)
        .filter(([, { dev, optional }]) => !dev && !optional)
        .filter(([, { engines }]) => Number(/^>= ?(\d+)[.\d]*$/.exec(engines?.node ?? "")?.[1] ?? 0) > version)
        .map(([path]) => `\`${path.split("node_modules/").pop() || "doorward"}\``)
        .sort();
    const said = /warns of `EBADENGINE` first: under Node\s22 of ([^,]*), under Node 20 of (.*) too\./.exec(
      readFileSync(join(root, "README.md"), "utf8"),
    );
    assert.deepEqual(said?.[1]?.split(" and "), warned(22));
    assert.deepEqual([...(said?.[2]?.split(" and ") ?? []), "`doorward`"].sort(), warned(20));
  });

  for (const document of ["ARCHITECTURE.md", "CONTRIBUTING.md"]) {
    it(`${document} names only files that are there`, () => {
      const root = join(docs, "..");
      const text = readFileSync(join(root, document), "utf8");
      const named = [...text.matchAll(/[`\s]((?:[\w-]+\/)+[\w.-]+\.(?:ts|mjs|md|yaml))(?=[`\s])/g)].map(
        ([, path = ""]) => path,
      );
      const below = ["", "src", "src/surfaces"];
      const missing = named.filter((path) => !below.some((folder) => existsSync(join(root, folder, path))));
      assert.ok(named.length > 5);
      assert.deepEqual(missing, []);
    });
  }
});

describe("generated pages", async () => {
  for (const { file, text } of await generatedPages()) {
    it(`docs/${file} is what the code says ("npm run docs" writes it)`, () => {
      assert.equal(readFileSync(join(docs, file), "utf8"), text);
    });
  }

  for (const { path, text } of [...engineWireFiles(), ...roomWireFiles()]) {
    it(`${path} is what the code says ("npm run docs" writes it)`, () => {
      assert.equal(readFileSync(join(docs, "..", path), "utf8"), text);
    });
  }
});
