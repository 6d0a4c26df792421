import { stationIdOf } from "../../protocols/room/station-id.ts";
import type { Lent } from "../surface.ts";
import type { RoomConfig } from "./config.ts";
import type { RoomParts } from "./parts.ts";
import { RoomStations } from "./stations.ts";

/** Starts what {@link roomConfig} asks for. */
export async function start(house: Lent<RoomConfig>) {
  const { hub, config } = house;
  const { clock, log, identity } = hub;
  await using opened = new AsyncDisposableStack();
  const stations = opened.use(new RoomStations({ clock, log }));
  const sender = identity.installation;
  const parts: RoomParts = { house, config, stations, sender, hubId: stationIdOf(sender) };
  await startParts(parts, opened);
  const owned = opened.move();
  return {
    addresses: [`room ${config.group}:${config.port}`],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** One line for each part. */
async function startParts(_parts: RoomParts, _opened: AsyncDisposableStack): Promise<void> {}
