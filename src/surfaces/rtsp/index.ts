import { defineSurface } from "../surface.ts";
import { rtspConfig } from "./config.ts";

/** Every camera as an RTSP stream, with the way back to its speaker where it has one. */
export default defineSurface({
  name: "rtsp",
  config: rtspConfig,
  start: async (lent) => (await import("./start.ts")).start(lent),
});
