import { z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { DoorwardError } from "../../util/errors.ts";
import { type Call, deviceParams, type Route, route } from "../route.ts";
import type { RoomConfig } from "./config.ts";

/** Options of {@link stationRoutes}. */
export interface StationRouteOptions {
  readonly hub: Pick<Hub, "reception" | "devices">;
  readonly config: Pick<RoomConfig, "group" | "port">;
  /** Where the hub's own broker listens, as a URL; undefined without one. */
  readonly broker: () => string | undefined;
}

const bodySchema = z.strictObject({
  token: z
    .string()
    .regex(/^dwd_[A-Za-z0-9_-]{43}$/, "dwd_ and 256 random bits as base64url")
    .describe("The station's own, made by itself: letting it in is letting this token in."),
  name: z.string().min(1).max(64).optional().describe("What its room is called."),
});

const answer = z.object({
  state: z.enum(["in", "waiting"]),
  group: z.string().optional().describe("Multicast group of a talk to all rooms."),
  port: z.int().optional().describe("UDP port of sound."),
  broker: z
    .string()
    .optional()
    .describe("The hub's broker; the name there is the station's id, the password its token. None where it has none."),
});

/**
 * How a station of ours becomes a device: it asks with a token that it made, waits until an administrator lets that in,
 * and is told then where everything else is.
 */
export function stationRoutes(options: StationRouteOptions): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/room-stations/:id",
      summary: "A room station asks to be this device; it is in, or it waits until an administrator lets it in",
      right: "none",
      ownCredential: true,
      perMinute: 60,
      params: deviceParams,
      body: bodySchema,
      answers: { 200: { description: "Whether it is in, and where the sound is", schema: answer } },
      handle: (call) => enter(options, call),
    }),
  ];
}

type Asked = Call<z.infer<typeof deviceParams>, unknown, z.infer<typeof bodySchema>>;

async function enter(options: StationRouteOptions, call: Asked): Promise<z.infer<typeof answer>> {
  const { hub, config } = options;
  const { params, body, request } = call;
  try {
    await hub.reception.letIn({ kind: "room", claims: true, id: params.id, address: request.ip, ...body });
  } catch (error) {
    if (error instanceof DoorwardError && error.code === "pending") return { state: "waiting" };
    throw error;
  }
  const broker = options.broker();
  return { state: "in", group: config.group, port: config.port, ...(broker !== undefined && { broker }) };
}
