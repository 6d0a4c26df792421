import type { IncomingMessage } from "node:http";
import { listenOnOwnPort } from "../../own-port.ts";
import type { RoomParts } from "../parts.ts";
import { ClientApi } from "./client-api.ts";
import { Clients } from "./clients.ts";
import { Ringing } from "./ringing.ts";

/** The original's clients while they are served. */
export interface RoomWeb extends AsyncDisposable {
  readonly port: number;
  /** Where they connect. */
  readonly address: string;
}

/** What of the room surface its clients need. */
export type RoomWebParts = Pick<RoomParts, "stations"> & {
  readonly house: Pick<RoomParts["house"], "hub" | "version">;
  readonly config: Pick<RoomParts["config"], "webHost" | "webPort" | "webOrigins" | "emergency" | "name">;
};

/**
 * Serves the room intercom's own clients (page, dashboard card, programs): the WebSocket `/ws` and `/api`, on a port of
 * their own. Throws FatalError `listen`.
 */
export async function startRoomWeb({ house, config, stations }: RoomWebParts): Promise<RoomWeb> {
  const { hub, version } = house;
  const { webHost: host, webPort, webOrigins: origins, emergency, name: hubName } = config;
  await using opened = new AsyncDisposableStack();
  const ringing = opened.use(new Ringing({ hub, stations, emergency, hubName }));
  const clients = opened.use(new Clients({ hub, stations, emergency, version, hubName, ringing }));
  const api = new ClientApi({ hub, clients, ringing });
  const listener = opened.use(
    await listenOnOwnPort({
      host,
      port: webPort,
      origins,
      what: "room",
      originsSetting: "room.webOrigins",
      knows: (token) => token.startsWith("dwd_") || hub.identity.credentials.find(token)?.via === "token",
      sockets: {
        "/ws": ({ socket, request, address, token }) =>
          clients.connected({ socket, address, token, plain: isPlain(request) }),
      },
      answer: (request, response) => api.answer(request, response),
    }),
  );
  const owned = opened.move();
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    port: listener.port,
    address: `ws://${name}:${listener.port}/ws`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The original's dashboard card takes no byte of priority: its address says so, `/ws?plain`. */
function isPlain({ url = "" }: IncomingMessage): boolean {
  return new URL(url, "http://hub").searchParams.has("plain");
}
