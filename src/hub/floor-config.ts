import { z } from "zod";

/** The configuration file's `floor:`, the rules of speech that a house may set. */
export const floorConfig = z
  .strictObject({
    longestTalkS: z
      .int()
      .min(0)
      .max(86_400)
      .default(120)
      .describe(
        "Seconds after which a talk ends; the talker is told 10 s before. 0 lets everybody talk for as long as they like.",
      ),
  })
  .prefault({})
  .describe("Who may speak, and how long.");

/** {@link floorConfig} */
export type FloorConfig = z.infer<typeof floorConfig>;
