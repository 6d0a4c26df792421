import { parseArgs } from "node:util";
import type { Track } from "../../src/media/track.ts";
import { systemClock } from "../../src/util/clock.ts";
import { startRig, until } from "../e2e/hub-rig.ts";
import { lookAndSpeak } from "./agent-far-page.ts";

// A hub in a network namespace: waits for the agent "shed", watches it, speaks to it, and says what it saw as lines of JSON.
// With `--page` it is Chromium beside the hub that watches and speaks, on the hub's page.

/** What the hub saw of an agent. */
export interface FarSight {
  /** From asking to the first frame, ms; undefined when none came. */
  readonly firstMs?: number;
  readonly frames: number;
  readonly sound: number;
  /** Share of the time in which the picture stood still, as browsers count it (a gap of thrice the usual, and 150 ms more). */
  readonly frozen: number;
  readonly longestGapMs: number;
  /** How the saying went. */
  readonly said?: number;
}

interface Arrival {
  readonly atMs: number;
  /** Its own time, on the hub's clock. */
  readonly ofMs: number;
}

const bufferMs = 200;

const { values } = parseArgs({
  options: {
    secret: { type: "string", default: "" },
    turn: { type: "string" },
    "agent-turn": { type: "string" },
    seconds: { type: "string", default: "5" },
    speak: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    patience: { type: "string", default: "15" },
  },
});
const { turn, secret } = values;
const servers = turn === undefined ? "" : `whep: { turn: { urls: ["${turn}"], secret: "${secret}" } }\n`;
const theirs = values["agent-turn"] === undefined ? "" : `, agentTurnUrls: ["${values["agent-turn"]}"]`;
const config = `enrolment: open\nsignalling: { host: 0.0.0.0, port: 8000${theirs} }\n${servers}devices: {}\n`;

await using rig = await startRig(config);
say({ ready: true });
const { devices } = rig.running.hub;
await until("the agent is there", async () => devices.get("shed"));
const device = devices.get("shed");
const beganMs = now();
if (values.page) say(await lookAndSpeak(rig, { device: "shed", seconds: Number(values.seconds) }));
else say(await sight());

async function sight(): Promise<FarSight> {
  using _wanted = device?.demand();
  const track = await first();
  return track ? await watch(track) : { frames: 0, sound: 0, frozen: 1, longestGapMs: 0 };
}

async function first() {
  const endMs = beganMs + Number(values.patience) * 1000;
  for (;;) {
    const video = device?.track("video");
    if (video && video.counters.frames > 0) return video;
    if (now() > endMs) return undefined;
    await systemClock.sleep(10);
  }
}

async function watch(track: Track): Promise<FarSight> {
  const firstMs = now() - beganMs;
  const came: Arrival[] = [];
  const end = new AbortController();
  using reader = track.read();
  const reading = (async () => {
    for await (const { timestampUs } of reader) came.push({ atMs: now(), ofMs: timestampUs / 1000 });
  })();
  const saying = values.speak
    ? rig.call("POST", "api/v1/say", { to: "device:shed", chime: "doorbell" }).then(({ status }) => status)
    : undefined;
  await systemClock.sleep(Number(values.seconds) * 1000);
  reader[Symbol.dispose]();
  end.abort();
  await reading.catch(() => {});
  const said = await saying;
  const shown = played(came);
  const gaps = shown.slice(1).map((at, i) => at - (shown[i] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const still = gaps.filter((gap) => gap > Math.max(3 * mean, mean + 150)).reduce((sum, gap) => sum + gap, 0);
  return {
    firstMs: Math.round(firstMs),
    frames: came.length,
    sound: device?.track("audio")?.counters.frames ?? 0,
    frozen: still / ((shown.at(-1) ?? 0) - (shown[0] ?? 0)),
    longestGapMs: Math.round(Math.max(...gaps)),
    ...(said !== undefined && { said }),
  };
}

/**
 * When a browser shows them: its jitter buffer holds each so long that one that was sent again is still in time, over a line of
 * 80 ms there and back. The first ones, which were there already, are left out.
 */
function played(came: readonly Arrival[]): number[] {
  const live = came.slice(60);
  const fastest = Math.min(...live.map(({ atMs, ofMs }) => atMs - ofMs));
  return live.reduce<number[]>((shown, { atMs, ofMs }) => {
    shown.push(Math.max(atMs, ofMs + fastest + bufferMs, shown.at(-1) ?? 0));
    return shown;
  }, []);
}

function now(): number {
  return performance.now();
}

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}
