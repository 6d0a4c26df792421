import assert from "node:assert/strict";
import { it } from "node:test";
import { makeHouse } from "../../test/scripted-house.ts";
import type { RecordedSpeech, SpeechSource } from "../media/speech.ts";
import { silentLog } from "../util/log.ts";
import type { TurnRequest } from "./api.ts";
import type { Priority } from "./floors.ts";
import { Rings } from "./rings.ts";

const kinds = ["browser", "camera", "room station", "text", "chime"] as const;
const priorities = [0, 1, 2] as const;
const either = [false, true] as const;

/** One situation at one speaker. */
interface Row {
  readonly priority: Priority;
  readonly doNotDisturb: boolean;
  readonly muted: boolean;
  /** Who asked before, if anybody. */
  readonly holder: { readonly priority: Priority; readonly recorded: boolean } | undefined;
  readonly kind: (typeof kinds)[number];
  readonly queue: boolean;
}

/** What is to come of it. */
interface Outcome {
  readonly answer: string;
  /** What the speaker played of the newcomer and, after they asked, of who spoke before. */
  readonly newcomerHeard: boolean;
  readonly holderHeardOn: boolean;
  readonly holderTold: string | undefined;
  /** What a granted newcomer is told of the speaker. */
  readonly hearing: string | undefined;
}

function everyRow(): readonly Row[] {
  const holders = [undefined, ...priorities.flatMap((priority) => either.map((recorded) => ({ priority, recorded })))];
  return priorities.flatMap((priority) =>
    either.flatMap((doNotDisturb) =>
      either.flatMap((muted) =>
        holders.flatMap((holder) =>
          kinds.flatMap((kind) => either.map((queue) => ({ priority, doNotDisturb, muted, holder, kind, queue }))),
        ),
      ),
    ),
  );
}

/**
 * The rule, said once more: only an emergency gets past do-not-disturb and mute; whoever has a strictly higher priority takes
 * the floor, everybody else waits if they want to; a station whose group hears it needs nothing of us to be heard.
 */
function ruled({ priority, doNotDisturb, muted, holder, kind, queue }: Row): Outcome {
  const admitted = (urgent: Priority) => urgent === 2 || !doNotDisturb;
  const audible = (urgent: Priority) => urgent === 2 || !muted;
  // A recording at a speaker that is muted has nothing to wait for.
  const speaking =
    holder && admitted(holder.priority) && (audible(holder.priority) || !holder.recorded) ? holder : undefined;
  const wins = !speaking || speaking.priority < priority;
  const granted = admitted(priority) && wins;
  const answer = !admitted(priority)
    ? "refused do-not-disturb"
    : granted
      ? "granted"
      : queue
        ? "queued 1"
        : "refused held";
  return {
    answer,
    newcomerHeard: granted && kind !== "room station" && audible(priority),
    holderHeardOn: speaking !== undefined && !granted && audible(speaking.priority),
    holderTold: speaking && (granted ? "pre-empted" : "granted"),
    hearing: !granted ? undefined : kind === "room station" || audible(priority) ? "playing" : "muted",
  };
}

/** A recording that says `word` again whenever it is asked to go on. */
function endless(word: string) {
  let more = Promise.withResolvers<void>();
  const source: RecordedSpeech = {
    live: false,
    open: async () => {
      async function* frames() {
        for (;;) {
          yield { data: Buffer.from(word), timestampUs: 0, key: true };
          await more.promise;
          more = Promise.withResolvers();
        }
      }
      return { frames: frames(), [Symbol.asyncDispose]: async () => {} };
    },
  };
  return { source, say: () => more.resolve() };
}

async function played(row: Row): Promise<Outcome> {
  const { clock, route, devices, words, talker } = makeHouse(["front"]);
  const device = devices.get("front");
  assert.ok(device);
  device.configure({ ...device.settings, doNotDisturb: row.doNotDisturb, muted: row.muted });
  route.follow(device);
  /** Somebody with a microphone or a recording, who can say one more word. */
  const someone = (name: string, how: { readonly recorded: boolean; readonly asks: Partial<TurnRequest> }) => {
    const recording = endless(name);
    const source: Partial<{ source: SpeechSource }> = how.recorded ? { source: recording.source } : {};
    const person = talker(name, { ...how.asks, ...source });
    return { ...person, say: () => (how.recorded ? recording.say() : person.say(name)) };
  };
  const holder =
    row.holder && someone("old", { recorded: row.holder.recorded, asks: { priority: row.holder.priority } });
  if (holder) route.take(holder.request);
  await clock.advance(10);
  holder?.say();
  await clock.advance(10);
  const before = words("front").length;
  const recorded = row.kind === "text" || row.kind === "chime";
  const { priority, queue } = row;
  const hears = row.kind === "room station" ? { hears: () => true } : {};
  const newcomer = someone("new", { recorded, asks: { priority, queue, ...hears } });
  if (row.kind === "chime" && queue) ring(newcomer.request);
  else route.take(newcomer.request);
  const answer = newcomer.states[0];
  await clock.advance(10);
  newcomer.say();
  holder?.say();
  await clock.advance(10);
  const since = words("front").slice(before);
  const lastTold = holder?.states.at(-1);
  const held = holder?.states[0]?.state === "granted" && lastTold?.state !== "released";
  return {
    answer: [
      answer?.state,
      ...(answer && "reason" in answer ? [answer.reason] : []),
      ...(answer && "position" in answer ? [answer.position] : []),
    ].join(" "),
    newcomerHeard: since.includes("new"),
    holderHeardOn: since.includes("old"),
    holderTold: held ? lastTold?.state : undefined,
    hearing: answer?.state === "granted" ? newcomer.heardBy()["front"] : undefined,
  };

  function ring(request: TurnRequest): void {
    const chimes = {
      get: () => ({ name: "doorbell", builtIn: true, seconds: 1 }),
      sound: () => request.source as RecordedSpeech,
    };
    new Rings({ turns: route, chimes, reached: () => ["front"], clock, log: silentLog }).ring(request);
  }
}

it("the floor does what the rule says, in every situation at a speaker", async (t) => {
  const rows = everyRow();
  const wrong: unknown[] = [];
  for (const row of rows) {
    const [is, shall] = [await played(row), ruled(row)];
    if (JSON.stringify(is) !== JSON.stringify(shall)) wrong.push({ row, is, shall });
  }
  t.diagnostic(`${rows.length} rows, ${rows.length - wrong.length} as ruled`);
  assert.deepEqual(wrong, []);
});
