import type { RtpPacket } from "./packet.ts";

/** One access unit or audio packet out of RTP packets. Its bytes are good until the depacketizer that gave it is called again. */
export interface RtpUnit {
  /** Video: NAL units without start codes, in order, parameter sets and delimiters as they came. Sound: empty. */
  readonly nals: readonly Uint8Array[];
  /** Sound: one packet or block of samples (PCM is little-endian). MJPEG: a JPEG file. Other video: empty. */
  readonly data: Uint8Array;
  /** The stream's own timestamp, 32 bits, wrapping. */
  readonly timestamp: number;
  /** Nothing of the unit is missing. */
  readonly complete: boolean;
  /** Packets were lost within or just before it: what refers to earlier pictures may be spoilt. */
  readonly gap: boolean;
}

/** Counters of a depacketizer. */
export interface DepacketizerCounters {
  /** Packets whose payload does not follow its RFC; they are dropped. */
  malformed: number;
  /** Units dropped because they were longer than 8 MiB. */
  oversized: number;
}

/** Puts units together from packets in order (after a reorder buffer). Never throws for what a packet holds. */
export interface Depacketizer {
  readonly counters: Readonly<DepacketizerCounters>;
  /** It copies what it keeps of a packet: whose memory may be used again as soon as what it gave was used. */
  readonly borrows: boolean;
  push(packet: RtpPacket): RtpUnit[];
  /** A unit seems to have ended, and what comes next would show it: `settle` is to be called. */
  readonly waits?: boolean;
  /** To be called every tenth of a second or so while it `waits`: gives a unit that seems to have ended. */
  settle?(): RtpUnit[];
  /** What is under way may be spoilt: it counts as incomplete. */
  spoil(): void;
  /** What is under way, as an incomplete unit, if anything: the stream ends or starts again. */
  flush(): RtpUnit[];
}
