import { defineSurface } from "../surface.ts";
import { mqttConfig } from "./config.ts";

/**
 * Messages over MQTT: the hub's own broker or another one, and what the hub says of itself there. Broker and client are loaded
 * only where the configuration asks for them: they would be a tenth of every start.
 */
export default defineSurface({
  name: "mqtt",
  config: mqttConfig,
  start: async (lent) => (await import("./start.ts")).start(lent),
});
