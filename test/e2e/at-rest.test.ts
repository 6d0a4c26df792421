import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { entryOf } from "../../bin/bundle.cjs";

const root = join(import.meta.dirname, "..", "..");

/** Writes down each module that the hub loads, and at its end those of Node itself. */
const recorder = (file: string) =>
  `data:text/javascript,${encodeURIComponent(`
    import { appendFileSync } from "node:fs";
    import { registerHooks } from "node:module";
    import { isMainThread } from "node:worker_threads";
    const load = (url, context, next) => (appendFileSync(${JSON.stringify(file)}, url + "\\n"), next(url, context));
    if (isMainThread) {
      registerHooks({ load });
      process.once("exit", () => appendFileSync(${JSON.stringify(file)}, process.moduleLoadList.join("\\n")));
    }`)}`;

/** Starts a hub without devices, asks for its page, ends it, and gives what the page was and what it had loaded. */
async function loadedAtRest(bundle: "on" | "off") {
  const folder = await mkdtemp(join(tmpdir(), "doorward-at-rest-"));
  const list = join(folder, "modules");
  await writeFile(join(folder, "doorward.yaml"), "webrtc: { udpPort: 0 }\nwhip: { udpPort: 0 }\nmdns: 'off'\n");
  const program = ["--import", recorder(list), join(root, "bin", "doorward.js")];
  const hub = spawn(process.execPath, [...program, "hub", "--json", "--http-port", "0", "--https-port", "0"], {
    ...{ cwd: folder, stdio: ["ignore", "pipe", "inherit"] },
    env: { ...process.env, DOORWARD_BUNDLE: bundle },
  });
  try {
    const [line] = (await once(createInterface(hub.stdout!), "line")) as [string];
    const { httpUrl } = JSON.parse(line) as { readonly httpUrl: string };
    const page = await fetch(httpUrl);
    const health = (await (await fetch(`${httpUrl}health`)).json()) as { readonly status: string };
    await end(hub);
    const modules = (await readFile(list, "utf8")).split("\n").map((url) => url.replace(/^file:\/\/\/?/, "/"));
    return { page: page.status, health: health.status, modules };
  } finally {
    await end(hub);
    await rm(folder, { recursive: true });
  }
}

async function end(hub: ChildProcess): Promise<void> {
  if (hub.exitCode !== null || hub.signalCode !== null) return;
  const ended = once(hub, "exit");
  hub.kill("SIGTERM");
  await ended;
}

/** What a house without devices, broker and browsers has no use for, with what it would be loaded for. */
const notAtRest: Readonly<Record<string, string>> = {
  "libopus-wasm": "speech",
  "multicast-dns": "a search for cameras",
  "fast-xml-parser": "ONVIF",
  aedes: "the hub's own broker",
  mqtt: "a broker",
  "@homebridge/ciao": "announcing, in a thread of its own",
  "node-datachannel": "viewers, in a process of its own",
  "node-av": "conversions, in a process of its own",
  "@fastify/ajv-compiler": "schemas of Fastify's, of which the hub has none",
  "@fastify/fast-json-stringify-compiler": "the same",
  "prom-client": "the metrics, when they are asked for",
  qrcode: "codes on the page",
};

describe("a hub at rest", () => {
  it("has loaded nothing that nobody uses yet", { timeout: 60_000 }, async () => {
    const { page, modules } = await loadedAtRest("off");
    assert.equal(page, 200);
    assert.ok(modules.some((path) => path.includes("/node_modules/fastify/")));
    const early = Object.keys(notAtRest).filter((name) =>
      modules.some((path) => path.includes(`/node_modules/${name}/`)),
    );
    assert.deepEqual(early, []);
  });

  it("runs from its bundle: page, database thread and all, and none of its sources", { timeout: 60_000 }, async () => {
    if (!entryOf(root, {}).endsWith(".cjs")) {
      execFileSync(process.execPath, [join(root, "scripts", "bundle.mjs")], { cwd: root });
    }
    const { page, health, modules } = await loadedAtRest("on");
    assert.deepEqual({ page, health }, { page: 200, health: "ok" });
    assert.ok(modules.includes(join(root, "bin", "run-bundle.cjs")));
    assert.deepEqual(
      modules.filter((path) => path.startsWith(join(root, "src"))),
      [],
    );
    // Parts of Node that libraries load for what such a house never asks of them.
    const early = ["tls", "https", "http2", "internal/deps/undici/undici"].filter((name) =>
      modules.includes(`NativeModule ${name}`),
    );
    assert.ok(modules.includes("NativeModule _http_server"));
    assert.deepEqual(early, []);
  });
});
