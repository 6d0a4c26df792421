import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { startAgentProcess } from "../e2e/agent-process.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";
import { documentedSecret, startCoturn } from "../peers/coturn.ts";
import { within } from "../within.ts";
import type { FarSight } from "./agent-far-hub.ts";
import { type PageSight, spokenHz } from "./agent-far-page.ts";
import { type FarNetOptions, openFarNet, signallingPort } from "./agent-net.ts";

// A camera's place and a hub's in network namespaces: through coturn with the documented configuration where no direct way
// connects them, and over a bad line.

interface Scene extends FarNetOptions {
  /** A TURN server in the middle; by this secret at the hub. */
  readonly turn?: string;
  readonly seconds?: number;
  /** How long a first picture is waited for. */
  readonly patienceS?: number;
  readonly speak?: boolean;
  /** Chromium beside the hub watches and speaks. */
  readonly page?: boolean;
}

const source = "test:?size=640x360&fps=20&gop=2&tone=440";

/** What the hub or its page sees, what coturn said, and the samples that sounded at the agent's loudspeaker. */
async function play<Sight = FarSight>(scene: Scene) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const net = stack.use(await openFarNet(scene));
  const { agent, hub, middle } = net;
  const listening = ["--listening-ip", agent.gateway, "--listening-ip", hub.gateway];
  const coturn = scene.turn === undefined ? undefined : stack.use(await startCoturn({ ...middle, options: listening }));
  const turn = (gateway: string) => `turn:${gateway}:3478?transport=udp`;
  const servers = coturn
    ? ["--turn", turn(hub.gateway), "--agent-turn", turn(agent.gateway), "--secret", scene.turn ?? ""]
    : [];
  const { seconds = 5, patienceS = 15 } = scene;
  const times = ["--seconds", `${seconds}`, "--patience", `${patienceS}`, ...(scene.speak ? ["--speak"] : [])];
  if (scene.page) times.push("--page");
  const sees = runHub<Sight>(hub.through, [...servers, ...times], stack);
  await within("the hub is ready", sees.ready, 30_000);
  const wav = join(folder, "out.wav");
  const place = ["--backend", `ws://${agent.gateway}:${signallingPort}/ws/device`, "--device-id", "shed"];
  const media = ["--source", source, "--speaker", `file:${wav}`, "--state", join(folder, "agent.json")];
  stack.use(startAgentProcess([...place, ...media], {}, agent.through));
  const sight = await within("the hub watched", sees.sight, (seconds + patienceS + 30) * 1000);
  const heard = scene.speak || scene.page ? (await readFile(wav)).subarray(44) : Buffer.alloc(0);
  const samples = Int16Array.from({ length: heard.length >> 1 }, (_, i) => heard.readInt16LE(i * 2));
  const loud = samples.filter((sample) => Math.abs(sample) > 500);
  return { sight, samples, loud, said: coturn?.said() ?? "" };
}

function runHub<Sight>(through: readonly string[], options: readonly string[], stack: AsyncDisposableStack) {
  const command = [...through, process.execPath, join(import.meta.dirname, "agent-far-hub.ts"), ...options];
  const child = spawn(command[0] ?? "", command.slice(1), {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  stack.defer(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const ready = lines.next();
  const sight = ready.then(async () => JSON.parse(String((await lines.next()).value)) as Sight);
  return { ready, sight };
}

/** Of the middle of what sounds, Hz. */
function pitchOf(samples: Int16Array): number {
  const first = samples.findIndex((sample) => Math.abs(sample) > 1000);
  if (first < 0) return 0;
  const second = samples.subarray(first + 24_000, first + 72_000);
  return second.filter((sample, i) => sample >= 0 && (second[i - 1] ?? 0) < 0).length;
}

describe("a camera agent beyond the network", () => {
  it("shows, and speaks, through TURN where no direct way connects it", async (t) => {
    const { sight, loud, said } = await play({ passes: false, turn: documentedSecret, seconds: 8, speak: true });
    t.diagnostic(JSON.stringify({ ...sight, loud: loud.length }));
    assert.ok(sight.frames > 130 && sight.sound > 200, "picture and sound come");
    assert.ok((sight.firstMs ?? Number.POSITIVE_INFINITY) < 5000);
    assert.equal(sight.said, 202);
    assert.ok(loud.length > 4000, "the chime is heard at the agent's loudspeaker");
    assert.match(said, /ALLOCATE processed, success/);
  });

  it("is shown on the hub's page, and hears who speaks there, through TURN", async (t) => {
    const { sight, samples, said } = await play<PageSight>({ passes: false, turn: documentedSecret, page: true });
    const hz = pitchOf(samples);
    t.diagnostic(JSON.stringify({ ...sight, hz }));
    assert.equal(sight.width, 640);
    assert.ok(sight.frames > 5 * 20 * 0.9, "the picture moves on the wall");
    assert.ok(sight.ways.length > 0 && !sight.ways.includes("relay"), "the browser reaches the hub directly");
    assert.ok(Math.abs(hz - spokenHz) < 15, "the words are heard at the agent's loudspeaker");
    assert.match(said, /ALLOCATE processed, success/);
  });

  it("shows nothing without TURN, nor by a wrong secret, which coturn refuses", async () => {
    const without = await play({ passes: false, patienceS: 8 });
    assert.equal(without.sight.frames, 0);
    const wrong = await play({ passes: false, turn: "a secret that is not coturn's", patienceS: 8 });
    assert.equal(wrong.sight.frames, 0);
    assert.match(wrong.said, /error 401/);
    assert.doesNotMatch(wrong.said, /ALLOCATE processed, success/);
  });

  for (const [name, scene] of [
    ["directly", { passes: true }],
    ["through TURN", { passes: false, turn: documentedSecret }],
  ] as const) {
    it(`stands still at most 3 % of the time at 5 % loss and 40 ms, ${name}`, async (t) => {
      const { sight } = await play({ ...scene, impaired: { loss: 0.05, delayMs: 40 }, seconds: 30 });
      t.diagnostic(JSON.stringify(sight));
      assert.ok(sight.frames > 30 * 20 * 0.95, `${sight.frames} frames`);
      assert.ok(sight.frozen <= 0.03, `${(sight.frozen * 100).toFixed(1)} % still`);
      assert.ok(sight.longestGapMs < 2000);
    });
  }
});
