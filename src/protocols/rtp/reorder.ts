import type { Clock } from "../../util/clock.ts";
import type { RtpPacket } from "./packet.ts";

/** Options of {@link ReorderBuffer}. */
export interface ReorderOptions {
  readonly clock: Clock;
  /** Packets held back at most; 128 by default. */
  readonly maxPackets?: number;
  /** How long a missing packet is waited for; 100 ms by default. */
  readonly maxMs?: number;
}

/** Monotonic counters of a reorder buffer. */
export interface ReorderCounters {
  received: number;
  /** Never came, or came too late. */
  lost: number;
  /** Came after it had been given up. */
  late: number;
  duplicate: number;
  /** The sender began again: another SSRC, or a sequence far away. */
  resets: number;
}

/** This many packets in a row behind the others show that the others were wrong. */
const straySequence = 4;

/**
 * Puts the packets of one stream into sequence, waiting for a missing one at most `maxMs` or `maxPackets`. Over TCP
 * nothing is ever held back. When nothing arrives any more, `expire` releases what has waited long enough.
 */
export class ReorderBuffer {
  readonly counters: ReorderCounters = { received: 0, lost: 0, late: 0, duplicate: 0, resets: 0 };
  #ssrc: number | undefined;
  #next = 0;
  /** The last packet that came too late, and how many in a row did. */
  #behind: { readonly sequence: number; readonly run: number } | undefined;
  readonly #missed = new Set<number>();
  #held = new Map<number, { packet: RtpPacket; atUs: number }>();
  readonly #clock: Clock;
  readonly #maxPackets: number;
  readonly #maxUs: number;

  constructor(options: ReorderOptions) {
    this.#clock = options.clock;
    this.#maxPackets = Math.min(options.maxPackets ?? 128, 1024);
    this.#maxUs = (options.maxMs ?? 100) * 1000;
  }

  /** The SSRC being received. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** Packets held back at the moment. */
  get held(): number {
    return this.#held.size;
  }

  /** Numbers of the packets that are waited for: those before the newest that is there. */
  missing(): readonly number[] {
    let span = 0;
    for (const sequence of this.#held.keys()) span = Math.max(span, (sequence - this.#next) & 0xffff);
    const missing: number[] = [];
    for (let i = 0; i < span; i++) {
      const sequence = (this.#next + i) & 0xffff;
      if (!this.#held.has(sequence)) missing.push(sequence);
    }
    return missing;
  }

  /** Takes one packet as it arrived; gives those that are now in order. */
  push(packet: RtpPacket): RtpPacket[] {
    this.counters.received++;
    const ahead = signed16(packet.sequence - this.#next);
    // Nearly always: the next one, and nothing waits. A Map that is filled and emptied by turns is made anew again and again.
    if (ahead === 0 && this.#held.size === 0 && this.#ssrc === packet.ssrc) return [this.#pass(packet)];
    const ready: RtpPacket[] = [];
    if (this.#ssrc !== packet.ssrc || Math.abs(ahead) > 3000) this.#restart(packet, ready);
    else if (ahead < 0 && this.#goesOnBehind(packet)) this.#restart(packet, ready);
    else if (ahead < 0) this.#count(packet);
    else if (this.#held.has(packet.sequence)) this.counters.duplicate++;
    else this.#held.set(packet.sequence, { packet, atUs: this.#clock.nowUs() });
    this.#release(ready);
    return ready;
  }

  /** Packets whose predecessors have been waited for long enough. */
  expire(): RtpPacket[] {
    const ready: RtpPacket[] = [];
    this.#release(ready);
    return ready;
  }

  /**
   * Several packets in a row behind what was given are no stragglers: one with a spoilt number had led astray, and the
   * stream goes on where it was.
   */
  #goesOnBehind(packet: RtpPacket): boolean {
    const follows = this.#behind?.sequence === ((packet.sequence - 1) & 0xffff);
    this.#behind = { sequence: packet.sequence, run: follows ? (this.#behind?.run ?? 0) + 1 : 1 };
    return this.#behind.run >= straySequence;
  }

  #restart(packet: RtpPacket, ready: RtpPacket[]): void {
    this.#behind = undefined;
    if (this.#ssrc !== undefined) this.counters.resets++;
    while (this.#held.size > 0) {
      this.#skip();
      this.#drain(ready);
    }
    this.#ssrc = packet.ssrc;
    this.#next = packet.sequence;
    this.#held.set(packet.sequence, { packet, atUs: this.#clock.nowUs() });
  }

  /** Behind: a copy of something delivered, or something given up. Only the second was counted as lost. */
  #count(packet: RtpPacket): void {
    if (this.#missed.delete(packet.sequence)) this.counters.late++;
    else this.counters.duplicate++;
  }

  #pass(packet: RtpPacket): RtpPacket {
    if (this.#missed.size > 0) this.#missed.delete((this.#next - 2048) & 0xffff);
    this.#next = (this.#next + 1) & 0xffff;
    return packet;
  }

  #release(ready: RtpPacket[]): void {
    this.#drain(ready);
    while (this.#held.size > 0 && (this.#held.size > this.#maxPackets || this.#waitedTooLong())) {
      this.#skip();
      this.#drain(ready);
    }
  }

  #drain(ready: RtpPacket[]): void {
    for (let entry = this.#held.get(this.#next); entry; entry = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      ready.push(this.#pass(entry.packet));
    }
  }

  #waitedTooLong(): boolean {
    const nowUs = this.#clock.nowUs();
    for (const { atUs } of this.#held.values()) return nowUs - atUs >= this.#maxUs;
    return false;
  }

  /** Gives up the missing packets before the first one held. */
  #skip(): void {
    let gap = 3001;
    for (const sequence of this.#held.keys()) gap = Math.min(gap, (sequence - this.#next) & 0xffff);
    for (let i = 0; i < gap; i++) {
      if (this.#missed.size < 4096) this.#missed.add((this.#next + i) & 0xffff);
    }
    this.counters.lost += gap;
    this.#next = (this.#next + gap) & 0xffff;
  }
}

function signed16(value: number): number {
  return (value << 16) >> 16;
}
