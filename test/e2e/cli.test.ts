import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { commands } from "../../src/cli/commands.ts";
import { startFake, unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { makeClip } from "../ffmpeg.ts";
import { temporaryFolder } from "./page-browser.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "doorward.js");

async function doorward(args: readonly string[], options: { readonly cwd?: string; readonly input?: string } = {}) {
  const child = spawn(process.execPath, [program, ...args], { cwd: options.cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const [code] = await once(child, "close");
  return { code: code as number, stdout, stderr };
}

describe("command line", () => {
  it("lists its commands and tells each one's options", async () => {
    const help = await doorward(["--help"]);
    assert.equal(help.code, 0);
    for (const { name, summary } of commands) {
      assert.match(help.stdout, new RegExp(`${name} +${summary.slice(0, 20)}`));
      const own = await doorward([name, "--help"]);
      assert.equal(own.code, 0);
      assert.match(own.stdout, new RegExp(`usage: doorward ${name}`));
    }
  });

  it("answers wrong usage with one sentence and exit code 2", async () => {
    for (const args of [
      ["frobnicate"],
      ["probe"],
      ["probe", "--seconds", "many", "tcp://x:1"],
      ["user", "add"],
      ["hub", "--port"],
    ]) {
      const { code, stderr } = await doorward(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /^doorward/);
      assert.doesNotMatch(stderr, /at .*\.ts:/, "no stack");
    }
  });

  it("probes a camera", async () => {
    const units = unitsOf(makeClip({ codec: "h264", size: "320x240", keyInterval: 25 }));
    await using camera = await startFake({ codec: "h264", units, frameRate: 25 });
    const { code, stdout } = await doorward(["probe", camera.address, "--seconds", "3", "--json"]);
    assert.equal(code, 0);
    const report = JSON.parse(stdout) as { driver: string; firstFrameMs: number; tracks: Record<string, number>[] };
    assert.equal(report.driver, "elementary");
    const [video] = report.tracks;
    assert.equal(video?.["widthPx"], 320);
    assert.ok(Math.abs((video?.["fps"] ?? 0) - 25) < 2, `fps ${video?.["fps"]}`);
    assert.ok(Math.abs((video?.["keyFrameIntervalMs"] ?? 0) - 1000) < 100);
    const people = await doorward(["probe", camera.address, "--seconds", "1"]);
    assert.match(people.stdout, /h264 .*320x240/);
  });

  it("measures a camera whose next key frame is far away", async () => {
    const units = unitsOf(makeClip({ codec: "h264", size: "320x240", frames: 300, keyInterval: 300 }));
    await using camera = await startFake({ codec: "h264", units, frameRate: 25 });
    const { stdout } = await doorward(["probe", camera.address, "--seconds", "2", "--json"]);
    const { tracks } = JSON.parse(stdout) as { tracks: Record<string, number>[] };
    assert.ok(Math.abs((tracks[0]?.["fps"] ?? 0) - 25) < 3, `fps ${tracks[0]?.["fps"]}`);
    assert.ok((tracks[0]?.["bitrateBps"] ?? 0) > 0);
  });

  it("says plainly why a camera cannot be probed", async () => {
    const accessUnits = unitsOf(makeClip({ codec: "h264" })).map((nals) => Buffer.concat(nals));
    const guard = { username: "admin", password: "right", scheme: "digest-md5", wrongStatus: 401 } as const;
    await using camera = await startFakeRtsp({ guard, video: { codec: "h264", accessUnits, frameRate: 25 } });
    const wrong = await doorward(["probe", camera.address, "--username", "admin", "--password", "wrong"]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /password/);
    const beganMs = Date.now();
    const gone = await doorward(["probe", "tcp://127.0.0.1:1"]);
    assert.equal(gone.code, 1);
    assert.equal(
      gone.stderr,
      "doorward probe: connecting to 127.0.0.1 port 1 failed: nothing listens there\n",
      "one sentence and nothing of the log",
    );
    assert.ok(Date.now() - beganMs < 8000, "it does not wait for what does not change");
    const nonsense = await doorward(["probe", "not an address"]);
    assert.equal(nonsense.code, 1);
    assert.match(nonsense.stderr, /is not an address such as/);
  });

  it("keeps people and their tokens", async () => {
    await using folder = await temporaryFolder();
    const run = (...args: string[]) => doorward(args, { cwd: folder.path, input: "correct horse battery\n" });
    assert.match((await run("user", "list")).stdout, /nobody yet/);
    assert.equal((await run("user", "add", "Anna", "--admin")).code, 0);
    assert.equal((await run("user", "add", "Ben", "--grant", "area:Outside=view,listen")).code, 0);
    assert.match((await run("user", "list")).stdout, /Anna: administrator\nBen: area:Outside=view,listen/);
    const again = await run("user", "add", "Anna");
    assert.equal(again.code, 1);
    assert.match(again.stderr, /taken/);
    assert.equal((await run("user", "remove", "Anna")).code, 1, "the last administrator stays");
    const aimless = await run("token", "add", "Ben", "wall tablet");
    assert.equal(aimless.code, 2);
    assert.match(aimless.stderr, /what may the token do\?/);
    const greedy = await run("token", "add", "Ben", "wall tablet", "--grant", "unlock");
    assert.match(greedy.stderr, /Ben does not have all of these rights/);
    const token = await run("token", "add", "Ben", "wall tablet", "--grant", "area:Outside=view", "--days", "30");
    assert.match(token.stdout, /^dwt_[\w-]{40,}\n$/);
    const list = JSON.parse((await run("token", "list", "Ben", "--json")).stdout) as { id: string; name: string }[];
    assert.deepEqual(
      list.map(({ name }) => name),
      ["wall tablet"],
    );
    assert.match((await run("token", "list", "Ben")).stdout, /wall tablet {2}area:Outside=view {2}never used/);
    assert.equal((await run("token", "remove", "Ben", list[0]?.id ?? "")).code, 0);
    assert.match((await run("token", "list", "Ben")).stdout, /no tokens/);
    const weak = await doorward(["user", "add", "Cleo"], { cwd: folder.path, input: "short\n" });
    assert.equal(weak.code, 1);
    assert.match(weak.stderr, /8 to 256 characters/);
  });

  it("examines the machine and finds a taken port", async () => {
    await using folder = await temporaryFolder();
    const startCode = Buffer.from([0, 0, 0, 1]);
    const units = unitsOf(makeClip({ codec: "h264" }));
    const accessUnits = units.map((nals) => Buffer.concat(nals.flatMap((nal) => [startCode, nal])));
    const guard = { username: "admin", password: "right", scheme: "digest-md5", wrongStatus: 401 } as const;
    await using camera = await startFakeRtsp({ guard, video: { codec: "h264", accessUnits, frameRate: 25 } });
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await writeFile(
      join(folder.path, "doorward.yaml"),
      [
        "webrtc: { udpPort: 0 }",
        "devices:",
        "  away: tcp://127.0.0.1:1",
        "  hook: ingenic://127.0.0.1:2",
        "  film: file:///nowhere/film.mp4",
        `  guarded: { address: "${camera.address}", username: admin, password: wrong }`,
        `  good: { address: "${camera.address}", username: admin, password: right }`,
      ].join("\n"),
    );
    const args = ["doctor", "--json", "--http-port", `${port}`, "--https-port", "0"];
    const { code, stdout } = await doorward(args, { cwd: folder.path });
    server.close();
    assert.equal(code, 1);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; ok: boolean; detail: string }[] };
    const failed = findings.filter(({ ok }) => !ok).map(({ check }) => check);
    assert.deepEqual(failed, [`HTTP port ${port}`, "camera away", "camera hook", "camera film", "camera guarded"]);
    const told = (id: string) => findings.find(({ check }) => check === `camera ${id}`)?.detail ?? "";
    assert.match(told("hook"), /127\.0\.0\.1.*2.*nothing listens/, "at its own port");
    assert.match(told("film"), /film\.mp4/);
    assert.match(told("guarded"), /password/);
    assert.match(told("good"), /^rtsp: h264 \d+x\d+/);
  });

  it("tells a fault of the configuration with its line", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "doorward.yaml"), "devices:\n  front:\n    adress: rtsp://x/y\n");
    const { code, stderr } = await doorward(["hub"], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stderr, /doorward\.yaml:3: devices\.front\.adress: there is no such setting/);
    const missing = await doorward(["hub", "--config", "nowhere.yaml"], { cwd: folder.path });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /there is no .*nowhere\.yaml/);
  });
});
