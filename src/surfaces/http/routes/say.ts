import { basename } from "node:path";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { RecordedSpeech } from "../../../media/speech.ts";
import { wholeSentence } from "../../../util/sentence.ts";
import { Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import { spokenTo, spokenToSchema } from "../../spoken-to.ts";
import type { HttpContext } from "../context.ts";
import { sayAloud, sayingAnswers } from "./saying.ts";
import { soundAt } from "./sound-at-url.ts";
import { maxUploadBytes, uploadedSound } from "./uploaded-sound.ts";

const soundName = z
  .string()
  .min(1)
  .max(2048)
  .refine((file) => isUrl(file) || (basename(file) === file && !file.startsWith(".")), {
    message: "the name of a file in the hub's sounds folder, or an http(s) address",
  });

const priority = z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0);
const maxVolume = 4;
const volume = z
  .number()
  .positive()
  .max(maxVolume)
  .default(1)
  .describe("How loud it is beside the loudness that each device is set to; an emergency is never softer than that.");

const queue = z.boolean().default(true).describe("Wait in line while somebody else speaks there; false: be refused.");
const whom = { ...spokenTo.fields, priority, volume, queue };

const sayBody = z
  .union([
    z.strictObject({ ...whom, text: z.string().trim().min(1).max(2000), voice: z.string().max(64).optional() }),
    z.strictObject({ ...whom, file: soundName.describe("A file of the sounds folder; or an address, as `url`.") }),
    z.strictObject({ ...whom, url: z.string().min(1).max(2048).refine(isUrl, "an http(s) address of a listed host") }),
    z.strictObject({ ...whom, chime: z.string().min(1).max(64).describe("The name of a chime.") }),
  ])
  .transform((body, context) => {
    const to = spokenTo.of(body);
    if (to) return { ...body, to };
    context.addIssue({ code: "custom", path: ["to"], message: "whom: exactly one of to, device, area and all" });
    return z.NEVER;
  });
type SayBody = z.output<typeof sayBody>;

const uploadQuery = z.strictObject({
  to: spokenToSchema,
  priority: z
    .enum(["0", "1", "2"])
    .default("0")
    .transform((text) => Number(text) as 0 | 1 | 2),
  volume: z.coerce.number().positive().max(maxVolume).default(1),
  queue: z.stringbool().default(true).describe("Wait in line while somebody else speaks there; false: be refused."),
});

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** Speech without a microphone: text, a file of the hub's, or one that is sent along. */
export function sayRoutes(context: HttpContext): readonly Route[] {
  const { hub } = context;
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
          what: "text" in body ? "text" : "chime" in body ? "chime" : urlOf(body) === undefined ? "file" : "url",
          source: (over: AsyncDisposableStack) => {
            const url = urlOf(body);
            if (url === undefined) return sourceOf(body, context);
            over.use(context.shares.uploads.enter(call.asker));
            return soundAt(url, { hub, signal: call.signal });
          },
          noSound: (code: string, why: string) => noSound(body, { code, why }),
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
  // An address was taken care of before.
  return context.hub.sounds.sound("file" in body ? body.file : "");
}

/** The address that is to be said; the old way of giving one is as good. */
function urlOf(body: SayBody): string | undefined {
  if ("url" in body) return body.url;
  return "file" in body && isUrl(body.file) ? body.file : undefined;
}

/** Says no more than that it did not work: where files stand is nobody's business. */
function noSound(body: SayBody, { code, why }: { readonly code: string; readonly why: string }): Problem {
  const because: Readonly<Record<string, string>> = {
    "no-speech-engine": "No speech engine is installed; install espeak-ng.",
    "bad-voice": wholeSentence(why),
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
  if (!("file" in body) || isUrl(body.file)) {
    return new Problem(422, { code, detail: "What came from this address is no sound that can be played." });
  }
  const detail = `${body.file} is not in the hub's sounds folder, or is no sound; the hub's log says why.`;
  return new Problem(422, { code: code === "not-audio" ? code : "no-sound", detail, fields: { name: body.file } });
}
