import { defineSurface } from "../surface.ts";
import { doorConfig } from "./config.ts";

/** Door stations that call the hub, and clients that speak with them, by JSON lines over TCP or TLS. */
export default defineSurface({
  name: "door",
  config: doorConfig,
  start: async (lent) => (await import("./start.ts")).start(lent),
});
