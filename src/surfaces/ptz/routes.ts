import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { callerOf } from "../../identity/behalf.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import { wholeSentence } from "../../util/sentence.ts";
import { Problem } from "../problem.ts";
import { deviceParams, type Route, route } from "../route.ts";
import type { TurnedCameras } from "./cameras.ts";

const speed = z.number().min(-1).max(1).default(0);
const holdSchema = z
  .string()
  .regex(/^[\w-]{8,64}$/, "8 to 64 letters, digits, - and _")
  .describe("Made at random for one press of a button.");
const moveBody = z.strictObject({ hold: holdSchema, pan: speed, tilt: speed, zoom: speed });
const stopBody = z.strictObject({ hold: holdSchema });
const presetBody = z.strictObject({ token: z.string().min(1).max(128) });
const presetsSchema = z.object({ presets: z.array(z.object({ token: z.string(), name: z.string() })).readonly() });

const failures = {
  409: { description: "`ptz-none`: it cannot be turned; `ptz-held`: somebody else turns it (`holder`)" },
  503: { description: "`ptz-failed`: what the camera said" },
};
const shared = { right: "ptz", subject: "path", bearerWrites: true, params: deviceParams } as const;

/** Cameras are turned. Whoever holds says so again within a second: else it is stopped. */
export function ptzRoutes(hub: Hub, cameras: TurnedCameras): readonly Route[] {
  const { audit } = hub.identity;
  return [
    route({
      ...shared,
      method: "POST",
      path: "/api/v1/devices/:id/ptz/move",
      summary: "Turns a camera for a second; said again within it, it turns on",
      perMinute: 900,
      body: moveBody,
      answers: { 204: { description: "It turns" }, ...failures },
      handle: async ({ device, principal, body: { hold, ...vector } }) => {
        const by = { id: hold, userId: callerOf(principal), name: principal.name };
        const begins = await told(() => cameras.of(device.id).turning.move(by, vector));
        if (begins) audit.record({ actor: principal.name, action: "ptz", subject: device.id });
      },
    }),
    route({
      ...shared,
      method: "POST",
      path: "/api/v1/devices/:id/ptz/stop",
      summary: "Lets go of a camera: it stands, and what comes later of the same hold moves nothing",
      perMinute: 600,
      body: stopBody,
      answers: { 204: { description: "It stands" }, ...failures },
      handle: async ({ device, body }) => await told(() => cameras.of(device.id).turning.stop(body.hold)),
    }),
    route({
      ...shared,
      method: "GET",
      path: "/api/v1/devices/:id/ptz/presets",
      summary: "The places to which a camera turns by itself",
      answers: { 200: { description: "As the camera names them", schema: presetsSchema }, ...failures },
      handle: async ({ device }) => ({ presets: await told(() => cameras.of(device.id).ptz.presets()) }),
    }),
    route({
      ...shared,
      method: "POST",
      path: "/api/v1/devices/:id/ptz/preset",
      summary: "Turns a camera to one of its presets",
      perMinute: 60,
      body: presetBody,
      answers: { 204: { description: "It turns there" }, ...failures },
      handle: async ({ device, principal, body }) => {
        await told(() => cameras.of(device.id).turning.goTo(body.token, callerOf(principal)));
        audit.record({ actor: principal.name, action: "ptz-preset", subject: device.id });
      },
    }),
  ];
}

/** What a camera did is not the caller's fault. */
async function told<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DoorwardError && error.code.startsWith("ptz-")) {
      throw new Problem(409, {
        code: error.code,
        detail: wholeSentence(messageOf(error)),
        fields: { ...holderOf(error) },
      });
    }
    throw new Problem(503, { code: "ptz-failed", detail: wholeSentence(messageOf(error)), cause: error });
  }
}

function holderOf({ fields }: DoorwardError): { readonly holder?: string } {
  const holder = fields["holder"];
  return typeof holder === "string" ? { holder } : {};
}
