import { defineSurface } from "../surface.ts";
import { TurnedCameras } from "./cameras.ts";
import { ptzRoutes } from "./routes.ts";

/** Cameras that people turn: hold to move, presets. */
export default defineSurface({
  name: "ptz",
  config: undefined,
  start: async ({ hub }) => {
    const cameras = new TurnedCameras(hub);
    return {
      addresses: [],
      routes: ptzRoutes(hub, cameras),
      [Symbol.asyncDispose]: () => cameras[Symbol.asyncDispose](),
    };
  },
});
