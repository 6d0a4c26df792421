import { basename, join } from "node:path";
import { z } from "zod";
import type { TalkState } from "../../../hub/api.ts";
import type { Frame } from "../../../media/frame.ts";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { background } from "../../../util/background.ts";
import { openUrl } from "../../../workers/ffmpeg/url.ts";
import { Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const device = z.string().max(128);
const soundName = z
  .string()
  .min(1)
  .max(2048)
  .refine((file) => /^https?:\/\//.test(file) || (basename(file) === file && !file.startsWith(".")), {
    message: "the name of a file in the hub's sounds folder, or an http(s) address",
  });

const sayBody = z.union([
  z.strictObject({ device, text: z.string().trim().min(1).max(2000), voice: z.string().max(64).optional() }),
  z.strictObject({ device, file: soundName }),
]);

/** Speech without a microphone: text, or a file. */
export function sayRoutes(context: HttpContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/say",
      summary: "Says a text or plays a sound through a device",
      right: "talk",
      subject: "body",
      share: "says",
      body: sayBody,
      answers: {
        202: {
          description: "The sound was found and the speaker takes it",
          schema: z.object({ state: z.literal("granted") }),
        },
        409: { description: "Somebody else speaks; `holder` says who" },
      },
      handle: (call) => say(call, context),
    }),
  ];
}

async function say(call: Call<unknown, unknown, z.infer<typeof sayBody>>, context: HttpContext): Promise<unknown> {
  const { body, principal } = call;
  const source = await open(body, context);
  const begun = Promise.withResolvers<void>();
  begun.promise.catch(() => {}); // awaited below, perhaps later than it fails
  const over = new DisposableStack();
  const talk = context.hub.talks.take({
    devices: [call.device.id],
    talker: { id: principal.userId, name: principal.name },
    priority: 0,
    queue: false,
    source: told(source, begun),
    onState: (state) => {
      if (state.state !== "granted") begun.reject(refused(state));
    },
  });
  over.use(context.hub.identity.attachments.attach(principal, () => talk.cancel()));
  background(
    talk.done.finally(() => over.dispose()),
    (err) => context.hub.log.error({ err }, "what was said did not end cleanly"),
  );
  await begun.promise;
  const detail = "text" in body ? "text" : "file";
  context.hub.identity.audit.record({ actor: principal.name, action: "say", subject: call.device.id, detail });
  return { state: "granted" };
}

/** The same sound; `begun` is told when it was found and a speaker takes it, or why it could not be opened. */
function told(source: RecordedSpeech, begun: PromiseWithResolvers<void>): RecordedSpeech {
  return {
    live: false,
    open: async (output, options) => {
      try {
        const opened = await source.open(output, options);
        return {
          frames: noted(opened.frames, begun.resolve),
          [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
        };
      } catch (error) {
        begun.reject(error);
        throw error;
      }
    },
  };
}

/** Calls `onPull` when the first frame is asked for. */
async function* noted(frames: AsyncIterable<Frame>, onPull: () => void): AsyncGenerator<Frame, void, void> {
  onPull();
  yield* frames;
}

async function open(body: z.infer<typeof sayBody>, context: HttpContext): Promise<RecordedSpeech> {
  const { converter } = context.hub;
  if ("text" in body) {
    if (!context.say)
      throw new Problem(422, { code: "no-voice", detail: "No speech engine is there; install espeak-ng." });
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

function refused(state: TalkState): Problem {
  const reason = "reason" in state ? state.reason : state.state;
  if (state.state === "failed") return new Problem(503, { code: "not-said", detail: `Not said: ${reason}.` });
  return new Problem(409, { code: "refused", detail: `Not said: ${reason}.`, more: { ...state } });
}
