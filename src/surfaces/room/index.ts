import { defineSurface } from "../surface.ts";
import { roomConfig } from "./config.ts";

/** Room stations: push to talk over Opus multicast. Loaded only where the configuration asks for it. */
export default defineSurface({
  name: "room",
  config: roomConfig,
  start: async (lent) => (await import("./start.ts")).start(lent),
});
