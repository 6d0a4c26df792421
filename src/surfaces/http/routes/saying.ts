import { Readable } from "node:stream";
import { z } from "zod";
import type { Hearing, Turn, TurnState } from "../../../hub/api.ts";
import type { ChannelId } from "../../../hub/channel.ts";
import { type HolderInfo, holderInfoSchema } from "../../../hub/state.ts";
import { callerOf } from "../../../identity/behalf.ts";
import { pcmFormat } from "../../../media/format.ts";
import { type FoundSound, findSound } from "../../../media/found.ts";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { background } from "../../../util/background.ts";
import type { Clock } from "../../../util/clock.ts";
import { DoorwardError, isAbort, messageOf } from "../../../util/errors.ts";
import { until } from "../../../util/until.ts";
import { addressed } from "../../addressed.ts";
import { notFound, Problem } from "../../problem.ts";
import type { Call } from "../../route.ts";
import { channelsOf } from "../../spoken-to.ts";
import type { HttpContext } from "../context.ts";

/** What is to be said through the API. */
export interface Saying {
  /** As somebody wrote it. */
  readonly to: readonly string[];
  readonly priority: 0 | 1 | 2;
  /** Wait in line while somebody else speaks there. */
  readonly queue: boolean;
  /** For log and audit. */
  readonly what: "text" | "file" | "url" | "upload" | "chime";
  /** Beside the loudness that each device is set to; 1 unless told. */
  readonly volume: number;
  /** The sound; asked for when it is known that somebody may be spoken to. What it holds is let go of by `over`. */
  source(over: AsyncDisposableStack): RecordedSpeech | Promise<RecordedSpeech>;
  /** What is answered when nothing could be played, by the code and the message of what was thrown. */
  noSound(code: string, why: string): Problem;
}

const hearingSchema = z.object({
  deviceId: z.string(),
  name: z.string(),
  state: z.string(),
  reason: z.string().optional(),
  code: z.string().optional(),
});

/** What routes answer that say something. */
export const sayingAnswers = {
  202: {
    description:
      "The sound was found and a speaker takes it (`granted`; `hearing` says which), or it waits in line (`queued`). With " +
      "`Accept: application/x-ndjson` a line for each change until it was said; hanging up then stops it",
    schema: z.object({
      state: z.enum(["granted", "queued"]),
      hearing: z.array(hearingSchema),
      position: z.number().optional().describe("1 for the next in line."),
      holder: holderInfoSchema.optional(),
    }),
  },
  409: {
    description:
      "Not said: somebody else speaks (`holder`) and it was not to wait, or the line is full, or nobody is to be disturbed",
  },
  413: { description: "The sound is too large" },
  422: {
    description: "There is no such sound, or it is not sound; or nobody who is meant has a speaker (`no-speaker`)",
  },
};

/** How long a source may take until it has given its first sound; nobody's speaker waits for it meanwhile. */
const findMs = 8000;
/** Longest that is said, and that it waits in line; nobody wants to hear more without having asked, or so late. */
const longestMs = 600_000;
const linesType = "application/x-ndjson";
/** More of what a slow reader has not read yet is left out: the next line says all that counts. */
const maxUnreadBytes = 65_536;

/** Finds the sound, takes the floor or a place in line, and answers as soon as somebody hears it or it waits. */
export async function sayAloud(
  call: Call<unknown, unknown, unknown>,
  how: { readonly context: HttpContext; readonly saying: Saying },
): Promise<unknown> {
  const { principal, signal, request, reply } = call;
  const { context, saying } = how;
  const { hub } = context;
  const { priority, what, queue } = saying;
  const to = channelsOf(saying.to, hub);
  const reached = to && addressed(hub, { principal, to, priority });
  if (!to || !reached) throw new Problem(404, notFound);
  const holder = holderOf(reached.reached, { hub, priority: reached.priority });
  if (holder && !queue) throw refused({ state: "refused", reason: "held", holder });
  await using held = new AsyncDisposableStack();
  // The sound first: the floor is not held for a source that gives none, or for a caller who is no longer there.
  const source = held.use(await find(atVolume(await saying.source(held), saying), { context, saying, to, signal }));
  const over = held.move();
  const begun = Promise.withResolvers<TurnState>();
  const lines = (request.headers.accept ?? "").includes(linesType) ? over.use(openLines()) : undefined;
  let heardBy: readonly Hearing[] = [];
  const limit = over.use(timeLimit(hub.clock, { ms: longestMs, onOver: () => turn.cancel() }));
  const shown = () => heardBy.map(({ lostFrames: _, ...one }) => ({ ...one, name: nameOf(hub, one.deviceId) }));
  const turn = hub.turns.take({
    ...reached,
    talker: { id: callerOf(principal), name: principal.name },
    queue,
    source,
    onState: (state) => {
      if (state.state === "granted") {
        heardBy = state.hearing;
        limit.begin();
      } else begun.resolve(state);
      if (state.state !== "granted") lines?.write({ ...state });
    },
    onHearing: (hearing) => {
      heardBy = hearing;
      lines?.write({ state: "granted", hearing: shown() });
      if (hearing.some(({ state }) => state === "playing")) begun.resolve({ state: "granted", hearing });
    },
  });
  over.use(hub.identity.attachments.attach(principal, () => turn.cancel()));
  background(
    turn.done.finally(() => over.disposeAsync()),
    (err) => hub.log.error({ err }, "what was said did not end cleanly"),
  );
  const state = await begunOrHungUp(begun.promise, { turn, signal });
  const waits = state.state === "queued";
  if (!waits && state.state !== "granted" && state.state !== "released") throw unheard(shown()) ?? refused(state);
  hub.identity.audit.record({ actor: principal.name, action: "say", subject: subjectOf(to), detail: what });
  if (!lines) return waits ? { ...state, hearing: [] } : { state: "granted", hearing: shown() };
  signal.addEventListener("abort", () => turn.cancel(), { once: true });
  return reply.code(202).type(linesType).send(lines.stream);
}

