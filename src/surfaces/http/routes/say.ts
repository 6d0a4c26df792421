import { basename, join } from "node:path";
import { z } from "zod";
import type { TalkState } from "../../../hub/api.ts";
import type { SpeechSource } from "../../../media/speech.ts";
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
      body: sayBody,
      answers: {
        202: { description: "It is being said", schema: z.object({ state: z.literal("granted") }) },
        409: { description: "Somebody else speaks; `holder` says who" },
      },
      handle: (call) => say(call, context),
    }),
  ];
}

async function say(call: Call<unknown, unknown, z.infer<typeof sayBody>>, context: HttpContext): Promise<unknown> {
  const { body, principal } = call;
  const source = await open(body, context);
  const answer = Promise.withResolvers<TalkState>();
  const over = new DisposableStack();
  const talk = context.hub.talks.take({
    devices: [call.device.id],
    talker: { id: principal.userId, name: principal.name },
    priority: 0,
    queue: false,
    source,
    onState: (state) => answer.resolve(state),
  });
  over.use(context.hub.identity.attachments.attach(principal, () => talk.cancel()));
  void talk.done.then(() => over.dispose());
  const state = await answer.promise;
  if (state.state !== "granted") throw refused(state);
  const detail = "text" in body ? "text" : "file";
  context.hub.identity.audit.record({ actor: principal.name, action: "say", subject: call.device.id, detail });
  return { state: "granted" };
}

async function open(body: z.infer<typeof sayBody>, context: HttpContext): Promise<SpeechSource> {
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
  const detail = `Not said: ${reason}.`;
  return new Problem(409, { code: "refused", detail, more: { ...state } });
}
