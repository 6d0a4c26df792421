import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import type { FromProbe } from "./hub-probe.ts";
import { type FloorPage, openFloorPage } from "./page-socket.ts";
import { openReceivers, openWhep } from "./receivers.ts";
import { atLeast, atMost, type BenchResult } from "./result.ts";
import type { FromTalkers, ToTalkers } from "./talkers.ts";

const videoViewers = 200;
const contenders = 10;
const decisions = 400;
const decisionEveryMs = 25;
const rounds = 10;
/** Long enough for the winner's voice to reach the speaker, and for the last one's to be played out. */
const roundMs = 600;
const speaker = "speaker";

/**
 * Who may speak, decided through the page's WebSocket while 200 viewers watch another camera of the same hub; then ten who
 * ask at the same time for one speaker, all of them sending sound.
 */
export async function run(): Promise<BenchResult> {
  const clip = makeClip(1);
  await using watched = await startCamera("stamped-rtsp", clip);
  await using camera = await startCamera("clip-rtsp", clip);
  await using hub = await startHub({
    execArgv: ["--import", new URL("./hub-probe.ts", import.meta.url).href],
    devices: {
      watched: watched.address,
      [speaker]: { address: camera.address, warm: true, options: { backchannel: "warm" } },
    },
  });
  await using _viewers = await openReceivers(hub, {
    device: "watched",
    kind: "video",
    count: videoViewers,
    processes: 2,
  });
  await using talkers = await openTalkers(hub);
  using open = new DisposableStack();
  const pages = await Promise.all(talkers.sessions.map(async () => open.use(await openFloorPage(hub))));
  await wait(1500);
  await probed(hub);
  const seenMs = await decide(pages, talkers.sessions);
  const hubMs = (await probed(hub)).map((us) => us / 1000);
  await wait(roundMs);
  await camera.heard();
  const contests: Contest[] = [];
  for (let n = 0; n < rounds; n++) {
    contests.push(await contest(pages, { sessions: talkers.sessions, heard: () => camera.heard() }));
  }
  const refusedMs = contests.flatMap((one) => one.refusedMs);
  const good = contests.filter(
    ({ granted, voices }) => granted.length === 1 && voices.every((id) => id === granted[0]),
  );
  return {
    name: "floor",
    rows: [
      atMost("decision in the hub, 200 viewers: p50", {
        value: round(percentile(hubMs, 50), 3),
        unit: "ms",
        reach: 0.3,
      }),
      atMost("decision in the hub, 200 viewers: p99", { value: round(percentile(hubMs, 99), 2), unit: "ms", reach: 3 }),
      { what: "as the page sees it: p50", value: round(percentile(seenMs, 50), 2), unit: "ms" },
      { what: "as the page sees it: p99", value: round(percentile(seenMs, 99), 2), unit: "ms" },
      atLeast("ten contenders, rounds of 10 in which one alone was granted and heard", {
        value: good.filter(({ voices }) => voices.length > 0).length,
        unit: "",
        reach: rounds,
      }),
      atLeast("ten contenders, refusals", { value: refusedMs.length, unit: "", reach: rounds * (contenders - 1) }),
      atMost("ten contenders, slowest refusal", { value: round(Math.max(...refusedMs), 2), unit: "ms", reach: 20 }),
    ],
  };
}

/** One after the other, each by another page; every floor is given back before the next is asked for. */
async function decide(pages: readonly FloorPage[], sessions: readonly string[]): Promise<number[]> {
  const tookMs: number[] = [];
  for (let n = 0; n < decisions; n++) {
    const index = n % pages.length;
    const answer = await pages[index]!.take(speaker, sessions[index]!);
    if (answer.state !== "granted") throw new Error(`the floor was free, but: ${answer.state} ${answer.reason}`);
    tookMs.push(answer.tookMs);
    await pages[index]!.release(speaker);
    await wait(decisionEveryMs);
  }
  return tookMs;
}

interface Contest {
  readonly granted: readonly number[];
  readonly refusedMs: readonly number[];
  readonly voices: readonly number[];
}

async function contest(
  pages: readonly FloorPage[],
  how: { readonly sessions: readonly string[]; heard(): Promise<readonly number[]> },
): Promise<Contest> {
  const answers = await Promise.all(pages.map((page, index) => page.take(speaker, how.sessions[index]!)));
  const granted = answers.flatMap(({ state }, index) => (state === "granted" ? [index] : []));
  await wait(roundMs);
  for (const index of granted) await pages[index]!.release(speaker);
  await wait(roundMs);
  return {
    granted,
    refusedMs: answers.filter(({ state }) => state === "refused").map(({ tookMs }) => tookMs),
    voices: await how.heard(),
  };
}

async function probed(hub: BenchHub): Promise<readonly number[]> {
  hub.child.send({ type: "report" });
  const [message] = (await once(hub.child, "message")) as [FromProbe];
  return message.tookUs;
}

interface Talkers extends AsyncDisposable {
  readonly sessions: readonly string[];
}

async function openTalkers(hub: BenchHub): Promise<Talkers> {
  const child: ChildProcess = fork(new URL("./talkers.ts", import.meta.url), [], { execArgv: [] });
  const sessions = new Map<number, string>();
  const connected = new Set<number>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  child.on("message", (message: FromTalkers) => {
    if (message.type === "connected") connected.add(message.id);
    else {
      const { id, sdp: offerSdp } = message;
      openWhep(hub, { device: speaker, offerSdp }).then(({ answerSdp, location }) => {
        sessions.set(id, location.split("/").at(-1)!);
        child.send({ type: "answer", id, sdp: answerSdp } satisfies ToTalkers);
      }, failed.reject);
    }
  });
  for (let id = 0; id < contenders; id++) child.send({ type: "open", id } satisfies ToTalkers);
  for (let waitedMs = 0; connected.size < contenders; waitedMs += 20) {
    if (waitedMs > 15_000) throw new Error(`talkers did not connect: ${connected.size} of ${contenders}`);
    await Promise.race([wait(20), failed.promise]);
  }
  return {
    sessions: Array.from({ length: contenders }, (_, id) => sessions.get(id)!),
    [Symbol.asyncDispose]: async () => void child.kill("SIGKILL"),
  };
}

if (import.meta.main) console.table((await run()).rows);