/** The same, louder or softer at every speaker; an emergency is never softer than the speakers are set. */
function atVolume(source: RecordedSpeech, { volume, priority }: Pick<Saying, "volume" | "priority">): RecordedSpeech {
  const factor = priority === 2 ? Math.max(1, volume) : volume;
  return { live: false, open: (output, how) => source.open(output, { ...how, gain: how.gain * factor }) };
}

/** Answers as lines of JSON. */
function openLines() {
  const stream = new Readable({ read: () => {} });
  return {
    stream,
    write: (line: Readonly<Record<string, unknown>>) => {
      if (!stream.readableEnded && stream.readableLength < maxUnreadBytes) stream.push(`${JSON.stringify(line)}\n`);
    },
    [Symbol.dispose]: () => {
      stream.push(null);
    },
  };
}

/** Time that runs out, first from now on, then from `begin`. */
function timeLimit(
  clock: Clock,
  { ms, onOver }: { readonly ms: number; readonly onOver: () => void },
): Disposable & { begin(): void } {
  let timer = clock.timer(ms, onOver);
  return {
    begin: () => {
      timer[Symbol.dispose]();
      timer = clock.timer(ms, onOver);
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}

function nameOf(hub: HttpContext["hub"], deviceId: string): string {
  return hub.devices.get(deviceId)?.name ?? deviceId;
}

/** Somebody who would not give way: no sound need be looked for. */
function holderOf(
  deviceIds: readonly string[],
  how: { readonly hub: HttpContext["hub"]; readonly priority: number },
): HolderInfo | undefined {
  const holders = deviceIds.map((id) => how.hub.turns.holder(id).holder);
  return holders.find((holder) => holder !== undefined && holder.priority >= how.priority);
}

/** What became of the turn as soon as somebody hears it, or nobody will; a caller who hangs up meanwhile ends it. */
async function begunOrHungUp(
  begun: Promise<TurnState>,
  how: { readonly turn: Turn; readonly signal: AbortSignal },
): Promise<TurnState> {
  try {
    return await until(begun, how);
  } catch (error) {
    how.turn.cancel();
    throw error;
  }
}

/** The sound, with its first frame at hand. What is wrong with it is told in one sentence; the log has the rest. */
async function find(
  source: RecordedSpeech,
  how: {
    readonly context: HttpContext;
    readonly saying: Saying;
    readonly to: readonly ChannelId[];
    readonly signal: AbortSignal;
  },
): Promise<FoundSound> {
  const { to, context } = how;
  const { hub } = context;
  const { what, noSound } = how.saying;
  const device = to.length === 1 && to[0]?.startsWith("device:") ? hub.devices.get(to[0].slice(7)) : undefined;
  const expected = device?.info().speaker?.formats[0];
  try {
    return await findSound(source, {
      format: expected?.codec === "pcm_s16le" ? pcmFormat(expected.sampleRateHz) : pcmFormat(8000),
      gain: device?.settings.volume ?? 1,
      clock: hub.clock,
      timeoutMs: findMs,
      signal: how.signal,
    });
  } catch (error) {
    if (isAbort(error) && how.signal.aborted) throw error;
    const code = error instanceof DoorwardError ? error.code : "error";
    hub.log.warn({ err: error, code, what }, "nothing was said: no sound was found");
    throw noSound(code, messageOf(error));
  }
}

const refusals: Readonly<Record<string, string>> = {
  "queue-full": "too much waits to be said already",
  "do-not-disturb": "nobody is to be disturbed there",
  nobody: "nothing is there that could be spoken through",
  offline: "nothing is there that could be spoken through",
};

/** What is wrong where nothing was said because nobody who was meant has a speaker: no later try is any better. */
function unheard(hearing: readonly z.infer<typeof hearingSchema>[]): Problem | undefined {
  if (hearing.length === 0 || hearing.some(({ code }) => code !== "no-speaker")) return undefined;
  const name = hearing.map((one) => one.name).join(", ");
  const detail = `Not said: ${name} ${hearing.length === 1 ? "has" : "have"} no speaker that the hub can use.`;
  return new Problem(422, { code: "no-speaker", detail, fields: { name } });
}

/** A turn that was not granted, as an answer. */
export function refused(state: TurnState): Problem {
  const reason = "reason" in state ? state.reason : state.state;
  if (state.state === "failed") return new Problem(503, { code: "not-said", detail: `Not said: ${reason}.` });
  const holder = "holder" in state ? state.holder?.name : undefined;
  const because = holder === undefined ? (refusals[reason] ?? reason) : `${holder} is speaking there`;
  return new Problem(409, {
    code: "refused",
    detail: `Not said: ${reason === "queue-full" ? refusals[reason] : because}.`,
    fields: { reason, ...(holder !== undefined && { holder }) },
    more: { ...state },
  });
}

/** Channels as they stand in the audit. */
export function subjectOf(to: readonly ChannelId[]): string {
  return to.map((channel) => (channel.startsWith("device:") ? channel.slice(7) : channel)).join(", ");
}
