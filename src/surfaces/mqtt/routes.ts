import { z } from "zod";
import type { Pairings } from "../../identity/pairings.ts";
import type { Bus } from "../bus.ts";
import { type Route, route } from "../route.ts";
import type { MqttConfig } from "./config.ts";

const answer = z.object({
  connected: z.boolean().describe("Whether messages get through to the broker."),
  discovery: z.enum(["auto", "on", "off"]).describe("As the configuration says it."),
  integration: z.boolean().describe("Home Assistant's own integration is paired with this hub."),
});

/** How MQTT is, and who shows the hub's devices in Home Assistant. */
export function mqttRoutes(of: {
  readonly bus: Pick<Bus, "connected">;
  readonly config: Pick<MqttConfig, "discovery">;
  readonly pairings: Pick<Pairings, "list">;
}): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/mqtt",
      summary:
        "Whether MQTT is connected, and whether Home Assistant is shown the hub's devices by it or by its integration",
      right: "administer",
      answers: { 200: { description: "How it is; there where the configuration has MQTT", schema: answer } },
      handle: () => ({
        connected: of.bus.connected,
        discovery: of.config.discovery,
        integration: of.pairings.list().length > 0,
      }),
    }),
  ];
}
