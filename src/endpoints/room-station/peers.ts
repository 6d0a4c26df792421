import { parseRoomJson, stationInfoSchema } from "../../protocols/room/topics.ts";

/** Another station, as MQTT tells of it. */
export interface Peer {
  readonly id: string;
  readonly room?: string | undefined;
  readonly ip?: string | undefined;
  readonly online: boolean;
}

/** More than a house has. */
const maxPeers = 256;

/** The other stations of the house. */
export class Peers {
  readonly #peers = new Map<string, Peer>();

  /** Rooms that can be chosen, by name. */
  get rooms(): readonly string[] {
    return [...this.#peers.values()].flatMap(({ room }) => room ?? []).sort((a, b) => a.localeCompare(b));
  }

  /** `intercom/devices/<id>/info`; an empty one takes it away. True when that changes the rooms. */
  info(id: string, payload: string): boolean {
    if (payload === "") return this.#peers.delete(id);
    const info = parseRoomJson(payload, stationInfoSchema);
    if (!info) return false;
    const before = this.#peers.get(id);
    this.#set({ id, room: info.room, ip: info.ip, online: before?.online ?? false });
    return before?.room !== info.room;
  }

  /** `intercom/<id>/status`. */
  status(id: string, payload: string): void {
    this.#set({ ...(this.#peers.get(id) ?? { id }), online: payload === "online" });
  }

  /** Where a room's station is now; undefined for a room that is unknown or absent. */
  addressOf(room: string): string | undefined {
    return this.#of(room).find(({ online }) => online)?.ip;
  }

  /** True for a room that was told of, there or not. */
  knows(room: string): boolean {
    return this.#of(room).length > 0;
  }

  #of(room: string): readonly Peer[] {
    const wanted = room.trim().toLowerCase();
    return [...this.#peers.values()].filter((peer) => peer.room?.toLowerCase() === wanted && peer.ip !== undefined);
  }

  #set(peer: Peer): void {
    if (this.#peers.size < maxPeers || this.#peers.has(peer.id)) this.#peers.set(peer.id, peer);
  }
}
