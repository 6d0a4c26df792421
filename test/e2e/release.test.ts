import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { promisify } from "node:util";
import { findGo } from "../../scripts/engine.mjs";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { clip } from "../rtsp.ts";
import { startRegistry } from "./npm-registry.ts";
import { temporaryFolder } from "./page-browser.ts";
import { weriftViewer } from "./webrtc-werift.ts";

const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);
const here = `${process.platform}-${process.arch}`;
const elsewhere = here === "darwin-arm64" ? "linux-x64" : "darwin-arm64";

/** Names of the programs that run below a process. */
function programsBelow(pid: number): string[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [readlinkSync(`/proc/${child}/exe`), ...programsBelow(child)]);
}

test("the packed set, installed offline, serves a picture by the engine", { timeout: 380_000 }, async (t) => {
  if (!findGo()) {
    t.skip("Go is not installed");
    return;
  }
  await run(process.execPath, [join(root, "scripts", "release.mjs"), here, elsewhere], { cwd: root });
  await using folder = await temporaryFolder();
  await using registry = await startRegistry({ root, packed: join(root, "release") });
  const npm = process.env["npm_execpath"];
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  await writeFile(join(folder.path, "package.json"), '{"private":true}');
  await mkdir(join(folder.path, "cache"));
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--cache", join(folder.path, "cache")];
  await run(command, [...first, "install", "doorward", "--registry", registry.url, ...flags], { cwd: folder.path });
  const installed = readdirSync(join(folder.path, "node_modules")).filter((name) => name.startsWith("doorward"));
  assert.deepEqual(installed.sort(), ["doorward", `doorward-engine-${here}`], "npm picks the machine's engine only");

  await using camera = await startFakeRtsp({ video: clip() });
  await writeFile(join(folder.path, "doorward.yaml"), `devices:\n  cam: ${camera.address}\n`);
  const program = join(folder.path, "node_modules", "doorward", "bin", "doorward.js");
  const args = [program, "hub", "--json", "--http-port", "0", "--https-port", "0"];
  const hub = spawn(process.execPath, args, { cwd: folder.path, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface(hub.stdout), "line")) as [string];
    const { httpUrl, setupCode } = JSON.parse(line) as { readonly httpUrl: string; readonly setupCode: string };
    const own = { "x-doorward": "1", origin: httpUrl.slice(0, -1) };
    const setup = await fetch(`${httpUrl}api/v1/setup`, {
      method: "POST",
      headers: { ...own, "content-type": "application/json" },
      body: JSON.stringify({ code: setupCode, name: "Anna", password: "correct horse battery" }),
    });
    const headers = { ...own, cookie: setup.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
    const packet = Promise.withResolvers<void>();
    await using viewer = await weriftViewer({ setup: "active", onPacket: () => packet.resolve() });
    const answer = await fetch(`${httpUrl}whep/cam`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/sdp" },
      body: viewer.offerSdp,
    });
    const sdp = await answer.text();
    assert.equal(answer.status, 201, sdp);
    await viewer.accept(sdp);
    await packet.promise;
    if (process.platform === "linux") {
      assert.ok(programsBelow(hub.pid!).some((path) => path.endsWith(`doorward-engine-${here}/bin/doorward-engine`)));
    }
  } finally {
    hub.kill("SIGTERM");
    assert.deepEqual(await once(hub, "exit"), [0, null]);
  }
});
