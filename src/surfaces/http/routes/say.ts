import { basename, join } from "node:path";
import { z } from "zod";
import type { Hearing, Turn, TurnState } from "../../../hub/api.ts";
import { type ChannelId, channelsSchema } from "../../../hub/channel.ts";
import type { HolderInfo } from "../../../hub/state.ts";
import { pcmFormat } from "../../../media/format.ts";
import { type FoundSound, findSound } from "../../../media/found.ts";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { background } from "../../../util/background.ts";
import { DoorwardError, isAbort } from "../../../util/errors.ts";
import { until } from "../../../util/until.ts";
import { openUrl } from "../../../workers/ffmpeg/url.ts";
import { addressed } from "../../addressed.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const soundName = z
  .string()
  .min(1)
  .max(2048)
  .refine((file) => /^https?:\/\//.test(file) || (basename(file) === file && !file.startsWith(".")), {
    message: "the name of a file in the hub's sounds folder, or an http(s) address",
  });

const whom = {
  to: channelsSchema.describe("device:<id>, area:<name>, group:<name>, all, or a list of them"),
  priority: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
};

const sayBody = z.union([
  z.strictObject({ ...whom, text: z.string().trim().min(1).max(2000), voice: z.string().max(64).optional() }),
  z.strictObject({ ...whom, file: soundName }),
]);
type SayBody = z.infer<typeof sayBody>;

const hearing = z.object({ deviceId: z.string(), state: z.string(), reason: z.string().optional() });

/** How long a source may take until it has given its first sound; nobody's speaker waits for it meanwhile. */
const findMs = 8000;
/** Longest that is said; nobody wants to hear more without having asked. */
const longestMs = 600_000;

/** Speech without a microphone: text, or a file. */
export function sayRoutes(context: HttpContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/say",
      summary: "Says a text or plays a sound through devices",
      right: "talk",
      subject: "channels",
      share: "says",
      bearerWrites: true,
      body: sayBody,
      answers: {
        202: {
          description: "The sound was found and a speaker takes it; `hearing` says which",
          schema: z.object({ state: z.literal("granted"), hearing: z.array(hearing) }),
        },
        409: { description: "Somebody else speaks; `holder` says who" },
        422: { description: "There is no such sound, or it is not sound" },
      },
      handle: (call) => say(call, context),
    }),
  ];
}

async function say(call: Call<unknown, unknown, SayBody>, context: HttpContext): Promise<unknown> {
  const { body, principal, signal } = call;
  const { hub } = context;
  const reached = addressed(hub, { principal, to: body.to, priority: body.priority });
  if (!reached) throw new Problem(404, notFound);
  const holder = holderOf(reached.reached, { hub, priority: reached.priority });
  if (holder) throw refused({ state: "refused", reason: "held", holder });
  // The sound first: the floor is not held for a source that gives none, or for a caller who is no longer there.
  const source = await find(body, { context, signal });
  const over = new AsyncDisposableStack();
  over.use(source);
  const begun = Promise.withResolvers<TurnState>();
  let heardBy: readonly Hearing[] = [];
  const turn = hub.turns.take({
    ...reached,
    talker: { id: principal.userId, name: principal.name },
    queue: false,
    source,
    onState: (state) => {
      if (state.state === "granted") heardBy = state.hearing;
      else begun.resolve(state);
    },
    onHearing: (hearing) => {
      heardBy = hearing;
      if (hearing.some(({ state }) => state === "playing")) begun.resolve({ state: "granted", hearing });
    },
  });
  over.use(hub.identity.attachments.attach(principal, () => turn.cancel()));
  over.use(hub.clock.timer(longestMs, () => turn.cancel()));
  background(
    turn.done.finally(() => over.disposeAsync()),
    (err) => hub.log.error({ err }, "what was said did not end cleanly"),
  );
  const state = await begunOrHungUp(begun.promise, { turn, signal });
  if (state.state !== "granted" && state.state !== "released") throw refused(state);
  const detail = "text" in body ? "text" : "file";
  hub.identity.audit.record({ actor: principal.name, action: "say", subject: subjectOf(body.to), detail });
  return { state: "granted", hearing: heardBy };
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
  body: SayBody,
  how: { readonly context: HttpContext; readonly signal: AbortSignal },
): Promise<FoundSound> {
  const { hub } = how.context;
  const source = sourceOf(body, how.context);
  const device =
    body.to.length === 1 && body.to[0]?.startsWith("device:") ? hub.devices.get(body.to[0].slice(7)) : undefined;
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
    hub.log.warn({ err: error, code, what: "text" in body ? "text" : "file" }, "nothing was said: no sound was found");
    throw noSound(body, code);
  }
}

function sourceOf(body: SayBody, context: HttpContext): RecordedSpeech {
  const { converter } = context.hub;
  if ("text" in body) {
    if (!context.say)
      throw new Problem(422, { code: "no-voice", detail: "No speech engine is installed; install espeak-ng." });
    return context.say(body.text, { voice: body.voice });
  }
  const { file } = body;
  if (!/^https?:/.test(file)) {
    const source = { path: join(context.soundsDir, file) };
    return { live: false, open: (output, options) => converter.decodeFile(source, { output, ...options }) };
  }
  return {
    live: false,
    open: (output, options) =>
      converter.decodeFile({ bytes: openUrl({ url: file }, { signal: options.signal }) }, { output, ...options }),
  };
}

/** Says no more than that it did not work: what answers at an address, and where files stand, is nobody's business. */
function noSound(body: SayBody, code: string): Problem {
  const because: Readonly<Record<string, string>> = {
    "no-speech-engine": "No speech engine is installed; install espeak-ng.",
    "bad-voice": "There is no voice of this name.",
    "bad-text": "There is nothing in this text that could be spoken.",
  };
  if ("text" in body) {
    const detail = because[code] ?? "The text could not be spoken; the hub's log says why.";
    return new Problem(422, { code: Object.hasOwn(because, code) ? code : "no-sound", detail });
  }
  if (/^https?:/.test(body.file)) {
    // Whether it is closed, silent or no sound is not told: the hub is no window into its network.
    if (code === "refused-address")
      return new Problem(422, { code, detail: "Addresses of the hub's own machine and the like are not opened." });
    const detail = "Nothing that can be played came from this address; the hub's log says why.";
    return new Problem(422, { code: "no-sound", detail });
  }
  const detail = `${body.file} is not in the hub's sounds folder, or is no sound; the hub's log says why.`;
  return new Problem(422, { code: code === "not-audio" ? code : "no-sound", detail, fields: { name: body.file } });
}

function refused(state: TurnState): Problem {
  const reason = "reason" in state ? state.reason : state.state;
  if (state.state === "failed") return new Problem(503, { code: "not-said", detail: `Not said: ${reason}.` });
  const holder = "holder" in state ? state.holder?.name : undefined;
  return new Problem(409, {
    code: "refused",
    detail: holder === undefined ? `Not said: ${reason}.` : `Not said: ${holder} is speaking there.`,
    fields: { reason, ...(holder !== undefined && { holder }) },
    more: { ...state },
  });
}

function subjectOf(to: readonly ChannelId[]): string {
  return to.map((channel) => (channel.startsWith("device:") ? channel.slice(7) : channel)).join(", ");
}
