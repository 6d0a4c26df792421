import { floor } from "../../protocols/room/constants.ts";
import { isRoomSilence, type RoomPacket, type RoomPriority } from "../../protocols/room/packet.ts";

/** What a packet means for the floor: not heard, the beginning of a talk, or more of the one that is heard. */
export type FloorVerdict = "ignored" | "taken" | "goes-on";

/** Whom a station hears. */
export interface FloorHolder {
  /** 16 hexadecimal digits. */
  readonly sender: string;
  readonly priority: RoomPriority;
}

/**
 * Who may talk, as one station hears it. The first talker wins until 500 ms after the last packet that is no silence; only
 * a strictly higher priority takes the floor before. Our own talk counts like any other: half duplex, but an emergency
 * gets through. Pure: time comes in as an argument (ms).
 */
export class StationFloor {
  /** Priority of our own talk while we talk. */
  own: RoomPriority | undefined;
  /** Only emergencies are heard. */
  doNotDisturb = false;
  #holder: FloorHolder | undefined;
  #lastMs = 0;
  #lockedUntilMs = 0;

  /** Whom we hear. */
  get holder(): FloorHolder | undefined {
    return this.#holder;
  }

  /** A packet of somebody else came: is it heard? */
  offer(packet: RoomPacket, nowMs: number): FloorVerdict {
    this.release(nowMs);
    const { sender, priority } = packet;
    if (this.doNotDisturb && priority < 2) return "ignored";
    const silence = isRoomSilence(packet);
    if (this.#holder?.sender === sender) {
      if (!silence) this.#take({ sender, priority }, nowMs);
      return "goes-on";
    }
    if (silence || !this.#outranks(priority)) return "ignored";
    this.#take({ sender, priority }, nowMs);
    return "taken";
  }

  /** Frees the floor when its holder has said nothing for 500 ms; true when that is so just now. */
  release(nowMs: number): boolean {
    if (!this.#holder || nowMs < this.#lastMs + floor.releaseMs.value) return false;
    this.#holder = undefined;
    return true;
  }

  /** We talk now, over whoever we heard. */
  seize(priority: RoomPriority): void {
    this.#holder = undefined;
    this.own = priority;
  }

  /** Why we may not talk now with this priority; undefined when we may. */
  refusal(priority: RoomPriority, nowMs: number): "locked" | "busy" | undefined {
    if (nowMs < this.#lockedUntilMs) return "locked";
    this.release(nowMs);
    return this.#holder && priority <= this.#holder.priority ? "busy" : undefined;
  }

  /** A call was sent: no talk for two seconds. */
  lock(nowMs: number): void {
    this.#lockedUntilMs = nowMs + floor.afterCallMs.value;
  }

  #outranks(priority: RoomPriority): boolean {
    if (this.own !== undefined && priority <= this.own) return false;
    return !this.#holder || priority > this.#holder.priority;
  }

  #take(holder: FloorHolder, nowMs: number): void {
    this.#holder = holder;
    this.#lastMs = nowMs;
  }
}
