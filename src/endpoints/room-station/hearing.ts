import type { OpusDecoder } from "../../codecs/opus/index.ts";
import { samplesOf } from "../../codecs/pcm/index.ts";
import { ReplayWindow } from "../../protocols/room/authentic.ts";
import { authenticity, codec, playout as limits } from "../../protocols/room/constants.ts";
import { isRoomSilence, parseRoomDatagram, type RoomPacket } from "../../protocols/room/packet.ts";
import { type Sequenced, Sequencer } from "../../protocols/room/sequencer.ts";
import { WireError } from "../../util/errors.ts";
import type { StationFloor } from "./floor.ts";
import type { StationKeys } from "./keys.ts";
import { type HeardTalk, MulticastCount } from "./multicast-count.ts";
import { frameSamples, type Playout } from "./playout.ts";

/** What a station counts of what it hears; monotonic. */
export interface HearingCounters {
  malformed: number;
  probes: number;
  pcm: number;
  own: number;
  /** Not heard: somebody else has the floor, do-not-disturb, or a forged emergency. */
  ignored: number;
  /** Authentic, but seen before. */
  replayed: number;
  duplicate: number;
  lost: number;
  /** Frames of packets, out of their successor's copy, invented, and of silence instead. */
  decoded: number;
  repaired: number;
  concealed: number;
  silent: number;
}

/** Options of {@link Hearing}. */
export interface HearingOptions {
  readonly sender: string;
  readonly floor: StationFloor;
  readonly playout: Playout;
  readonly keys: StationKeys;
  readonly decoderOf: (sender: string) => OpusDecoder | undefined;
  /** Somebody else has taken the floor. */
  readonly onTaken: () => void;
  /** A talk to the group is over, whether it was played or not. */
  readonly onHeard: (talk: HeardTalk) => void;
}

/** Where a datagram came from, and to whom. */
export interface Came {
  readonly nowMs: number;
  /** It was sent to the group, not to us alone. */
  readonly byGroup: boolean;
}

/** Senders whose tag was seen; a house has fewer. */
const maxTrusted = 64;

/**
 * What comes to the port of sound, put before the loudspeaker. The holder of the floor alone is decoded. What is missing is
 * waited for as long as there is sound in the queue, and made up for then: one packet from the copy in its successor, up
 * to four by concealment, more by silence. Pure but for the decoder: time comes in as an argument (ms).
 */
export class Hearing {
  readonly counters: HearingCounters = {
    malformed: 0,
    probes: 0,
    pcm: 0,
    own: 0,
    ignored: 0,
    replayed: 0,
    duplicate: 0,
    lost: 0,
    decoded: 0,
    repaired: 0,
    concealed: 0,
    silent: 0,
  };
  readonly #options: HearingOptions;
  readonly #trusted = new Set<string>();
  readonly #byGroup = new MulticastCount();
  #sequencer = new Sequencer();
  #window = new ReplayWindow();
  /** Where the last talk ended. */
  #last: { readonly sender: string; readonly next: number } | undefined;

  constructor(options: HearingOptions) {
    this.#options = options;
  }

  /** A datagram came. Never throws: what is no packet is counted. */
  hear(bytes: Uint8Array, { nowMs, byGroup }: Came): void {
    const packet = this.#parse(bytes);
    if (!packet) return;
    if (byGroup) this.#byGroup.count(packet, nowMs);
    this.#hearPacket(packet, { bytes, nowMs });
  }

