import { z } from "zod";
import type { HubDevice } from "../../../hub/device.ts";
import { whyNot } from "../../../hub/trouble.ts";
import { waitForTracks } from "../../../hub/wait-for-tracks.ts";
import { RecoverableError } from "../../../util/errors.ts";
import { Problem } from "../../problem.ts";
import { deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

/** A picture is made at most once in this time, for however many ask. */
const freshMs = 1000;
const maxAtOnce = 8;
const timeoutMs = 10_000;

interface Shot {
  readonly atUs: number;
  readonly picture: Promise<Uint8Array>;
}

const query = z.object({
  width: z.coerce
    .number()
    .int()
    .min(16)
    .max(1920)
    .transform((width) => Math.ceil(width / 16) * 16)
    .optional()
    .meta({ type: "integer", minimum: 16, maximum: 1920 }),
});

/** Still pictures. */
export function snapshotRoutes(context: HttpContext): readonly Route[] {
  const { clock } = context.hub;
  const shots = new Map<string, Shot>();
  let running = 0;

  const shoot = async (device: HubDevice, widthPx: number | undefined): Promise<Uint8Array> => {
    if (running >= maxAtOnce) throw new Problem(429, { code: "busy", detail: "Too many pictures are being made." });
    running++;
    try {
      return await takePicture(device, { widthPx, context });
    } finally {
      running--;
    }
  };

  const cached = (device: HubDevice, widthPx: number | undefined): Promise<Uint8Array> => {
    const nowUs = clock.nowUs();
    for (const [key, { atUs }] of shots) if (nowUs - atUs >= freshMs * 1000) shots.delete(key);
    const key = `${device.id}@${widthPx ?? "full"}`;
    const known = shots.get(key);
    if (known) return known.picture;
    const picture = shoot(device, widthPx);
    shots.set(key, { atUs: nowUs, picture });
    picture.catch(() => shots.delete(key));
    return picture;
  };

  return [
    route({
      method: "GET",
      path: "/api/v1/devices/:id/snapshot",
      summary: "The picture of this moment",
      right: "view",
      subject: "path",
      params: deviceParams,
      query,
      answers: { 200: { description: "The picture", mediaType: "image/jpeg" } },
      handle: async ({ device, query: { width }, reply }) => {
        const picture = await cached(device, width);
        return reply.type("image/jpeg").send(Buffer.from(picture));
      },
    }),
  ];
}

async function takePicture(
  device: HubDevice,
  how: { readonly widthPx: number | undefined; readonly context: HttpContext },
): Promise<Uint8Array> {
  using _demand = device.demand();
  const over = new AbortController();
  using _limit = how.context.hub.clock.timer(timeoutMs, () => over.abort());
  const { video } = await waitForTracks(device, { timeoutMs, signal: over.signal });
  if (!video) {
    throw new RecoverableError(`no picture from ${device.name}: ${whyNot(device)}`, { code: "no-media" });
  }
  try {
    return await how.context.hub.converter.snapshot(video, { widthPx: how.widthPx, signal: over.signal });
  } catch (cause) {
    if (!over.signal.aborted) throw cause;
    throw new RecoverableError(`no picture from ${device.name} within 10 s`, { code: "no-media", cause });
  }
}
