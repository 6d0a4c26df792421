import { z } from "zod";
import { visitorLanguages, visitorTexts } from "./visitor-words.ts";

/** The configuration file's `calls:`. */
export const callsConfig = z
  .strictObject({
    ringS: z
      .int()
      .min(5)
      .max(300)
      .default(45)
      .describe("Seconds for which a call rings, unless a bell says otherwise."),
    replies: z
      .array(z.string().min(1).max(300))
      .max(16)
      .readonly()
      .default(["I am coming.", "Please leave it at the door.", "Not now, please."])
      .describe("What can be said at the door by whoever declines a call."),
    tellVisitor: z
      .boolean()
      .default(true)
      .describe("False: who rings hears neither a ringing tone nor a sentence, but for what people say."),
    language: z.enum(visitorLanguages).default("en").describe("The language of what the hub says at a door."),
    voice: z.string().max(32).optional().describe("The voice that says it; the usual one of the language when absent."),
    texts: z
      .partialRecord(z.enum(visitorTexts), z.string().max(300))
      .default({})
      .describe("Sentences in place of the hub's own; an empty one is silent. `ringing` takes the place of the tone."),
    hookTokenInUrl: z
      .boolean()
      .default(false)
      .describe(
        "True takes the token of a camera's webhook as `?token=` too, where anybody can read it who sees addresses: for cameras that can show none otherwise.",
      ),
  })
  .prefault({})
  .describe("How calls ring.");

/** {@link callsConfig} */
export type CallsConfig = z.output<typeof callsConfig>;

/** The configuration file's `house:`. */
export const houseConfig = z
  .strictObject({
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, { message: "a time zone as Europe/Berlin" })
      .optional()
      .describe("The time zone of the house, e.g. Europe/Berlin, for quiet hours; this machine's when absent."),
  })
  .prefault({})
  .describe("Where the house stands.");

/** {@link houseConfig} */
export type HouseSection = z.output<typeof houseConfig>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
