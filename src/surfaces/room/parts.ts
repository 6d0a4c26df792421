import type { Lent } from "../surface.ts";
import type { RoomArrivals } from "./arrivals.ts";
import type { StationCalls } from "./calls/station-calls.ts";
import type { RoomConfig } from "./config.ts";
import type { RoomStations } from "./stations.ts";

/** What the parts of this surface share: sound, MQTT (`steer/`), the original's clients (`web/`). */
export interface RoomParts {
  readonly house: Lent<RoomConfig>;
  readonly config: RoomConfig;
  readonly stations: RoomStations;
  readonly arrivals: Pick<RoomArrivals, "list" | "onCame">;
  readonly calls: StationCalls;
  /** What the hub is called as a station in MQTT: `intercom_` and eight hex digits. */
  readonly hubId: string;
  /** What the hub is called in packets: 16 hex digits. */
  readonly sender: string;
}
