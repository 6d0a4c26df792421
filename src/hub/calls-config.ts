import { z } from "zod";

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
