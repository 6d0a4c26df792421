import type { Frame } from "../../media/frame.ts";
import { Timeline } from "../../media/timeline.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { codec, floor } from "./constants.ts";
import { isRoomSilence, parseRoomDatagram, type RoomPacket, type RoomPriority } from "./packet.ts";
import { type Sequenced, Sequencer } from "./sequencer.ts";

/** A station that has begun to talk. */
export interface HeardTalk {
  /** 16 hexadecimal digits. */
  readonly sender: string;
  readonly priority: RoomPriority;
  /** Address from which it sends. */
  readonly address: string;
  /** Where it was heard: the group's address, or undefined for sound that was sent to us alone. */
  readonly group: string | undefined;
}

/** Where the sound of one talk goes. */
export interface TalkSink {
  /** One packet of 20 ms in its turn; so many were lost before it. */
  write(frame: Frame, lostBefore: number): void;
  /** Nothing came for 500 ms, or it began anew with another priority. */
  end(): void;
}

/** Options of {@link Ears}. */
export interface EarsOptions {
  readonly clock: Clock;
  /** Senders that are ourselves: their packets are not heard. */
  readonly own: ReadonlySet<string>;
  /** A talk begins; what it gives takes the sound. */
  readonly onTalk: (talk: HeardTalk) => TalkSink;
}

/** What came to the port; monotonic. */
export interface EarsCounters {
  packets: number;
  /** Copies that access points and bridges made. */
  duplicates: number;
  lost: number;
  own: number;
  probes: number;
  /** Plain samples of the successor, which nobody here plays. */
  pcm: number;
  /** What is no packet at all. */
  malformed: number;
  /** Talks that were not heard because too many spoke at once. */
  refused: number;
}

interface Talk {
  readonly heard: HeardTalk;
  readonly sink: TalkSink;
  readonly sequencer: Sequencer;
  readonly timeline: Timeline;
  lastUs: number;
  /** Steps of 20 ms since the talk began. */
  frame: number;
}

const frameUs = codec.frameMs.value * 1000;
/** So many talk at once at most; each costs an order to keep. */
const maxTalks = 64;

/**
 * What stations say, out of the datagrams that come to the port of sound: each sender's packets in order and once each,
 * with what is missing counted; a talk begins with the first packet that is no silence and ends 500 ms after the last.
 * Whoever talks next disturbs nothing of the first. Who may be heard by whom is not decided here.
 */
export class Ears implements Disposable {
  readonly counters: EarsCounters = {
    packets: 0,
    duplicates: 0,
    lost: 0,
    own: 0,
    probes: 0,
    pcm: 0,
    malformed: 0,
    refused: 0,
  };
  readonly #talks = new Map<string, Talk>();
  readonly #options: EarsOptions;
  #timer: Disposable | undefined;

  constructor(options: EarsOptions) {
    this.#options = options;
  }

  /** Who talks at the moment. */
  get talking(): readonly HeardTalk[] {
    return [...this.#talks.values()].map(({ heard }) => heard);
  }

  /** A datagram came from `from`, to `group` or to us alone. Never throws: what is no packet is counted. */
  hear(bytes: Uint8Array, from: { readonly address: string; readonly group?: string | undefined }): void {
    const packet = this.#parse(bytes);
    if (!packet) return;
    this.counters.packets++;
    const nowUs = this.#options.clock.nowUs();
    const talk = this.#talkOf(packet, from);
    if (!talk) return;
    talk.lastUs = nowUs;
    const { duplicate } = talk.sequencer.counters;
    this.#give(talk, talk.sequencer.push(packet, nowUs));
    this.counters.duplicates += talk.sequencer.counters.duplicate - duplicate;
    this.#schedule();
  }

  /** Ends every talk. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    for (const talk of [...this.#talks.values()]) this.#end(talk);
  }

  #parse(bytes: Uint8Array): RoomPacket | undefined {
    try {
      const datagram = parseRoomDatagram(bytes);
      if (datagram.kind === "packet" && !this.#options.own.has(datagram.packet.sender)) return datagram.packet;
      if (datagram.kind === "packet") this.counters.own++;
      if (datagram.kind === "probe") this.counters.probes++;
      if (datagram.kind === "pcm") this.counters.pcm++;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed++;
    }
    return undefined;
  }

  #talkOf(
    packet: RoomPacket,
    from: { readonly address: string; readonly group?: string | undefined },
  ): Talk | undefined {
    const { sender, priority } = packet;
    const running = this.#talks.get(sender);
    if (running?.heard.priority === priority) return running;
    if (running) this.#end(running);
    if (isRoomSilence(packet)) return undefined;
    if (this.#talks.size >= maxTalks) {
      this.counters.refused++;
      return undefined;
    }
    return this.#begin({ sender, priority, address: from.address, group: from.group });
  }

  #begin(heard: HeardTalk): Talk {
    const { clock, onTalk } = this.#options;
    const talk: Talk = {
      heard,
      sink: onTalk(heard),
      sequencer: new Sequencer(),
      timeline: new Timeline({ clock, clockRateHz: 1_000_000 / frameUs }),
      lastUs: clock.nowUs(),
      frame: 0,
    };
    this.#talks.set(heard.sender, talk);
    return talk;
  }

  #give(talk: Talk, ready: readonly Sequenced[]): void {
    for (const { packet, lostBefore } of ready) {
      this.counters.lost += lostBefore;
      talk.frame += lostBefore + 1;
      const timestampUs = talk.timeline.map(talk.frame);
      talk.sink.write({ data: packet.opus, timestampUs, durationUs: frameUs, key: true }, lostBefore);
    }
  }

  #end(talk: Talk): void {
    this.#talks.delete(talk.heard.sender);
    this.#give(talk, talk.sequencer.end());
    talk.sink.end();
  }

  #schedule(): void {
    this.#timer?.[Symbol.dispose]();
    const nextUs = Math.min(...[...this.#talks.values()].map((talk) => nextUsOf(talk)));
    if (!Number.isFinite(nextUs)) return;
    const { clock } = this.#options;
    this.#timer = clock.timer(Math.max(0, nextUs - clock.nowUs()) / 1000, () => this.#tick());
  }

  #tick(): void {
    const nowUs = this.#options.clock.nowUs();
    for (const talk of [...this.#talks.values()]) {
      if (nowUs - talk.lastUs >= floor.releaseMs.value * 1000) this.#end(talk);
      else this.#give(talk, talk.sequencer.expire(nowUs));
    }
    this.#schedule();
  }
}

function nextUsOf({ sequencer, lastUs }: Talk): number {
  return Math.min(sequencer.nextUs() ?? Number.POSITIVE_INFINITY, lastUs + floor.releaseMs.value * 1000);
}
