import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { openScriptedHost } from "../../src/endpoints/door/testing.ts";
import { within } from "../within.ts";
import { temporaryFolder } from "./page-browser.ts";
import { weriftViewer } from "./webrtc-werift.ts";

const root = join(import.meta.dirname, "..", "..");

interface Manifest {
  readonly version: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
}

/** Builds, packs, and installs the package in `folder` with what npm would install beside it, and no more. */
async function install(folder: string): Promise<string> {
  const npm = process.env["npm_execpath"];
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  execFileSync(process.execPath, [join(root, "scripts", "build.mjs")], { cwd: root });
  execFileSync(command, [...first, "pack", "--ignore-scripts", "--silent", "--pack-destination", folder], {
    cwd: root,
  });
  const modules = join(folder, "node_modules");
  const installed = join(modules, "doorward");
  await mkdir(installed, { recursive: true });
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
  const archive = join(folder, `doorward-${version}.tgz`);
  execFileSync("tar", ["-xzf", archive, "--strip-components=1", "-C", installed]);
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as Lock;
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const nested = path.lastIndexOf("node_modules/") > 0;
    if (path === "" || dev || nested) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(join(root, path), join(folder, path));
  }
  return installed;
}

test("what npm would publish runs by itself: page, picture, workers, doorward/door", {
  timeout: 90_000,
}, async () => {
  await using folder = await temporaryFolder();
  const installed = await install(folder.path);
  const program = join(installed, "bin", "doorward.js");
  const said = execFileSync(process.execPath, [program, "--version"], { cwd: folder.path, encoding: "utf8" });
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
  assert.equal(said.trim(), version);

  await runPi(installed, folder.path);

  await writeFile(
    join(folder.path, "doorward.yaml"),
    'webrtc: { udpPort: 0 }\ndevices:\n  cam: "test:?size=320x240&fps=10&gop=1"\n',
  );
  const args = [program, "hub", "--json", "--http-port", "0", "--https-port", "0"];
  const hub = spawn(process.execPath, args, { cwd: folder.path, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(createInterface(hub.stdout), "line")) as [string];
    const { httpUrl, setupCode } = JSON.parse(line) as { readonly httpUrl: string; readonly setupCode: string };
    const page = await (await fetch(httpUrl)).text();
    const files = [...page.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+)"/g)].map((match) => match[1]);
    assert.ok(files.length > 0, page);
    for (const file of files) assert.equal((await fetch(`${httpUrl}${file}`)).status, 200, file);

    const own = { "x-doorward": "1", origin: httpUrl.slice(0, -1) };
    const setup = await fetch(`${httpUrl}api/v1/setup`, {
      method: "POST",
      headers: { ...own, "content-type": "application/json" },
      body: JSON.stringify({ code: setupCode, name: "Anna", password: "correct horse battery" }),
    });
    assert.equal(setup.status, 201);
    const headers = { ...own, cookie: setup.headers.getSetCookie()[0]?.split(";")[0] ?? "" };

    const packet = Promise.withResolvers<void>();
    await using viewer = await weriftViewer({ setup: "active", onPacket: () => packet.resolve() });
    const answer = await fetch(`${httpUrl}whep/cam`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/sdp" },
      body: viewer.offerSdp,
    });
    const answered = await answer.text();
    assert.equal(answer.status, 201, `the WebRTC worker answers: ${answered}`);
    await viewer.accept(answered);
    await packet.promise;

    const picture = await fetch(`${httpUrl}api/v1/devices/cam/snapshot`, { headers });
    assert.equal(picture.headers.get("content-type"), "image/jpeg", "FFmpeg's worker makes a snapshot");
  } finally {
    hub.kill("SIGTERM");
    assert.deepEqual(await once(hub, "exit"), [0, null]);
  }
});

/** The example of `doorward/door`, as it is in the package: its bell rings, its relay opens the door once. */
async function runPi(installed: string, cwd: string): Promise<void> {
  await using host = await openScriptedHost();
  const args = [join(installed, "examples", "door-station-pi.js"), "--fake", "--port", `${host.port}`];
  const pi = spawn(process.execPath, args, { cwd, stdio: ["pipe", "ignore", "inherit"] });
  const hub = await within("the example connects", host.connection());
  const { type, client_id, token } = await hub.next();
  assert.deepEqual([type, client_id], ["register", "front-door"]);
  assert.match(String(token), /^dwd_own_[\w-]{43}$/);
  hub.say({ type: "registered", status: "ok", role: "intercom", client_id: "front-door", features: ["ping"] });
  hub.say({ type: "command", command: "unlock", payload: {}, command_id: "1", origin_id: "phone", expires_ms: 5000 });
  assert.deepEqual((await within("the relay answers", hub.next()))["payload"], { open_ms: 3000 });
  pi.stdin.write("\n");
  assert.equal((await within("the bell rings", hub.next()))["event"], "ring");
  const ended = once(pi, "exit");
  pi.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
}
