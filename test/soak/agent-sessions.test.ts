import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { childrenOf, rssMb } from "../../bench/process-figures.ts";
import { opusFormat } from "../../src/media/format.ts";
import { Track } from "../../src/media/track.ts";
import type { PublishWorker } from "../../src/media/viewer.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createPublishWorker } from "../../src/workers/webrtc/publish.ts";
import { type AgentProcess, startAgentProcess } from "../e2e/agent-process.ts";
import { until } from "../e2e/hub-rig.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";
import { type AgentBackend, startAgentBackend } from "../peers/agent-backend.ts";

const sessions = 1000;
/** Each from a UDP port of its own, as browsers are. */
const atOnce = 8;
/** By then a viewer has reported what it got: one that falls silent afterwards is noticed within seconds. */
const reportedMs = 1200;
const suite = new AsyncDisposableStack();
let backend: AgentBackend;
let agent: AgentProcess;

before(async () => {
  const folder = suite.use(await temporaryFolder()).path;
  backend = suite.use(await startAgentBackend());
  const names = ["--backend", backend.url, "--device-id", "shed", "--state", join(folder, "agent.json")];
  const media = [
    "--source",
    "test:?size=160x120&fps=10",
    "--mic",
    "test",
    "--speaker",
    `file:${join(folder, "x.wav")}`,
  ];
  agent = suite.use(startAgentProcess([...names, ...media]));
  await backend.agent;
});

after(() => suite.disposeAsync());

type Ending = "watch ended" | "viewer vanished" | "never answered" | "candidates before the offer" | "ended at once";
const endings: readonly Ending[] = [
  "watch ended",
  "viewer vanished",
  "never answered",
  "candidates before the offer",
  "ended at once",
  ...(["watch ended", "never answered", "candidates before the offer", "ended at once"] as const),
  ...(["watch ended", "never answered", "candidates before the offer", "ended at once"] as const),
  ...(["watch ended", "never answered", "candidates before the offer", "ended at once"] as const),
];

/** One viewer, from its coming to its end. */
async function watch(ending: Ending, peers: PublishWorker): Promise<void> {
  const session = backend.watch();
  if (ending === "never answered") return session.say("watch_ended", { reason: "timeout" });
  const sound = new Track(opusFormat, { id: session.id, clock: systemClock });
  const first = Promise.withResolvers<void>();
  const onTrack = () => ({ write: () => first.resolve(), updateFormat: () => {} });
  await using peer = await peers.ask({ onTrack, sound });
  if (ending === "candidates before the offer") {
    for (let n = 0; n < 70; n++) session.say("signal_ice", { candidate: { candidate: `candidate:${n}`, sdpMid: "0" } });
  }
  session.say("signal_offer", { sdp: { type: "offer", sdp: peer.offerSdp } });
  if (ending === "ended at once") return session.say("watch_ended", { reason: "user_ended" });
  const { sdp } = (await session.next("signal_answer")).payload as { readonly sdp: { readonly sdp: string } };
  for (const candidate of await peer.answered(sdp.sdp)) session.say("signal_ice", { candidate });
  await first.promise;
  sound.write({
    data: Uint8Array.of(0xf8, 0xff, 0xfe),
    timestampUs: systemClock.nowUs(),
    durationUs: 20_000,
    key: true,
  });
  if (ending === "viewer vanished") {
    await systemClock.sleep(reportedMs);
    await peer[Symbol.asyncDispose]();
    await session.next("end_watch");
  } else session.say("watch_ended", { reason: "user_ended" });
  sound.close();
}

async function watchMany(count: number): Promise<void> {
  let begun = 0;
  const viewer = async () => {
    await using peers = createPublishWorker({ clock: systemClock, log: silentLog });
    while (begun < count) {
      if (begun % 100 === 0) process.stderr.write(`${begun} sessions\n`);
      await watch(endings[begun++ % endings.length]!, peers);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, viewer));
}

/** What the agent and its processes hold now. */
function held(): Readonly<
  Record<string, { readonly files: number; readonly threads: number; readonly rssMb: number }>
> {
  const all = [{ pid: agent.pid, command: "agent" }, ...childrenOf(agent.pid)];
  const figures = all.map(({ pid, command }) => {
    const threads = Number(/Threads:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
    const name = /workers.(\w+)/.exec(command)?.[1] ?? "agent";
    return [name, { files: readdirSync(`/proc/${pid}/fd`).length, threads, rssMb: Math.round(rssMb(pid)) }] as const;
  });
  return Object.fromEntries(figures);
}

const idle = () => until("nobody watches", async () => agent.said().trimEnd().endsWith("nobody watches"));

describe("an agent that was watched a thousand times", () => {
  it("holds no more files, threads or memory than after a hundred", { timeout: 1_200_000 }, async (t) => {
    await watchMany(100);
    await idle();
    const before = held();
    await watchMany(sessions);
    await idle();
    const behind = held();
    t.diagnostic(`after 100: ${JSON.stringify(before)}; after ${sessions} more: ${JSON.stringify(behind)}`);
    for (const [name, { files, threads, rssMb: mb }] of Object.entries(behind)) {
      const was = before[name];
      assert.ok(was, name);
      assert.ok(files <= was.files + 3, `${name}: ${was.files} files became ${files}`);
      assert.ok(threads <= was.threads + 2, `${name}: ${was.threads} threads became ${threads}`);
      assert.ok(mb < was.rssMb + 40, `${name}: ${was.rssMb} MB became ${mb}`);
    }
  });

  it("ends the sessions of viewers whose machine is gone", { timeout: 120_000 }, async (t) => {
    await using lost = createPublishWorker({ clock: systemClock, log: silentLog });
    const session = backend.watch();
    const first = Promise.withResolvers<void>();
    const peer = await lost.ask({ onTrack: () => ({ write: () => first.resolve(), updateFormat: () => {} }) });
    session.say("signal_offer", { sdp: { type: "offer", sdp: peer.offerSdp } });
    const { sdp } = (await session.next("signal_answer")).payload as { readonly sdp: { readonly sdp: string } };
    for (const candidate of await peer.answered(sdp.sdp)) session.say("signal_ice", { candidate });
    await first.promise;
    const workers = childrenOf(process.pid).filter(({ command }) => command.includes("webrtc"));
    const goneMs = systemClock.wallMs();
    process.kill(workers.at(-1)?.pid ?? 0, "SIGKILL");
    await session.next("end_watch");
    t.diagnostic(`ended ${systemClock.wallMs() - goneMs} ms after its viewer's process was killed`);
  });
});
