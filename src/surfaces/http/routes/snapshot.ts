import { z } from "zod";
import type { HubDevice } from "../../../hub/api.ts";
import { about, noPicture } from "../../../hub/trouble.ts";
import { waitForTracks } from "../../../hub/wait-for-tracks.ts";
import type { Track } from "../../../media/track.ts";
import { FatalError, RecoverableError } from "../../../util/errors.ts";
import { Seldom } from "../../../util/seldom.ts";
import { type Call, deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

/** A picture is made at most once in this time, for however many ask. */
const freshMs = 1000;
const timeoutMs = 10_000;
/** Dashboards ask every few seconds: one line in the audit stands for ten minutes of them. */
const auditEveryMs = 10 * 60 * 1000;

/** How old a picture is, in milliseconds: the camera's last whole picture may be some seconds old. */
export const ageHeader = "doorward-age-ms";

interface Shot {
  readonly atUs: number;
  /** When the camera took it, on the hub's clock. */
  readonly takenUs: number;
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
  kept: z
    .enum(["true", "false"])
    .default("false")
    .transform((kept) => kept === "true")
    .meta({
      type: "boolean",
      description:
        "The last picture that is kept, small, as it is: the camera is not asked, nor waited for. 404 for none.",
    }),
});

/** Still pictures. */
export function snapshotRoutes(context: HttpContext): readonly Route[] {
  const shots = new Shots(context);
  const seldom = new Seldom({ clock: context.hub.clock, everyMs: auditEveryMs });
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
      handle: async (call) => {
        const { device, principal, reply } = call;
        const { picture, ageMs } = call.query.kept ? keptPicture(context, device) : await shots.fresh(call);
        // Who made a preview is told already, with where it looks.
        if (!device.settings.preview && seldom.isNews(`${principal.userId} ${device.id}`)) {
          context.hub.identity.audit.record({ actor: principal.name, action: "snapshot", subject: device.id });
        }
        return reply.header(ageHeader, String(ageMs)).type("image/jpeg").send(Buffer.from(picture));
      },
    }),
  ];
}

interface Aged {
  readonly picture: Uint8Array;
  readonly ageMs: number;
}

/** The last picture of a camera, whatever it does now. */
function keptPicture({ hub }: HttpContext, device: HubDevice): Aged {
  const kept = hub.lastPictures.of(device.id);
  if (!kept)
    throw new FatalError(`no picture of ${device.name} is kept`, { code: "not-found", fields: { device: device.id } });
  return { picture: kept.jpeg, ageMs: Math.max(0, hub.clock.wallMs() - kept.takenMs) };
}

/** Pictures that were made a moment ago or are being made. Each asker waits for the device with a place of their own. */
class Shots {
  readonly #context: HttpContext;
  readonly #shots = new Map<string, Shot>();

  constructor(context: HttpContext) {
    this.#context = context;
  }

  /** The picture of this moment, and how old it is. */
  async fresh(call: Pick<Call, "asker" | "device"> & { readonly query: z.output<typeof query> }): Promise<Aged> {
    const { picture, takenUs } = await this.take(call, call.query.width);
    const bytes = await picture;
    const ageUs = this.#context.hub.clock.nowUs() - takenUs;
    return { picture: bytes, ageMs: Math.max(0, Math.round(ageUs / 1000)) };
  }

  async take(call: Pick<Call, "asker" | "device">, widthPx: number | undefined): Promise<Shot> {
    const { asker, device } = call;
    const key = `${device.id}@${widthPx ?? "full"}`;
    const known = this.#known(key);
    if (known) return await done(known);
    using _waiting = this.#context.shares.stills.wait(asker);
    using _demand = device.demand();
    const over = new AbortController();
    using _limit = this.#context.hub.clock.timer(timeoutMs, () => over.abort());
    try {
      const track = await this.#picture(device, over.signal);
      return await done(this.#known(key) ?? this.#make(key, { call, track, widthPx, signal: over.signal }));
    } catch (cause) {
      if (!over.signal.aborted) throw cause;
      const seconds = timeoutMs / 1000;
      throw new RecoverableError(`no picture from ${device.name} within ${seconds} s`, {
        code: "no-media",
        fields: { ...about(device), seconds },
        cause,
      });
    }
  }

  #known(key: string): Shot | undefined {
    const nowUs = this.#context.hub.clock.nowUs();
    for (const [other, { atUs }] of this.#shots) if (nowUs - atUs >= freshMs * 1000) this.#shots.delete(other);
    return this.#shots.get(key);
  }

  /** The device's picture, once there is a key frame to make a still one of. */
  async #picture(device: HubDevice, signal: AbortSignal): Promise<Track> {
    const { video } = await waitForTracks(device, { timeoutMs, signal });
    if (!video) {
      throw noPicture(device);
    }
    if (!video.lastKeyFrame) {
      using reader = video.read({ maxFrames: 4 });
      await reader.next(signal);
    }
    return video;
  }

  #make(
    key: string,
    what: {
      readonly call: Pick<Call, "asker">;
      readonly track: Track;
      readonly widthPx: number | undefined;
      readonly signal: AbortSignal;
    },
  ): Shot {
    const { call, track, widthPx, signal } = what;
    const place = this.#context.shares.snapshots.enter(call.asker);
    const { clock, converter } = this.#context.hub;
    const picture = converter.snapshot(track, { widthPx, signal }).finally(() => place[Symbol.dispose]());
    const shot = { atUs: clock.nowUs(), takenUs: track.lastKeyFrame?.timestampUs ?? clock.nowUs(), picture };
    this.#shots.set(key, shot);
    picture.catch(() => this.#shots.delete(key));
    return shot;
  }
}

/** A picture that was made; throws when it could not be. */
async function done(shot: Shot): Promise<Shot> {
  await shot.picture;
  return shot;
}
