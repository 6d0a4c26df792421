import { isAuthentic } from "../../protocols/room/authentic.ts";
import { packetLayout } from "../../protocols/room/constants.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import type { Clock } from "../../util/clock.ts";
import type { RoomStation } from "./stations.ts";
import { fitsStations } from "./to-packets.ts";
import type { Visit } from "./visit.ts";

/** Options of {@link Gate}. */
export interface GateOptions {
  readonly clock: Clock;
  /** Our own sender: whether its packets count is decided behind the gate. */
  readonly own: string;
  readonly visitOf: (stationId: string) => Visit | undefined;
  readonly stationOf: (stationId: string) => RoomStation | undefined;
  /** Everybody is let in: packets are as good from one address as from another. */
  readonly open: boolean;
}

/** What was turned away; monotonic. */
export interface GateCounters {
  /** Unsigned or wrongly signed, of a station that signs. */
  forged: number;
  /** Signed, and heard before. */
  replayed: number;
  /** From another address than that of the station. */
  elsewhere: number;
  /** Of a sender that nobody knows, which has not shown yet that it talks. */
  strangers: number;
  /** No Opus packet of 20 ms. */
  notOpus: number;
}

interface Stranger {
  readonly address: string;
  readonly next: number;
  readonly run: number;
  readonly atUs: number;
}

const { headerBytes, maxBytes, senderBytes, sequenceAt, silenceBytes } = packetLayout;
/** Packets in a row by which an unknown sender shows that it is no garbage. */
const provenRun = 3;
const strangerUs = 1_000_000;
const maxStrangers = 256;

/**
 * Decides which datagrams are listened to, before anything is kept of them: garbage and forged packets cost one look.
 * A station with a token has to sign its sound; one without it has to send from the address by which it was let in; an
 * unknown one has to show three packets in a row.
 */
export class Gate {
  readonly counters: GateCounters = { forged: 0, replayed: 0, elsewhere: 0, strangers: 0, notOpus: 0 };
  readonly #strangers = new Map<string, Stranger>();
  readonly #starts = new Map<string, number>();
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Whether this datagram is listened to. What is no packet passes: whoever listens counts it. */
  passes(bytes: Buffer, address: string): boolean {
    if (bytes.length < headerBytes.value || bytes.length > maxBytes.value) return true;
    const sender = bytes.toString("hex", 0, senderBytes.value);
    if (sender === this.#options.own) return true;
    if (!fitsStations(bytes.subarray(headerBytes.value))) return this.#refuse("notOpus");
    const id = stationIdOf(sender);
    const visit = this.#options.visitOf(id);
    if (visit) return visit.key ? this.#isSigned(bytes, visit) : this.#isThere(visit, address);
    return this.#options.stationOf(id)?.told === true || this.#isTalking(bytes, { sender, address });
  }

  #isSigned(bytes: Buffer, visit: Visit): boolean {
    if (!isAuthentic(bytes, visit.key!)) {
      // Silence is never signed, and says nothing.
      const silent = bytes.length - headerBytes.value < silenceBytes.value;
      return silent || this.#refuse("forged");
    }
    const starts = this.#options.stationOf(visit.stationId)?.starts ?? 0;
    if (this.#starts.get(visit.stationId) !== starts) {
      if (this.#starts.has(visit.stationId)) visit.startedAnew();
      this.#starts.set(visit.stationId, starts);
    }
    return visit.replays.take(bytes.readUInt32BE(sequenceAt.value)) || this.#refuse("replayed");
  }

  #isThere(visit: Visit, address: string): boolean {
    return this.#options.open || visit.address === address || this.#refuse("elsewhere");
  }

  #isTalking(bytes: Buffer, who: { readonly sender: string; readonly address: string }): boolean {
    const { sender, address } = who;
    const nowUs = this.#options.clock.nowUs();
    const sequence = bytes.readUInt32BE(sequenceAt.value);
    const before = this.#strangers.get(sender);
    const recent = before && before.address === address && nowUs - before.atUs < strangerUs;
    const ahead = recent ? (sequence - before.next) | 0 : Number.NaN;
    const copy = ahead < 0 && ahead > -provenRun;
    const run = copy ? before!.run : ahead >= 0 && ahead < provenRun ? before!.run + 1 : 1;
    if (!before && this.#strangers.size >= maxStrangers) this.#strangers.delete(this.#strangers.keys().next().value!);
    this.#strangers.delete(sender);
    this.#strangers.set(sender, { address, next: copy ? before!.next : (sequence + 1) >>> 0, run, atUs: nowUs });
    return run >= provenRun || this.#refuse("strangers");
  }

  #refuse(why: keyof GateCounters): false {
    this.counters[why]++;
    return false;
  }
}