  /** 20 ms have passed. */
  tick(nowMs: number): void {
    for (const talk of this.#byGroup.over(nowMs)) this.#options.onHeard(talk);
    this.#play(this.#sequencer.expire(nowMs * 1000));
    if (this.#options.floor.release(nowMs)) this.#endTalk();
    if (this.#options.playout.size === 0) this.#play(this.#sequencer.skip());
  }

  #parse(bytes: Uint8Array): RoomPacket | undefined {
    try {
      const datagram = parseRoomDatagram(bytes);
      if (datagram.kind === "probe") this.counters.probes++;
      if (datagram.kind === "pcm") this.counters.pcm++;
      if (datagram.kind !== "packet") return undefined;
      if (datagram.packet.sender !== this.#options.sender) return datagram.packet;
      this.counters.own++;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed++;
    }
    return undefined;
  }

  #hearPacket(packet: RoomPacket, how: { readonly bytes: Uint8Array; readonly nowMs: number }): void {
    const { floor, keys } = this.#options;
    const tags = keys.judge(how.bytes, { ...packet, nowMs: how.nowMs });
    const authentic = tags !== "plain";
    if (this.#isForged(packet, authentic)) {
      this.counters.ignored++;
      return;
    }
    if (this.#isEcho(packet)) {
      this.counters.duplicate++;
      return;
    }
    if (tags === "replayed") {
      this.counters.replayed++;
      return;
    }
    // Anybody can say that it is an emergency.
    const unproven = packet.priority === 2 && !authentic && keys.wantsProof && !isRoomSilence(packet);
    const verdict = floor.offer(unproven ? { ...packet, priority: 1 } : packet, how.nowMs);
    if (verdict === "ignored") {
      this.counters.ignored++;
      return;
    }
    if (verdict === "taken") this.#beginTalk();
    const { duplicate } = this.#sequencer.counters;
    if (authentic && !this.#window.take(packet.sequence)) {
      this.counters.replayed++;
      return;
    }
    this.#play(this.#sequencer.push(packet, how.nowMs * 1000));
    this.counters.duplicate += this.#sequencer.counters.duplicate - duplicate;
  }

  /** An emergency of who could sign it and did not is somebody else's. */
  #isForged(packet: RoomPacket, authentic: boolean): boolean {
    if (authentic && this.#trusted.size < maxTrusted) this.#trusted.add(packet.sender);
    return this.#trusted.has(packet.sender) && !authentic && packet.priority === 2 && !isRoomSilence(packet);
  }

  /** A copy of what the last talk ended with begins no talk. */
  #isEcho({ sender, sequence }: RoomPacket): boolean {
    if (this.#options.floor.holder || this.#last?.sender !== sender) return false;
    return (this.#last.next - 1 - sequence) >>> 0 < authenticity.windowPackets.value;
  }

  #beginTalk(): void {
    this.#endTalk();
    this.#options.onTaken();
    this.#options.playout.clear();
    this.#sequencer = new Sequencer();
    this.#window = new ReplayWindow();
  }

  /** The last words are played, also of a talk that is interrupted. */
  #endTalk(): void {
    this.#play(this.#sequencer.end());
  }

  #play(ready: readonly Sequenced[]): void {
    for (const { packet, lostBefore } of ready) {
      const decoder = this.#options.decoderOf(packet.sender);
      this.counters.lost += lostBefore;
      this.#makeUp(lostBefore, { packet, decoder });
      this.#add(() => decoder?.decode(packet.opus));
      this.counters.decoded++;
      this.#last = { sender: packet.sender, next: (packet.sequence + 1) >>> 0 };
    }
  }

  #makeUp(lost: number, next: { readonly packet: RoomPacket; readonly decoder: OpusDecoder | undefined }): void {
    const durationUs = codec.frameMs.value * 1000;
    const frames = Math.min(lost, limits.queueFrames.value);
    for (let left = frames; left > 0; left--) {
      if (lost > limits.maxConcealedGap.value) {
        this.#add(() => undefined);
        this.counters.silent++;
      } else if (left <= limits.maxFecGap.value) {
        this.#add(() => next.decoder?.conceal(durationUs, next.packet.opus));
        this.counters.repaired++;
      } else {
        this.#add(() => next.decoder?.conceal(durationUs));
        this.counters.concealed++;
      }
    }
  }

  /** What `decode` gives, in frames of 20 ms; silence for what cannot be decoded. */
  #add(decode: () => Uint8Array | undefined): void {
    const samples = samplesOf(decoded(decode) ?? new Uint8Array(frameSamples * 2));
    for (let at = 0; at < samples.length; at += frameSamples) {
      const frame = new Int16Array(frameSamples);
      frame.set(samples.subarray(at, at + frameSamples));
      this.#options.playout.push(frame);
    }
  }
}

function decoded(decode: () => Uint8Array | undefined): Uint8Array | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
