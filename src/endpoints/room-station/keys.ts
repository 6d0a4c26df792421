import {
  groupKeyIdOf,
  isAuthentic,
  isOfGroup,
  ReplayWindow,
  type RoomGroupKey,
} from "../../protocols/room/authentic.ts";
import { codec } from "../../protocols/room/constants.ts";
import { openGroupKey } from "../../protocols/room/group-key.ts";

/** What a station makes of a packet's tags. */
export type Verdict =
  /** It carries none that counts here. */
  | "plain"
  /** It is who it says it is, and is heard for the first time. */
  | "authentic"
  /** The same, but it was heard before, or is from long before. */
  | "replayed";

/** So long packets under the key before count, ms: what is on its way, and who is told later. */
const beforeMs = 10_000;
/** Senders of the group whose packets are counted; a house has fewer. */
const maxSenders = 64;
/** How far clocks may have drifted apart since the hub told its count: 10 s. What is older was recorded. */
const slack = 500;

/**
 * The keys of a station: its own, which it shares with the hub, and that of the group, which the hub gives it and renews. Once
 * it has one of the group no packet of it, and none of the hub's to this station alone, counts twice, however old it is.
 */
export class StationKeys {
  readonly own: Uint8Array | undefined;
  #group: RoomGroupKey | undefined;
  #before: { readonly group: RoomGroupKey; readonly untilMs: number } | undefined;
  #anyEmergency = false;
  #sequence: number | undefined;
  #toldMs = 0;
  #windows = new Map<string, ReplayWindow>();
  #fromHub = new ReplayWindow();

  constructor(own: Uint8Array | undefined) {
    this.own = own;
  }

  /** The group's key, once the hub has given it. */
  get group(): RoomGroupKey | undefined {
    return this.#group;
  }

  /** The hub's count of packets by now, as far as it told: ours are numbered no lower, so that nobody takes them for recorded. */
  countAt(nowMs: number): number | undefined {
    if (this.#sequence === undefined) return undefined;
    return (this.#sequence + Math.floor((nowMs - this.#toldMs) / codec.frameMs.value)) >>> 0;
  }

  /** True while an emergency has to be signed to count as one. */
  get wantsProof(): boolean {
    return this.#group !== undefined && !this.#anyEmergency;
  }

  /** A key of the group as it came over MQTT; gives its id. Undefined for what is not the hub's, or is from before. */
  take(text: string, nowMs: number): number | undefined {
    const message = this.own && openGroupKey(text, this.own);
    if (!message || (this.#sequence !== undefined && ((message.sequence - this.#sequence) | 0) <= 0)) return undefined;
    const { id, key, sequence, anyEmergency } = message;
    const news = !this.#group || this.#group.id !== id || Buffer.compare(this.#group.key, key) !== 0;
    if (news) {
      this.#before = this.#group && { group: this.#group, untilMs: nowMs + beforeMs };
      this.#group = { id, key };
      if (this.#sequence === undefined) this.#fromHub = new ReplayWindow(sequence - slack);
      this.#windows = new Map([...this.#windows].filter(([name]) => !name.startsWith(`${id} `)));
    }
    this.#sequence = sequence;
    this.#toldMs = nowMs;
    this.#anyEmergency = anyEmergency;
    return id;
  }

  /** What the tags of a packet say. */
  judge(
    bytes: Uint8Array,
    packet: { readonly sender: string; readonly sequence: number; readonly nowMs: number },
  ): Verdict {
    const { sender, sequence, nowMs } = packet;
    if (this.own && isAuthentic(bytes, this.own)) {
      return !this.#group || this.#fromHub.take(sequence) ? "authentic" : "replayed";
    }
    const group = this.#groupOf(bytes, nowMs);
    if (!group) return "plain";
    return this.#windowOf(`${group.id} ${sender}`).take(sequence) ? "authentic" : "replayed";
  }

  #groupOf(bytes: Uint8Array, nowMs: number): RoomGroupKey | undefined {
    if (groupKeyIdOf(bytes) === undefined) return undefined;
    if (this.#group && isOfGroup(bytes, this.#group)) return this.#group;
    const { group, untilMs } = this.#before ?? {};
    return group && nowMs < (untilMs ?? 0) && isOfGroup(bytes, group) ? group : undefined;
  }

  #windowOf(name: string): ReplayWindow {
    const window = this.#windows.get(name) ?? new ReplayWindow((this.#sequence ?? 0) - slack);
    if (!this.#windows.has(name) && this.#windows.size >= maxSenders) {
      this.#windows.delete(this.#windows.keys().next().value!);
    }
    this.#windows.set(name, window);
    return window;
  }
}
