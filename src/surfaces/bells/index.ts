import { defineSurface } from "../surface.ts";
import { start } from "./start.ts";

/** Bells, calls and locks over MQTT and in Home Assistant. */
export default defineSurface({ name: "bells", config: undefined, start });
