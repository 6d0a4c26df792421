import { z } from "zod";
import { nalCodecs } from "../../codecs/video-codec.ts";
import { FatalError } from "../../util/errors.ts";
import type { SceneOptions } from "../../workers/ffmpeg/index.ts";

const query = z.object({
  size: z
    .string()
    .regex(/^\d{2,4}x\d{2,4}$/, "is width x height, as in 1280x720")
    .default("640x360"),
  fps: z.coerce.number().min(1).max(60).default(25),
  gop: z.coerce.number().min(0.1).max(20).default(2),
  name: z.string().max(64).optional(),
  tone: z.coerce.number().min(0).max(4000).default(440),
  hue: z.coerce.number().min(0).max(360).default(205),
  codec: z.enum(nalCodecs).default("h264"),
});

/**
 * What `test:?size=1280x720&fps=25&gop=2&name=Garden&tone=440&hue=200&codec=h264` asks for; `gop` is the key-frame
 * interval in seconds, `tone` 0 is silence, everything may be left out. Throws FatalError `bad-address`.
 */
export function parseScene(
  url: URL,
  told: { readonly name: string; readonly startWallMs: number },
): Partial<SceneOptions> {
  const result = query.safeParse(Object.fromEntries(url.searchParams));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new FatalError(`made-up camera: ${issue?.path.join(".")} ${issue?.message}`, { code: "bad-address" });
  }
  const { size, fps, gop, name, tone, hue, codec } = result.data;
  const [widthPx, heightPx] = size.split("x").map(Number);
  return {
    codec,
    widthPx,
    heightPx,
    fps,
    gopFrames: Math.max(1, Math.round(gop * fps)),
    name: name ?? told.name,
    toneHz: tone,
    hue,
    startWallMs: told.startWallMs,
  };
}
