import { z } from "zod";

/** The configuration file's `lastPictures:`. */
export const lastPicturesConfig = z
  .strictObject({
    keep: z
      .enum(["memory", "disk", "off"])
      .default("memory")
      .describe(
        "memory: until the hub ends, nothing of it is written anywhere. disk: also over a restart, sealed with the hub's key. off: none.",
      ),
  })
  .prefault({})
  .describe(
    "The last picture of each camera, small: it stands in the tile, greyed and with its age, until the live one is there. None of a camera that is switched off.",
  );

/** {@link lastPicturesConfig} */
export type LastPicturesConfig = z.output<typeof lastPicturesConfig>;
