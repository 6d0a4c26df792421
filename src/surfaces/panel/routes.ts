import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { newDeviceToken } from "../../identity/enrolment.ts";
import { DoorwardError } from "../../util/errors.ts";
import { type Call, deviceParams, type Route, route } from "../route.ts";
import { dropStation, keepStation, stationToken } from "../station-cookie.ts";

const bodySchema = z.strictObject({
  token: z
    .string()
    .max(128)
    .optional()
    .describe("The token that an administrator made for it; without one it waits to be let in."),
});
const answer = z.object({
  state: z.enum(["in", "waiting"]),
  name: z.string().optional().describe("What people call it, once it is in."),
});

/**
 * How a browser becomes a device: it asks under a name and is given a token in a cookie that no script can read; letting
 * the device in is letting that token in.
 */
export function stationRoutes(hub: Hub): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/stations/:id",
      summary: "A browser asks to be this device; it is in, or it waits until an administrator lets it in",
      right: "none",
      perMinute: 60,
      params: deviceParams,
      body: bodySchema,
      answers: { 200: { description: "Whether it is in", schema: answer } },
      handle: (call) => enter(hub, call),
    }),
    route({
      method: "DELETE",
      path: "/api/v1/stations/:id",
      summary: "This browser is the device no more",
      right: "none",
      params: deviceParams,
      answers: { 204: { description: "Its token is forgotten here; an administrator takes it away at the hub" } },
      handle: ({ params, request, reply }) => {
        dropStation({ request, reply }, params.id);
        return undefined;
      },
    }),
  ];
}

type Asked = Call<z.infer<typeof deviceParams>, unknown, z.infer<typeof bodySchema>>;

async function enter({ reception, devices }: Hub, call: Asked): Promise<z.infer<typeof answer>> {
  const { params, body, request, reply } = call;
  const { id } = params;
  const kept = stationToken(request, id);
  const shown = body.token ?? kept;
  // A token that nobody knows any more (it was refused, or taken away) is not asked with again.
  const token = shown !== undefined && reception.knows({ id, token: shown }) ? shown : newDeviceToken();
  const arrival = { kind: "page", id, token, claims: true, address: request.ip } as const;
  try {
    await reception.letIn(arrival);
  } catch (error) {
    if (!(error instanceof DoorwardError) || error.code !== "pending") throw error;
    keepStation({ request, reply }, { id, token });
    return { state: "waiting" };
  }
  if (token !== kept) keepStation({ request, reply }, { id, token });
  const name = devices.get(id)?.name;
  return { state: "in", ...(name !== undefined && { name }) };
}
