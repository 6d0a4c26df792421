import type { TurnRequest } from "./api.ts";
import { partsOf } from "./channel.ts";

/** Why nobody is reached. */
export function nobodyOf({ to }: TurnRequest): "offline" | "nobody" {
  return to.every((channel) => partsOf(channel)[0] === "device") ? "offline" : "nobody";
}

/** Packets of the talker that were lost on their way to the hub so far. */
export function lostOf({ source }: TurnRequest): number {
  return source.live ? (source.lostPackets?.() ?? 0) : 0;
}
