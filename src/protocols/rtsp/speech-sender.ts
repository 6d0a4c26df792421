import { randomInt } from "node:crypto";
import type { AudioFormat } from "../../media/format.ts";
import type { Clock } from "../../util/clock.ts";
import { ntpTime } from "../rtp/ntp.ts";
import { type RtpPacket, serializeRtp } from "../rtp/packet.ts";
import { createPacketizer, type Packetizer } from "../rtp/packetize.ts";
import { serializeRtcp } from "../rtp/rtcp-write.ts";
import type { PayloadMapping } from "../sdp/index.ts";
import type { RtspStream } from "./client.ts";
import { audioDurationUs } from "./unit-frames.ts";

/** A pause of the talker longer than this is told to the receiver by the timestamp. */
const pauseUs = 200_000;
const reportEveryUs = 5_000_000;

interface Turn {
  readonly format: AudioFormat;
  readonly payload: PayloadMapping;
  readonly packetize: Packetizer;
}

/**
 * Sends speech as RTP with sender reports (RFC 3550), turn after turn as one source: receivers stay with the first that
 * they hear. The timestamp counts what is sent; where sound stops and goes on later it jumps, with the marker set (RFC
 * 3551, 4.1).
 */
export class SpeechSender {
  /** Packets that the device did not take in time. */
  dropped = 0;
  /** Sound that the device has not taken since it last took some, ms. */
  droppedMs = 0;
  #turn: Turn | undefined;
  #sequence = randomInt(0x8000);
  #timestamp = randomInt(2 ** 31);
  #packets = 0;
  #bytes = 0;
  #nextUs: number | undefined;
  #lastReportUs: number | undefined;
  readonly #ssrc = randomInt(1, 2 ** 32);
  readonly #stream: RtspStream;
  readonly #clock: Clock;

  constructor(stream: RtspStream, options: { readonly clock: Clock }) {
    this.#stream = stream;
    this.#clock = options.clock;
  }

  /** What is sent from now on is in `format`, as `payload` of the description. */
  begin(format: AudioFormat, payload: PayloadMapping): void {
    this.#turn = { format, payload, packetize: createPacketizer(format.codec) };
  }

  /** Sends one packet's worth of sound now. */
  send(data: Uint8Array): void {
    const turn = this.#turn;
    if (!turn) throw new TypeError("speech has no format yet");
    const nowUs = this.#clock.nowUs();
    const paused = this.#nextUs === undefined || nowUs - this.#nextUs > pauseUs;
    if (paused && this.#nextUs !== undefined) this.#timestamp += ticks(nowUs - this.#nextUs, turn);
    this.#report(nowUs);
    const droppedBefore = this.dropped;
    for (const { payload, marker, timestampOffset } of turn.packetize(data)) {
      this.#sendPacket(turn.payload.payloadType, {
        payload,
        marker: marker || paused,
        timestamp: this.#timestamp + timestampOffset,
      });
    }
    const durationUs = audioDurationUs(turn.format, data) ?? 0;
    this.droppedMs = this.dropped > droppedBefore ? this.droppedMs + durationUs / 1000 : 0;
    this.#timestamp += ticks(durationUs, turn);
    this.#nextUs = (paused ? nowUs : (this.#nextUs ?? nowUs)) + durationUs;
  }

  #sendPacket(payloadType: number, part: Pick<RtpPacket, "payload" | "marker" | "timestamp">): void {
    const sequence = this.#sequence++ & 0xffff;
    const packet = serializeRtp({ ...part, timestamp: part.timestamp >>> 0, payloadType, sequence, ssrc: this.#ssrc });
    if (!this.#stream.sendRtp(packet)) this.dropped++;
    this.#packets++;
    this.#bytes += part.payload.length;
  }

  #report(nowUs: number): void {
    if (this.#lastReportUs !== undefined && nowUs - this.#lastReportUs < reportEveryUs) return;
    this.#lastReportUs = nowUs;
    this.#stream.sendRtcp(
      serializeRtcp([
        {
          type: "sender-report",
          ssrc: this.#ssrc,
          ntp: ntpTime(this.#clock.wallMs() * 1000),
          rtpTimestamp: this.#timestamp >>> 0,
          packets: this.#packets,
          bytes: this.#bytes,
          reports: [],
        },
        { type: "source-description", sources: [{ ssrc: this.#ssrc, cname: "doorward" }] },
      ]),
    );
  }
}

function ticks(us: number, turn: Turn): number {
  return Math.round((us * turn.payload.clockRateHz) / 1e6);
}
