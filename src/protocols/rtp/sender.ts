import { randomInt } from "node:crypto";
import type { Clock } from "../../util/clock.ts";
import type { FairSending, Sending } from "./fair-sending.ts";
import type { PacketFrame, PacketReader, PacketTrack } from "./packet-track.ts";
import type { ReportBlock } from "./rtcp.ts";
import { type SenderReported, SenderReports } from "./sender-reports.ts";
import { SentPackets, type SentPlace } from "./sent-packets.ts";

/** Where a sender's packets leave: a WebRTC track, or what an RTSP client set up. */
export interface PacketSink {
  /** False when the packet could not leave at the moment; throws when the track is closed. */
  sendMessageBinary(packet: Buffer): boolean;
}

/** Options of {@link RtpSender}. */
export interface RtpSenderOptions {
  /** What it begins with. */
  readonly track: PacketTrack;
  readonly sink: PacketSink;
  readonly queue: FairSending;
  readonly clock: Clock;
  readonly payloadType: number;
  readonly clockRateHz: number;
  readonly ssrc: number;
  readonly cname: string;
  /** After how many ms what did not leave is tried again; 2 by default. */
  readonly retryMs?: number;
  /** Whether it remembers what it sent, so that it can be asked for again ({@link RtpSender.resend}); not by default. */
  readonly resends?: boolean;
}

/** Monotonic counters of one sender. */
export interface SenderCounters {
  packets: number;
  bytes: number;
  /** Frames left out because this viewer was behind. */
  dropped: number;
}

/** Live pictures that waited longer are given up, up to the next key frame; sound is simply skipped. */
const maxVideoLagUs = 1_000_000;
const maxAudioLagUs = 200_000;
const restartAfterUs = 1_000_000;
const standsStillUs = 1_500_000;
/** A key frame of another track that is no older is as good as the next one. */
const freshKeyUs = 500_000;
const catchUpForUs = 5_000_000;
/** About 40 Mbit/s while a group of pictures is sent after its key frame: what a browser's socket buffer bears. */
const catchUpMsPerPacket = 0.25;
const usualRetryMs = 2;
/** What one receiver's requests can make us look for and send: so many packets a second, and so many at once. */
const resends = { perSecond: 3000, atOnce: 1000 };

/**
 * Sends one track to one viewer: its own sequence numbers, timestamps and sender reports over packets that all share.
 *
 * A viewer begins with the last group of pictures. Those frames are stamped with the time at which they are *sent*: with
 * their own, old times the viewer would believe that the network had become slow, and show everything later from then on.
 */
export class RtpSender implements Sending, PacketReader, Disposable {
  readonly counters: SenderCounters = { packets: 0, bytes: 0, dropped: 0 };
  readonly urgent: boolean;
  #track: PacketTrack;
  /** The wait for another track's key frame. */
  #coming: Disposable | undefined;
  #next: PacketFrame | undefined;
  /** Of another track: what follows on a frame that was half sent when it came. */
  #after: PacketFrame | undefined;
  /** Packets of `#next` that have left. */
  #sentOfNext = 0;
  #waitingForKey: boolean;
  #catchUpSinceUs: number | undefined;
  #sequence = randomInt(0x1_0000);
  readonly #firstTimestamp = randomInt(0x1_0000_0000 - 1);
  /** Not wrapped. */
  #lastTimestamp = Number.NEGATIVE_INFINITY;
  #lastKeyUs = Number.NEGATIVE_INFINITY;
  readonly #reports: SenderReports;
  readonly #sent: SentPackets | undefined;
  #resendsSpare = resends.atOnce;
  #resendsUs = 0;
  readonly #options: RtpSenderOptions;

  constructor(options: RtpSenderOptions) {
    this.#options = options;
    this.#track = options.track;
    this.urgent = options.track.kind === "audio";
    this.#reports = new SenderReports(options);
    if (options.resends) this.#sent = new SentPackets();
    this.#waitingForKey = !this.urgent;
    options.track.readers.add(this);
    this.#beginGroup();
  }

  get ssrc(): number {
    return this.#options.ssrc;
  }

