import { availableParallelism } from "node:os";
import { z } from "zod";

/** The configuration file's `transcode:`. */
export const transcodeConfig = z
  .strictObject({
    max: z
      .int()
      .min(0)
      .max(64)
      .optional()
      .describe(
        "How many pictures may be converted at once; each is converted once for all who watch it. Two for each three " +
          "processors when absent, and two where there are two; 0 for none: then whoever needs one gets single pictures.",
      ),
    height: z
      .int()
      .min(120)
      .max(2160)
      .default(1080)
      .describe("Lines of a converted picture; higher ones are made smaller."),
    bitrate: z
      .int()
      .min(100)
      .max(20_000)
      .optional()
      .describe(
        "kbit/s of a converted picture; by its size and rate when absent, e.g. 2500 for 1920 × 1080 at 15 a second.",
      ),
    hardware: z
      .enum(["auto", "off"])
      .default("auto")
      .describe("auto tries the machine's own encoders first; off leaves them out, where one makes bad pictures."),
  })
  .prefault({})
  .describe(
    "Pictures that a browser can neither show nor decode by itself (H.265, B-frames, MJPEG) are converted to H.264 for it.",
  );

/** {@link transcodeConfig} */
export type TranscodeConfig = z.output<typeof transcodeConfig>;

/** How many pictures may be converted at once. */
export function mostConversions({ max }: TranscodeConfig, processors = availableParallelism()): number {
  return max ?? Math.max(Math.min(2, processors), Math.floor((processors * 2) / 3));
}
