import { opusPacketDurationUs } from "../../../codecs/opus/packet.ts";
import { Timeline } from "../../../media/timeline.ts";
import { parseRtp, type RtpPacket } from "../../../protocols/rtp/packet.ts";
import { ReorderBuffer } from "../../../protocols/rtp/reorder.ts";
import type { Clock } from "../../../util/clock.ts";
import { WireError } from "../../../util/errors.ts";

/** One Opus packet of a viewer, in order, on the hub's clock. */
export interface SoundPacket {
  readonly data: Uint8Array;
  readonly timestampUs: number;
  readonly durationUs: number;
  /** Packets that never came between the one before and this. */
  readonly lostBefore: number;
}

/** Options of {@link Microphone}. */
export interface MicrophoneOptions {
  readonly payloadType: number;
  readonly clock: Clock;
  readonly onSound: (packet: SoundPacket) => void;
}

const opusClockRateHz = 48_000;
const maxMissing = 500;

/** Takes a viewer's RTP while the hub wants to hear it: puts packets in order and on the hub's clock. */
export class Microphone {
  #wanted = false;
  #buffer: ReorderBuffer;
  #timeline: Timeline;
  #ssrc: number | undefined;
  #lastSequence: number | undefined;
  readonly #options: MicrophoneOptions;

  constructor(options: MicrophoneOptions) {
    this.#options = options;
    this.#buffer = this.#newBuffer();
    this.#timeline = this.#newTimeline();
  }

  /** Begins or ends to hear. */
  want(wanted: boolean): void {
    if (wanted && !this.#wanted) {
      this.#buffer = this.#newBuffer();
      this.#timeline = this.#newTimeline();
      this.#lastSequence = undefined;
    }
    this.#wanted = wanted;
  }

  /** One packet as it came; what is not the agreed Opus is passed over. */
  receive(bytes: Uint8Array): void {
    if (!this.#wanted) return;
    try {
      const packet = parseRtp(bytes);
      if (packet.payloadType !== this.#options.payloadType) return;
      for (const ready of this.#buffer.push(packet)) this.#give(ready);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  #give(packet: RtpPacket): void {
    if (packet.payload.length === 0) return;
    if (this.#ssrc !== packet.ssrc) {
      this.#ssrc = packet.ssrc;
      this.#timeline = this.#newTimeline();
      this.#lastSequence = undefined;
    }
    const durationUs = opusPacketDurationUs(packet.payload);
    const lostBefore = this.#lostBefore(packet.sequence);
    const timestampUs = this.#timeline.map(packet.timestamp);
    this.#options.onSound({ data: packet.payload, timestampUs, durationUs, lostBefore });
  }

  /** A large step is another beginning, not a loss. */
  #lostBefore(sequence: number): number {
    const missing = this.#lastSequence === undefined ? 0 : (sequence - this.#lastSequence - 1) & 0xffff;
    this.#lastSequence = sequence;
    return missing < maxMissing ? missing : 0;
  }

  #newBuffer(): ReorderBuffer {
    return new ReorderBuffer({ clock: this.#options.clock, maxMs: 60, maxPackets: 16 });
  }

  #newTimeline(): Timeline {
    return new Timeline({ clock: this.#options.clock, clockRateHz: opusClockRateHz, wrapBits: 32 });
  }
}
