import { background } from "../../util/background.ts";
import { stationToken } from "../station-cookie.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { stationRoutes } from "./routes.ts";
import { Station } from "./station.ts";

/** Browsers that are devices: a tablet or a phone as a station with a speaker. Its voice is the page's (`/voice`). */
export default defineSurface({ name: "panel", config: undefined, start });

async function start({ hub, webrtc, iceLinks }: Lent<undefined>) {
  return {
    addresses: [],
    routes: stationRoutes(hub),
    sockets: [
      {
        path: "/api/v1/station",
        share: "pages",
        connected: (socket, { deviceId }, request) => {
          const token = deviceId === undefined ? undefined : stationToken(request, deviceId);
          if (deviceId === undefined || token === undefined) return socket.close(1008, "no station");
          const arrival = { kind: "page", id: deviceId, token, address: request.ip } as const;
          const station = new Station({ socket, hub, webrtc, arrival, iceServers: iceLinks(deviceId) });
          background(station.serve(), (err) => {
            hub.log.error({ err, device: deviceId }, "a station was not served");
            socket.terminate();
          });
        },
      },
    ],
    [Symbol.asyncDispose]: async () => {},
  } as const satisfies Running;
}
