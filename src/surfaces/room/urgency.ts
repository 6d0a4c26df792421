import type { Hub } from "../../hub/hub.ts";
import type { RoomPriority } from "../../protocols/room/packet.ts";
import type { RoomConfig } from "./config.ts";

/** Whose emergencies count. */
export interface UrgencyRule {
  readonly hub: { readonly reception: Pick<Hub["reception"], "isOpen"> };
  readonly emergency: RoomConfig["emergency"];
}

/**
 * How urgent the talk of a station or client is that showed no token: anybody in the network can imitate it, so that its
 * emergencies take nobody's floor, unless that is set. Where everybody is let in there is nobody to keep out either.
 */
export function urgencyOfUnproven(asked: RoomPriority, { hub, emergency }: UrgencyRule): RoomPriority {
  return asked === 2 && emergency !== "all" && !hub.reception.isOpen ? 1 : asked;
}
