import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { disturbedWriter } from "../disturbed-writer.ts";
import { clip } from "../rtsp.ts";
import { type HubProcess, startHubProcess, type WatchedPicture, watchSilence } from "./hub-process.ts";
import { startRig, until } from "./hub-rig.ts";
import { postOffer } from "./hub-viewer.ts";
import { temporaryFolder } from "./page-browser.ts";
import { weriftViewer } from "./webrtc-werift.ts";

// Runs alone: measures that no picture is late while the disk fails.

/** Longest silence of a picture of 25 frames a second that nobody would call late. */
const calmMs = 300;

async function camera() {
  const video = await startFakeRtsp({ video: clip() });
  return { video, config: `devices:\n  yard: ${video.address}\nwebrtc: { udpPort: 0 }\n` };
}

/** What a household does to the database within a moment. */
async function busy(hub: Pick<HubProcess, "call" | "login" | "rig">): Promise<readonly number[]> {
  await using viewer = await weriftViewer({ setup: "active" });
  const answers = await Promise.all([
    hub.login("wrong"),
    hub.login(),
    hub.call("POST", "api/v1/tokens", { name: "t", grants: [{ scope: "*", rights: ["view"] }] }),
    hub.call("GET", "api/v1/audit"),
  ]);
  await postOffer(hub.rig, "yard", viewer.offerSdp);
  return answers.map(({ status }) => status);
}

function tellSilence(t: TestContext, what: string, picture: WatchedPicture): void {
  const silence = picture.silenceMs();
  t.diagnostic(`longest silence of the picture, ${what}: ${Math.round(silence)} ms`);
  assert.ok(silence < calmMs, `${what}: ${silence} ms without a packet`);
}

/** True where a mount of its own may be made. */
function mayMount(): boolean {
  try {
    execFileSync("unshare", ["-m", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("no picture is late", () => {
  it("when each commit takes 400 ms", { timeout: 60_000 }, async (t) => {
    const { video, config } = await camera();
    await using _video = video;
    const writer = disturbedWriter({ commitMs: 400 });
    await using rig = await startRig(config, { writer: writer.open });
    const base = rig.running.httpUrl;
    const headers = { "content-type": "application/json", "x-doorward": "1", origin: base.slice(0, -1) };
    const login = (password = "correct horse battery") =>
      fetch(`${base}api/v1/login`, { method: "POST", headers, body: JSON.stringify({ name: "Anna", password }) });
    const hub = { rig, call: rig.call, login };
    await using picture = await watchSilence(hub, "yard");
    for (let n = 0; n < 4; n++) assert.deepEqual(await busy(hub), [401, 200, 201, 200]);
    tellSilence(t, "400 ms a commit", picture);
    const beganMs = performance.now();
    assert.equal((await rig.call("POST", "api/v1/logout")).status, 204);
    const tookMs = performance.now() - beganMs;
    t.diagnostic(`signed out after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < 1200, `${tookMs} ms`);
  });

  it("while another program keeps the database locked for 12 s", { timeout: 90_000 }, async (t) => {
    const { video, config } = await camera();
    await using _video = video;
    await using folder = await temporaryFolder();
    await using hub = await startHubProcess({ folder: folder.path, config });
    await using picture = await watchSilence(hub, "yard");
    const script = `import { DatabaseSync } from "node:sqlite";
      const database = new DatabaseSync(${JSON.stringify(`${hub.dataDir}/doorward.sqlite`)}, { timeout: 5000 });
      database.exec("BEGIN IMMEDIATE"); console.log("locked"); setTimeout(() => database.exec("ROLLBACK"), 12_000);`;
    const locker = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const unlocked = once(locker, "exit");
    await once(locker.stdout, "data");
    const beganMs = performance.now();
    const statuses = await busy(hub);
    t.diagnostic(
      `wrong password, log-in, token, audit: ${statuses} after ${Math.round(performance.now() - beganMs)} ms`,
    );
    assert.deepEqual([statuses[0], statuses[3]], [401, 200]);
    const health = await hub.health();
    assert.equal(health.status, "degraded");
    assert.match(health.faults?.[0]?.what ?? "", /locked|does not answer/);
    tellSilence(t, "locked", picture);
    await unlocked;
    await until("it heals", async () => (await hub.health()).status === "ok");
    t.diagnostic(`healed ${Math.round(performance.now() - beganMs)} ms after the lock`);
    assert.deepEqual(await busy(hub), [401, 200, 201, 200]);
    tellSilence(t, "locked and after", picture);
  });

  const canMount = mayMount();
  it("while the disk is full, and everything heals when there is room", { timeout: 90_000 }, async (t) => {
    if (!canMount)
      return t.diagnostic("a disk can be filled only by root, in a mount namespace of its own (unshare -m)");
    const { video, config } = await camera();
    await using _video = video;
    await using folder = await temporaryFolder();
    const mount = `mount -t tmpfs -o size=3m tmpfs ${folder.path}/data && exec "$@"`;
    const through = ["unshare", "-m", "sh", "-c", mount, "sh"];
    await using hub = await startHubProcess({ folder: folder.path, config, through });
    const inside = (command: string) => execFileSync("nsenter", ["-t", `${hub.pid}`, "-m", "sh", "-c", command]);
    await using picture = await watchSilence(hub, "yard");
    inside(`dd if=/dev/zero of=${hub.dataDir}/fill bs=4k count=2000 2>/dev/null || true`);
    await until("it is told", async () => {
      const statuses = await busy(hub);
      return statuses[1] === 503 && statuses[2] === 503;
    });
    const health = await hub.health();
    assert.deepEqual([health.status, health.faults?.[0]?.what], ["degraded", "The hub's disk is full"]);
    const login = (await (await hub.login()).json()) as { detail: string };
    assert.match(login.detail, /You cannot be signed in now\. The hub's disk is full/);
    await wait(3000);
    tellSilence(t, "disk full", picture);
    inside(`rm ${hub.dataDir}/fill`);
    await until("it heals", async () => (await hub.health()).status === "ok");
    assert.deepEqual(await busy(hub), [401, 200, 201, 200]);
    tellSilence(t, "disk full and after", picture);
    assert.equal((await hub.call("POST", "api/v1/logout")).status, 204);
  });
});
