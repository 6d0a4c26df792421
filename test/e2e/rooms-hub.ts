/**
 * A hub in a network of its own, for `rooms.test.ts` and `room-keys.test.ts`: `node rooms-hub.ts <folder>` with `doorward.yaml` in it. Reads one JSON
 * object a line from standard input and answers each with one.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { configSchema } from "../../src/config.ts";
import { ConfigFile } from "../../src/hub/config-file.ts";
import type { DeviceInfo } from "../../src/hub/state.ts";
import { startHub } from "../../src/main.ts";
import type { RecordedSpeech } from "../../src/media/speech.ts";
import { systemClock } from "../../src/util/clock.ts";
import { createLog, type LogLevel } from "../../src/util/log-pino.ts";

/** What it can be asked. */
export type Asked =
  /** Says a WAV file (16 kHz, mono) to everybody; answers when it was heard. */
  | { readonly ask: "say"; readonly wav: string; readonly priority?: 0 | 1 | 2 }
  /** Lets a station in by a token of its own. */
  | { readonly ask: "letIn"; readonly id: string; readonly token: string; readonly address: string }
  /** Lets the station in that waits. */
  | { readonly ask: "approve" }
  | { readonly ask: "state" };

type Delivery = NonNullable<DeviceInfo["delivery"]>;

/** Its answer to `state`. */
export interface RoomsState {
  readonly stations: readonly {
    readonly id: string;
    readonly name: string;
    readonly phase: string;
    readonly delivery?: Delivery;
  }[];
  /** Where it is asked. */
  readonly url: string;
  readonly waiting: readonly string[];
  /** Whether anybody speaks. */
  readonly busy: boolean;
  readonly faults: readonly string[];
  readonly metrics: string;
}

const [folder = ""] = process.argv.slice(2);
const file = new ConfigFile({ path: join(folder, "doorward.yaml"), schema: configSchema, clock: systemClock });
const config = await file.read();
if (!config) throw new Error("no configuration");
const end = new AbortController();
const level = (process.env["DOORWARD_LOG"] as LogLevel | undefined) ?? "silent";
const running = await startHub({
  config: { ...config, http: { ...config.http, port: 0, httpsPort: 0 }, mdns: "off" },
  file,
  dataDir: join(folder, "data"),
  clock: systemClock,
  log: createLog({ level }),
  demo: false,
  signal: end.signal,
});
const { hub, httpUrl, setupCode } = running;
const headers = { "content-type": "application/json", "x-doorward": "1", origin: httpUrl.slice(0, -1) };
const setup = await fetch(`${httpUrl}api/v1/setup`, {
  method: "POST",
  headers,
  body: JSON.stringify({ code: setupCode, name: "Anna", password: "correct horse battery" }),
});
const cookie = setup.headers.getSetCookie()[0]?.split(";")[0] ?? "";
console.log("{}");

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line) as Asked)));
}
end.abort();
await running[Symbol.asyncDispose]();

async function answer(asked: Asked): Promise<unknown> {
  if (asked.ask === "say") return await say(asked.wav, asked.priority ?? 0);
  if (asked.ask === "approve") {
    const [one] = hub.reception.waiting();
    if (one) await hub.reception.approve(one.id, { legacy: true, by: "Anna" });
    return one ?? {};
  }
  if (asked.ask === "letIn") {
    const { ask: _, ...arrival } = asked;
    await hub.reception.letIn({ ...arrival, kind: "room", claims: true });
    return {};
  }
  const metrics = await fetch(`${httpUrl}metrics`, { headers: { cookie } });
  return {
    stations: hub.devices.list().map((device) => {
      const { delivery } = device.info();
      return { id: device.id, name: device.name, phase: device.state.phase, ...(delivery && { delivery }) };
    }),
    url: httpUrl,
    busy: hub.devices.list().some(({ id }) => hub.turns.holder(id).holder !== undefined),
    waiting: hub.reception.waiting().map(({ id }) => id),
    faults: hub.identity.faults.list().map(({ id }) => id),
    metrics: await metrics.text(),
  } satisfies RoomsState;
}

async function say(wav: string, priority: 0 | 1 | 2): Promise<unknown> {
  const bytes = (await readFile(wav)).subarray(44);
  const states: string[] = [];
  const turn = hub.turns.take({
    to: ["all"],
    talker: { id: "test", name: "Test" },
    priority,
    queue: true,
    source: recording(bytes),
    onState: ({ state }) => states.push(state),
  });
  await turn.done;
  return { states };
}

function recording(bytes: Uint8Array): RecordedSpeech {
  async function* frames() {
    for (let at = 0; at < bytes.length; at += 640) {
      yield { data: bytes.subarray(at, at + 640), timestampUs: (at / 640) * 20_000, durationUs: 20_000, key: true };
    }
  }
  return { live: false, open: async () => ({ frames: frames(), [Symbol.asyncDispose]: async () => {} }) };
}
