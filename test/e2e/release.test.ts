import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { before, describe, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { findGo } from "../../scripts/engine.mjs";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { clip } from "../rtsp.ts";
import { executableFormat } from "./executable-format.ts";
import { startRegistry } from "./npm-registry.ts";
import { temporaryFolder } from "./page-browser.ts";
import { weriftViewer } from "./webrtc-werift.ts";

const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);
const here = `${process.platform}-${process.arch}`;
const noGo = findGo() ? false : "Go is not installed";
/** Runs programs for Linux on ARM64 on any other Linux (Debian: qemu-user). */
const emulator = spawnSync("sh", ["-c", "command -v qemu-aarch64"], { encoding: "utf8" }).stdout?.trim();

/** What the program of each package is to be. */
const platforms = {
  "linux-x64": { file: "doorward-engine", format: "elf", arch: "x64" },
  "linux-arm64": { file: "doorward-engine", format: "elf", arch: "arm64" },
  "darwin-arm64": { file: "doorward-engine", format: "mach-o", arch: "arm64" },
  "win32-x64": { file: "doorward-engine.exe", format: "pe", arch: "x64" },
} as const;

/** Names of the programs that run below a process. */
function programsBelow(pid: number): string[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [readlinkSync(`/proc/${child}/exe`), ...programsBelow(child)]);
}

/** Unpacks the engine of a platform out of its package. Gives the folder of the package. */
async function unpackEngine(platform: string, into: string): Promise<string> {
  const packed = readdirSync(join(root, "release")).find((name) => name.startsWith(`doorward-engine-${platform}-`));
  assert.ok(packed, `there is a package for ${platform}`);
  await mkdir(into, { recursive: true });
  await run("tar", ["-xzf", join(root, "release", packed), "-C", into]);
  return join(into, "package");
}

/** Starts the installed hub in a folder of its own and has a picture of its camera. Gives the programs that ran below it. */
async function servesPicture(installed: string): Promise<string[]> {
  await using folder = await temporaryFolder();
  await using camera = await startFakeRtsp({ video: clip() });
  await writeFile(join(folder.path, "doorward.yaml"), `webrtc: { udpPort: 0 }\ndevices:\n  cam: ${camera.address}\n`);
  const program = join(installed, "node_modules", "doorward", "bin", "doorward.js");
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
    return process.platform === "linux" ? programsBelow(hub.pid!) : [];
  } finally {
    hub.kill("SIGTERM");
    assert.deepEqual(await once(hub, "exit"), [0, null]);
  }
}

describe("the packed set", { skip: noGo, timeout: 380_000 }, () => {
  before(() => run(process.execPath, [join(root, "scripts", "release.mjs")], { cwd: root }));

  for (const [platform, { file, format, arch }] of Object.entries(platforms))
    test(`holds a program for ${platform}`, async () => {
      await using folder = await temporaryFolder();
      const path = join(await unpackEngine(platform, folder.path), "bin", file);
      assert.deepEqual(executableFormat(readFileSync(path)), { format, arch });
      assert.equal(statSync(path).mode & 0o111, 0o111, "it may be run");
    });

  test("installed offline, serves a picture", async (t) => {
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

    await t.test("by the machine's own", async () => {
      const programs = await servesPicture(folder.path);
      const own = programs.some((path) => path.endsWith(`doorward-engine-${here}/bin/doorward-engine`));
      assert.ok(own || process.platform !== "linux", programs.join(" "));
    });
    await t.test("by the one for ARM64, under emulation", (t) => servesUnderEmulation(t, folder.path));
  });
});

/** Puts the engine for ARM64, with its emulator, where the machine's own stands. */
async function servesUnderEmulation(t: TestContext, installed: string): Promise<void> {
  if (here !== "linux-x64" || !emulator) {
    t.skip("qemu-aarch64 is not installed (Debian: qemu-user)");
    return;
  }
  const foreign = join(await unpackEngine("linux-arm64", join(installed, "arm64")), "bin", "doorward-engine");
  const program = join(installed, "node_modules", `doorward-engine-${here}`, "bin", "doorward-engine");
  await rename(program, `${program}-own`);
  await writeFile(program, `#!/bin/sh\nexec ${emulator} ${foreign}\n`);
  await chmod(program, 0o755);
  const programs = await servesPicture(installed);
  assert.ok(programs.includes(realpathSync(emulator)), programs.join(" "));
}
