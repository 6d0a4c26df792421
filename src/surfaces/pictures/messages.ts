import { z } from "zod";
import { problemSchema } from "../problem.ts";

const rendition = z.enum(["main", "sub"]);

/** What whoever looks may say. */
export const lookerMessageSchema = z.discriminatedUnion("type", [
  /** So many pictures were decoded since the beginning; more are sent only to who says so. */
  z.object({ type: z.literal("took"), pictures: z.int().min(0) }),
  /** The other picture of the camera is wanted. */
  z.object({ type: z.literal("rendition"), rendition }),
]);

/** {@link lookerMessageSchema} */
export type LookerMessage = z.infer<typeof lookerMessageSchema>;

/** What the hub says, beside the pictures. */
export const pictureMessageSchema = z.discriminatedUnion("type", [
  /** Before the first picture, and before each from which on it is another: what a decoder has to be set up for. */
  z.object({
    type: z.literal("picture"),
    codec: z.enum(["h264", "h265", "mjpeg"]),
    picture: z.string().optional().describe("Its name by RFC 6381, or image/jpeg."),
    widthPx: z.int().optional(),
    heightPx: z.int().optional(),
    reordered: z.boolean().optional().describe("Pictures come in another order than they are shown."),
  }),
  /** Which picture is wanted, and which is shown now. */
  z.object({ type: z.literal("rendition"), wanted: rendition, shown: rendition.optional() }),
  /** Nothing is shown; the socket closes with 4003. One that ends later closes with 4000, and its reason says why. */
  z.object({ type: z.literal("refused"), problem: problemSchema }),
]);

/** {@link pictureMessageSchema} */
export type PictureMessage = z.infer<typeof pictureMessageSchema>;
