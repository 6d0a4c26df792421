import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { openUrl } from "../../../workers/ffmpeg/url.ts";
import { Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import { spokenToSchema } from "../../spoken-to.ts";
import type { HttpContext } from "../context.ts";
import { sayAloud, sayingAnswers } from "./saying.ts";
import { maxUploadBytes, uploadedSound } from "./uploaded-sound.ts";

const soundName = z
  .string()
  .min(1)
  .max(2048)
  .refine((file) => /^https?:\/\//.test(file) || (basename(file) === file && !file.startsWith(".")), {
    message: "the name of a file in the hub's sounds folder, or an http(s) address",
  });

const priority = z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0);
const to = spokenToSchema;

const queue = z.boolean().default(true).describe("Wait in line while somebody else speaks there; false: be refused.");
const whom = { to, priority, queue };

const sayBody = z.union([
  z.strictObject({ ...whom, text: z.string().trim().min(1).max(2000), voice: z.string().max(64).optional() }),
  z.strictObject({ ...whom, file: soundName }),
  z.strictObject({ ...whom, chime: z.string().min(1).max(64).describe("The name of a chime.") }),
]);
type SayBody = z.infer<typeof sayBody>;

const uploadQuery = z.strictObject({
  to,
  priority: z
    .enum(["0", "1", "2"])
    .default("0")
    .transform((text) => Number(text) as 0 | 1 | 2),
  queue: z.stringbool().default(true).describe("Wait in line while somebody else speaks there; false: be refused."),
});

/** Speech without a microphone: text, a file of the hub's, or one that is sent along. */
export function sayRoutes(context: HttpContext): readonly Route[] {
  const shared = {
    method: "POST",
    right: "talk",
    subject: "channels",
    share: "says",
    bearerWrites: true,
    answers: sayingAnswers,
  } as const;
  return [
    route({
      ...shared,
      path: "/api/v1/say",
      summary: "Says a text or plays a sound or a chime through devices",
      body: sayBody,
      handle: (call) => {
        const { body } = call;
        const saying = {
          ...body,
          what: "text" in body ? "text" : "chime" in body ? "chime" : "file",
          source: () => sourceOf(body, context),
          noSound: (code: string) => noSound(body, code),
        } as const;
        return sayAloud(call, { context, saying });
      },
    }),
    route({
      ...shared,
      path: "/api/v1/say/sound",
      summary: `Plays the sound that is sent along (at most ${maxUploadBytes / 2 ** 20} MiB) through devices`,
      query: uploadQuery,
      body: z.custom<Readable>(),
      bodyType: "application/octet-stream",
      handle: (call) => {
        const { query, body, asker, signal } = call;
        const { converter } = context.hub;
        const saying = {
          ...query,
          what: "upload",
          source: (over: AsyncDisposableStack) => {
            over.use(context.shares.uploads.enter(asker));
            return uploadedSound(body, { converter, signal });
          },
          noSound: (code: string) =>
            new Problem(422, {
              code: code === "not-audio" ? code : "no-sound",
              detail: "What was sent is no sound that can be played.",
            }),
        } as const;
        return sayAloud(call, { context, saying });
      },
    }),
  ];
}

/** Nothing is called so. */
export function noChime(name: string): Problem {
  return new Problem(422, { code: "no-chime", detail: `There is no chime ${name}.`, fields: { name } });
}

function sourceOf(body: SayBody, context: HttpContext): RecordedSpeech {
  const { converter } = context.hub;
  if ("text" in body) {
    if (!context.say)
      throw new Problem(422, { code: "no-voice", detail: "No speech engine is installed; install espeak-ng." });
    return context.say(body.text, { voice: body.voice });
  }
  if ("chime" in body) {
    const chime = context.hub.chimes.sound(body.chime);
    if (!chime) throw noChime(body.chime);
    return chime;
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
  if ("chime" in body) {
    const detail = `The chime ${body.chime} could not be played; the hub's log says why.`;
    return new Problem(422, { code: "no-sound", detail, fields: { name: body.chime } });
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
