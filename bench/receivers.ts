import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { BenchHub } from "./hub.ts";
import type { Tap } from "./tap.ts";
import type { FromViewers, ToViewers } from "./viewer.ts";

/** Options of {@link openReceivers}. */
export interface ReceiversOptions {
  readonly device: string;
  readonly kind: "video" | "audio";
  readonly count: number;
  /** Over how many processes they are spread; 1 by default. */
  readonly processes?: number;
  /** How many of them look at each packet; none by default. */
  readonly listening?: number;
  /** Hears of what one viewer gets before that does. */
  readonly tap?: Tap;
}

/** Viewers of a hub's device in processes of their own, connected by WHEP. Their owner disposes them. */
export interface Receivers extends AsyncDisposable {
  /** Session of each at the hub, by their order. */
  readonly sessions: readonly string[];
  /** Counts for so long; gives the delays in ms, from each stamp to the arrival of the frame's last packet, at the tap if there is one. */
  listen(durationMs: number): Promise<{ readonly delaysMs: readonly number[]; readonly lost: number }>;
}

/** Longest wait for one viewer. */
const connectMs = 15_000;

/** Opens them one after the other, a few at a time. Throws when one is not connected in 15 s. */
export async function openReceivers(hub: BenchHub, options: ReceiversOptions): Promise<Receivers> {
  const { count, device, kind, listening = 0, tap } = options;
  await using opened = new AsyncDisposableStack();
  const children = Array.from({ length: options.processes ?? 1 }, startViewers);
  opened.defer(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  const locations = new Map<number, string>();
  const connected = new Set<number>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  for (const child of children) {
    child.on("message", (message: FromViewers) => {
      if (message.type === "connected") connected.add(message.id);
      else if (message.type === "offer") {
        answer(hub, { child, device, offer: message, locations, tap }).catch(failed.reject);
      }
    });
  }
  const until = async (condition: () => boolean) => {
    for (let waitedMs = 0; !condition(); waitedMs += 5) {
      if (waitedMs > connectMs) throw new Error(`viewers did not connect: ${connected.size} of ${count}`);
      await Promise.race([wait(5), failed.promise]);
    }
  };
  for (let id = 0; id < count; id++) {
    children[id % children.length]!.send({ type: "open", id, kind, listens: id < listening } satisfies ToViewers);
    await until(() => connected.size >= id - 5);
  }
  await until(() => connected.size === count);
  const owned = opened.move();
  return {
    sessions: Array.from({ length: count }, (_, id) => locations.get(id)!.split("/").at(-1)!),
    listen: async (durationMs) => {
      for (const child of children) child.send({ type: "begin" } satisfies ToViewers);
      await wait(durationMs);
      const reports = await Promise.all(children.map(report));
      return {
        delaysMs: reports.flatMap(({ delaysMs, written }) => (tap ? delaysAt(tap, written) : delaysMs)),
        lost: reports.reduce((sum, { lost }) => sum + lost, 0),
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const location of locations.values()) await hub.call(location.slice(1), { method: "DELETE" });
      await owned.disposeAsync();
    },
  };
}

function delaysAt({ arrivals }: Tap, written: ReadonlyMap<number, number>): number[] {
  return [...written].flatMap(([timestamp, writtenUs]) => {
    const atUs = arrivals.get(timestamp);
    return atUs === undefined ? [] : [(atUs - writtenUs) / 1000];
  });
}

function startViewers(): ChildProcess {
  return fork(new URL("./viewer.ts", import.meta.url), [], { serialization: "advanced", execArgv: [] });
}

async function answer(
  hub: BenchHub,
  what: {
    readonly child: ChildProcess;
    readonly device: string;
    readonly offer: Extract<FromViewers, { type: "offer" }>;
    readonly locations: Map<number, string>;
    readonly tap: Tap | undefined;
  },
): Promise<void> {
  const { child, device, offer, locations, tap } = what;
  const before = locations.get(offer.id);
  if (before) await hub.call(before.slice(1), { method: "DELETE" });
  const session = await openWhep(hub, { device, offerSdp: tap?.offer(offer.sdp) ?? offer.sdp });
  locations.set(offer.id, session.location);
  const sdp = tap?.answer(session.answerSdp) ?? session.answerSdp;
  child.send({ type: "answer", id: offer.id, sdp } satisfies ToViewers);
}

/** Begins to watch by WHEP. `location` is the session's path. Throws what the hub answers instead. */
export async function openWhep(
  hub: BenchHub,
  what: { readonly device: string; readonly offerSdp: string },
): Promise<{ readonly answerSdp: string; readonly location: string }> {
  const init = { method: "POST", type: "application/sdp", body: what.offerSdp };
  const reply = await hub.call(`whep/${what.device}`, init);
  const text = await reply.text();
  if (reply.status !== 201) throw new Error(`${what.device} cannot be watched: ${reply.status} ${text}`);
  return { answerSdp: text, location: reply.headers.get("location")! };
}

async function report(child: ChildProcess): Promise<Extract<FromViewers, { type: "report" }>> {
  child.send({ type: "report" } satisfies ToViewers);
  for (;;) {
    const [message] = (await once(child, "message")) as [FromViewers];
    if (message.type === "report") return message;
  }
}