  /** Sequence number of the next packet. */
  get sequence(): number {
    return (this.#sequence + this.#sentOfNext) & 0xffff;
  }

  onFrame(frame: PacketFrame): void {
    if (this.#next) return;
    if (this.#waitingForKey && !frame.key) return;
    this.#waitingForKey = false;
    this.#next = frame;
    this.#options.queue.push(this);
  }

  /**
   * The viewer lost the picture: it gets the last group again, unless it had its key frame within this second. Nor does it
   * when the source itself stands still: browsers then ask every 3 s, and would see the past again each time.
   */
  restart(): void {
    const nowUs = this.#options.clock.nowUs();
    const { lastArrivedUs } = this.#track;
    if (this.urgent || nowUs - this.#lastKeyUs < restartAfterUs) return;
    if (lastArrivedUs === undefined || nowUs - lastArrivedUs > standsStillUs) return;
    this.#beginGroup();
  }

  /**
   * Sends `track`, of the same codec, from its next key frame on, and the one of before until then; numbers and times go on.
   * `onTurned` is called when it has come to that; not when another track is asked for before.
   */
  turnTo(track: PacketTrack, onTurned: () => void): void {
    this.#coming?.[Symbol.dispose]();
    this.#coming = undefined;
    if (track === this.#track) {
      onTurned();
      return;
    }
    const reader: PacketReader = {
      onFrame: (frame) => {
        if (!frame.key) return;
        this.#turn(track, frame);
        onTurned();
      },
    };
    track.readers.add(reader);
    this.#coming = { [Symbol.dispose]: () => track.readers.delete(reader) };
    const { group } = track;
    if (!group || this.#options.clock.nowUs() - track.latencyUs - group.timestampUs > freshKeyUs) return;
    reader.onFrame(group);
    this.#catchUpSinceUs = this.#options.clock.nowUs();
  }

  #turn(track: PacketTrack, key: PacketFrame): void {
    this.#coming?.[Symbol.dispose]();
    this.#coming = undefined;
    this.#track.readers.delete(this);
    this.#track = track;
    track.readers.add(this);
    this.#waitingForKey = false;
    this.#catchUpSinceUs = undefined;
    if (this.#next && this.#sentOfNext > 0) this.#after = key;
    else this.#next = key;
    this.#options.queue.push(this);
  }

  sendSome(): number | undefined {
    this.#skipIfLate();
    const frame = this.#next;
    if (!frame) return undefined;
    let packets: number | undefined;
    try {
      packets = this.#sendFrame(frame);
    } catch {
      // The library throws as soon as the connection is down, which is before it says so.
      this[Symbol.dispose]();
      return undefined;
    }
    if (packets === undefined) return this.#options.retryMs ?? usualRetryMs;
    const catchingUp = this.#catchUpSinceUs !== undefined;
    this.#next = this.#after ?? frame.next;
    this.#after = undefined;
    if (!this.#next && !frame.replay) this.#catchUpSinceUs = undefined;
    if (!this.#next) return undefined;
    return catchingUp ? Math.ceil(packets * catchUpMsPerPacket) : 0;
  }

  /**
   * Sends packets again that were lost on the way, byte by byte as they were: the same number over the same text is no second
   * use of a nonce (RFC 3711, 9.1). Those that left long ago are passed over, and so is what goes beyond 3000 numbers a second,
   * whether they are known or not.
   */
  resend(sequences: readonly number[]): void {
    if (!this.#sent) return;
    for (const sequence of sequences) {
      if (!this.#mayResend()) return;
      const found = this.#sent.find(sequence);
      if (found) this.#sendAgain(found, sequence);
    }
  }

  #sendAgain({ run, place }: SentPlace, sequence: number): void {
    const packet = run.packets[place]!;
    this.#writeHeader(packet, sequence, run.timestamp + (run.offsets?.[place] ?? 0));
    try {
      this.#options.sink.sendMessageBinary(packet);
    } catch {
      // Refused, as SRTP does with what is too old for it: the others may still leave. That a connection is down, the next frame tells.
    }
  }

  #mayResend(): boolean {
    const nowUs = this.#options.clock.nowUs();
    const grown = this.#resendsSpare + ((nowUs - this.#resendsUs) * resends.perSecond) / 1e6;
    this.#resendsSpare = Math.min(resends.atOnce, grown);
    this.#resendsUs = nowUs;
    if (this.#resendsSpare < 1) return false;
    this.#resendsSpare--;
    return true;
  }

  /** What the viewer last reported of this track. */
  get reported(): SenderReported | undefined {
    return this.#reports.reported;
  }

  /** A receiver's report; one about another track is passed over. */
  takeReport(report: ReportBlock): void {
    this.#reports.take(report);
  }

  [Symbol.dispose](): void {
    this.#coming?.[Symbol.dispose]();
    this.#track.readers.delete(this);
    this.#options.queue.remove(this);
    this.#next = undefined;
    this.#after = undefined;
    this.#sent?.clear();
  }

  #beginGroup(): void {
    const { clock, queue } = this.#options;
    const { group } = this.#track;
    if (!group) return;
    this.#leaveFrame();
    this.#after = undefined;
    this.#next = group;
    this.#waitingForKey = false;
    this.#catchUpSinceUs = clock.nowUs();
    queue.push(this);
  }

  /** The rest of a frame that is half sent stays away; the numbers of what has left are never used again (RFC 3711, 9.1). */
  #leaveFrame(): void {
    this.#sequence = (this.#sequence + this.#sentOfNext) & 0xffff;
    this.#sentOfNext = 0;
  }

  #skipIfLate(): void {
    const { clock } = this.#options;
    const track = this.#track;
    const next = this.#next;
    if (!next || this.#sentOfNext > 0) return;
    const nowUs = clock.nowUs();
    const group = track.group;
    if (this.#catchUpSinceUs !== undefined) {
      // A newer group while still sending an older one: the better beginning.
      if (group && group.index > next.index) this.#next = group;
      else if (nowUs - this.#catchUpSinceUs > catchUpForUs) this.#giveUp(next);
      return;
    }
    const lagUs = nowUs - next.arrivedUs;
    if (track.kind === "audio") this.#next = lagUs > maxAudioLagUs ? this.#drop(next, undefined) : next;
    else if (lagUs > maxVideoLagUs) {
      if (group && group.index > next.index) this.#next = this.#drop(next, group);
      else this.#giveUp(next);
    }
  }

  #giveUp(from: PacketFrame): void {
    this.#next = this.#drop(from, undefined);
    this.#waitingForKey = true;
    this.#catchUpSinceUs = undefined;
  }

  /** Counts the frames from `from` up to `to`, or to the live edge. */
  #drop(from: PacketFrame, to: PacketFrame | undefined): PacketFrame | undefined {
    for (let frame: PacketFrame | undefined = from; frame && frame !== to; frame = frame.next) this.counters.dropped++;
    return to;
  }

  /** How many packets left; undefined when the socket takes no more for the moment. */
  #sendFrame(frame: PacketFrame): number | undefined {
    const { sink } = this.#options;
    const timestamp = this.#sentOfNext > 0 ? this.#lastTimestamp : this.#stamp(frame);
    this.#lastTimestamp = timestamp;
    const first = this.#sentOfNext;
    for (let i = first; i < frame.packets.length; i++) {
      const packet = frame.packets[i]!;
      this.#writeHeader(packet, (this.#sequence + i) & 0xffff, timestamp + (frame.offsets?.[i] ?? 0));
      if (!sink.sendMessageBinary(packet)) {
        this.#note(frame, { first, end: i });
        this.#sentOfNext = i;
        return undefined;
      }
      this.counters.packets++;
      this.counters.bytes += packet.length;
    }
    this.#note(frame, { first, end: frame.packets.length });
    this.#sequence = (this.#sequence + frame.packets.length) & 0xffff;
    this.#sentOfNext = 0;
    if (frame.key) this.#lastKeyUs = this.#options.clock.nowUs();
    this.#report();
    return frame.packets.length - first;
  }

  /** The header of this viewer over a shared packet; `timestamp` need not be wrapped. */
  #writeHeader(packet: Buffer, sequence: number, timestamp: number): void {
    const { ssrc, payloadType } = this.#options;
    const stamp = (timestamp % 2 ** 32) >>> 0;
    packet[1] = (packet[1]! & 0x80) | payloadType;
    packet[2] = sequence >> 8;
    packet[3] = sequence;
    packet[4] = stamp >>> 24;
    packet[5] = stamp >>> 16;
    packet[6] = stamp >>> 8;
    packet[7] = stamp;
    packet[8] = ssrc >>> 24;
    packet[9] = ssrc >>> 16;
    packet[10] = ssrc >>> 8;
    packet[11] = ssrc;
  }

  /** Remembers the packets of a frame from `first` on, before `end`. */
  #note(frame: PacketFrame, { first, end }: { readonly first: number; readonly end: number }): void {
    const sequence = (this.#sequence + first) & 0xffff;
    this.#sent?.add(frame, { first, count: end - first, sequence, timestamp: this.#lastTimestamp });
  }

  #stamp(frame: PacketFrame): number {
    const { clock, clockRateHz } = this.#options;
    const track = this.#track;
    const us = this.#catchUpSinceUs === undefined ? frame.timestampUs : clock.nowUs() - track.latencyUs;
    const earliest = this.#lastTimestamp + (track.kind === "video" ? clockRateHz / 1000 : 1);
    return Math.max(earliest, this.#timestampAt(us));
  }

  #timestampAt(us: number): number {
    return this.#firstTimestamp + Math.round((us * this.#options.clockRateHz) / 1e6);
  }

  /** What the track's clock says now, sent now and then: the same for all tracks of a viewer, so they are played in step. */
  #report(): void {
    const { sink, clock } = this.#options;
    const nowUs = clock.nowUs();
    if (!this.#reports.isDue(nowUs, this.#track.kind)) return;
    const rtpTimestamp = (this.#timestampAt(nowUs) % 2 ** 32) >>> 0;
    sink.sendMessageBinary(this.#reports.write(nowUs, { rtpTimestamp, ...this.counters }));
  }
}
