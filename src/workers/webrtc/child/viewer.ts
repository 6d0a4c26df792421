import { randomInt } from "node:crypto";
import { Audio, type PeerConnection, type Track, Video } from "node-datachannel";
import type { IceCandidate, ViewerFeedback, ViewerStats } from "../../../media/viewer.ts";
import type { FairSending } from "../../../protocols/rtp/fair-sending.ts";
import type { PacketTrack } from "../../../protocols/rtp/packet-track.ts";
import { isRtcp, parseRtcp, type ReportBlock, type RtcpPacket } from "../../../protocols/rtp/rtcp.ts";
import { RtpSender } from "../../../protocols/rtp/sender.ts";
import type { Clock } from "../../../util/clock.ts";
import { WireError } from "../../../util/errors.ts";
import type { AnswerPlan, SectionPlan } from "../offer.ts";
import { isAddressCandidate, withoutNames } from "./answer.ts";
import { openConnection, watchConnection, whenOpen } from "./connection.ts";
import { Microphone, type SoundPacket } from "./microphone.ts";

/** Options of {@link Viewer}. */
export interface ViewerOptions {
  readonly name: string;
  /** Its own; none for one that is made an offer. */
  readonly offerSdp: string | undefined;
  readonly plan: AnswerPlan;
  readonly video?: PacketTrack;
  readonly audio?: PacketTrack;
  readonly port: number;
  readonly iceServers: readonly string[];
  readonly clock: Clock;
  readonly queue: FairSending;
  /** The gathered answer. */
  readonly onAnswer: (sdp: string) => void;
  readonly trickles: boolean;
  readonly onCandidate: (candidate: IceCandidate | null) => void;
  readonly onSound: (packet: SoundPacket) => void;
  /** Given where key frames are made on demand. */
  readonly onFeedback: ((feedback: ViewerFeedback) => void) | undefined;
  /** Called once, with the reason; the peer has released everything. */
  readonly onClosed: (reason: string) => void;
}

/** Longest silence of a viewer from whom reports came: browsers report pictures each second, sound each five. */
const silenceMs = { video: 5000, audio: 10_000 };

/**
 * One viewer's connection. It answers, or makes an offer whose peer is not told where we are before its answer is known (as
 * offerer the library races its peer), says beforehand what each section carries, and closes every track before the connection, without which each connection would leak.
 */
export class Viewer {
  readonly #connection: PeerConnection;
  readonly #tracks: Track[] = [];
  readonly #senders: RtpSender[] = [];
  /** What begins once the connection stands. */
  readonly #toSend: { readonly track: Track; readonly start: () => void }[] = [];
  readonly #opening = new DisposableStack();
  #microphone: Microphone | undefined;
  #wantMicrophone = false;
  #watch: Disposable | undefined;
  #heardUs: number | undefined;
  #nacks = 0;
  /** Packets of the picture that were asked for again since its last report, and how many had been sent at that. */
  readonly #askedAgain = new Set<number>();
  #sentAtReport = 0;
  #keyFrameRequests = 0;
  #open = true;
  /** What it is shown; another from {@link Viewer.turnTo} on. */
  #video: PacketTrack | undefined;
  /** Of one that was made an offer: what it takes. */
  #taken: ReadonlySet<string> | undefined;
  readonly #options: ViewerOptions;

  /** Begins to answer, or makes an offer. Throws Error when the library refuses the offer. */
  constructor(options: ViewerOptions) {
    this.#options = options;
    this.#video = options.video;
    this.#connection = openConnection(options);
    try {
      const end = (reason: string) => this.close(reason);
      this.#watch = watchConnection(this.#connection, { ...options, connected: () => this.#connected(), end });
      for (const section of options.plan.sections) this.#add(section);
      const { offerSdp } = options;
      if (offerSdp !== undefined) this.#connection.setRemoteDescription(withoutNames(offerSdp), "offer");
      this.#connection.setLocalDescription(offerSdp === undefined ? "offer" : "answer");
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  addCandidate({ candidate, sdpMid }: IceCandidate): void {
    if (this.#open && isAddressCandidate(candidate)) this.#connection.addRemoteCandidate(candidate, sdpMid);
  }

  /** It answered our offer, and takes these sections; only the first answer counts. Throws Error when the library refuses it. */
  takes(answerSdp: string, mids: ReadonlySet<string>): void {
    if (!this.#open || this.#taken || this.#options.offerSdp !== undefined) return;
    this.#taken = mids;
    this.#connection.setRemoteDescription(withoutNames(answerSdp), "answer");
  }

  /** Whether the hub wants to hear this viewer. */
  wantMicrophone(wanted: boolean): void {
    this.#wantMicrophone = wanted;
    this.#microphone?.want(wanted);
  }

  /** Shows another picture of the same codec from its next key frame on; `onTurned` is called then, once. */
  turnTo(video: PacketTrack, onTurned: () => void): void {
    this.#video = video;
    const sender = this.#senders.find(({ urgent }) => !urgent);
    if (sender) sender.turnTo(video, onTurned);
    else onTurned();
  }

  get stats(): ViewerStats {
    const sum = (pick: (sender: RtpSender) => number) => this.#senders.reduce((total, one) => total + pick(one), 0);
    const reports = this.#senders.flatMap((sender) => sender.reported ?? []);
    const roundTripMs = reports.find((report) => report.roundTripMs !== undefined)?.roundTripMs;
    return {
      packetsSent: sum((sender) => sender.counters.packets),
      bytesSent: sum((sender) => sender.counters.bytes),
      framesDropped: sum((sender) => sender.counters.dropped),
      nacks: this.#nacks,
      keyFrameRequests: this.#keyFrameRequests,
      ...(reports.length === 0
        ? {}
        : { packetsLost: reports.reduce((total, { packetsLost }) => total + packetsLost, 0) }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
    };
  }

  close(reason: string): void {
    if (!this.#open) return;
    this.#release();
    this.#options.onClosed(reason);
  }

  /** Closes when the viewer, from whom reports came, has been silent for long. */
  checkSilence(): void {
    if (this.#heardUs === undefined || this.#senders.length === 0) return;
    const allowedMs = silenceMs[this.#senders.some(({ urgent }) => !urgent) ? "video" : "audio"];
    if (this.#options.clock.nowUs() - this.#heardUs > allowedMs * 1000) this.close("disconnected");
  }

  #release(): void {
    this.#open = false;
    this.#watch?.[Symbol.dispose]();
    this.#opening.dispose();
    for (const sender of this.#senders) sender[Symbol.dispose]();
    for (const track of this.#tracks) track.close();
    this.#connection.close();
  }

  #add(section: SectionPlan): void {
    const ssrc = randomInt(1, 0xffff_ffff);
    const track = this.#connection.addTrack(describe(section, ssrc));
    this.#tracks.push(track);
    const source = () => (section.kind === "video" ? this.#video : this.#options.audio);
    if (section.sending && source())
      this.#toSend.push({ track, start: () => this.#startSending(track, { section, source: source(), ssrc }) });
    if (section.microphone !== undefined) {
      const { clock, onSound } = this.#options;
      this.#microphone = new Microphone({ payloadType: section.microphone, clock, onSound });
      this.#microphone.want(this.#wantMicrophone);
    }
    track.onMessage((bytes) => this.#receive(bytes, ssrc));
  }

  #connected(): void {
    const { clock } = this.#options;
    for (const { track, start } of this.#toSend.splice(0)) this.#opening.use(whenOpen(track, { clock, opened: start }));
  }

  #startSending(
    sink: Track,
    what: { readonly section: SectionPlan; readonly source: PacketTrack | undefined; readonly ssrc: number },
  ): void {
    const { section, source, ssrc } = what;
    const { queue, clock } = this.#options;
    const sending = section.sending;
    if (!this.#open || !sending || !source || this.#taken?.has(section.mid) === false) return;
    const { payloadType, clockRateHz } = sending;
    const resends = section.kind === "video";
    const named = { ssrc, cname: section.mediaStream };
    this.#senders.push(
      new RtpSender({ track: source, sink, queue, clock, payloadType, clockRateHz, resends, ...named }),
    );
  }

  /** `ssrc` is the track's own: the library gives reports to every track. */
  #receive(bytes: Uint8Array, ssrc: number): void {
    if (!this.#open) return;
    this.#heardUs = this.#options.clock.nowUs();
    if (!isRtcp(bytes)) {
      this.#microphone?.receive(bytes);
      return;
    }
    try {
      const sender = this.#senders.find((one) => one.ssrc === ssrc);
      if (sender) for (const packet of parseRtcp(bytes)) this.#feedback(packet, sender);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  #feedback(packet: RtcpPacket, sender: RtpSender): void {
    const { onFeedback } = this.#options;
    if (packet.type === "receiver-report" || packet.type === "sender-report") {
      for (const report of packet.reports) this.#report(report, sender);
    } else if (packet.type === "receiver-estimate") {
      if (!sender.urgent) onFeedback?.({ type: "estimate", bitrateBps: packet.bitrateBps });
    } else if (!("mediaSsrc" in packet) || packet.mediaSsrc !== sender.ssrc) return;
    else if (packet.type === "nack") {
      this.#nacks += packet.sequences.length;
      sender.resend(packet.sequences);
      if (onFeedback && !sender.urgent) for (const sequence of packet.sequences) this.#askedAgain.add(sequence);
    } else {
      this.#keyFrameRequests++;
      if (onFeedback) onFeedback({ type: "key-frame" });
      else sender.restart();
    }
  }

  #report(report: ReportBlock, sender: RtpSender): void {
    sender.takeReport(report);
    if (report.ssrc !== sender.ssrc || sender.urgent) return;
    const { roundTripMs } = sender.reported ?? {};
    const lostShare = Math.max(report.fractionLost / 256, this.#shareAskedAgain(sender));
    this.#options.onFeedback?.({ type: "report", lostShare, ...(roundTripMs !== undefined && { roundTripMs }) });
  }

  /** What was lost and came when it was asked for again counts as received in the viewer's reports. */
  #shareAskedAgain(sender: RtpSender): number {
    const { packets } = sender.counters;
    const sent = packets - this.#sentAtReport;
    const share = sent > 0 ? Math.min(1, this.#askedAgain.size / sent) : 0;
    this.#sentAtReport = packets;
    this.#askedAgain.clear();
    return share;
  }
}

/** One section of an answer as the library takes it. */
export function describe(section: SectionPlan, ssrc: number): Video | Audio {
  const { mid, direction, kind, mediaStream } = section;
  const media = kind === "video" ? new Video(mid, direction) : new Audio(mid, direction);
  for (const { payloadType, rtpmap, fmtp } of section.payloads) {
    // The library takes a missing profile for none, but not `undefined`.
    const profile: [] | [string] = fmtp === undefined ? [] : [fmtp];
    if (media instanceof Audio) media.addAudioCodec(payloadType, rtpmap, ...profile);
    else media.addVideoCodec(payloadType, rtpmap.split("/")[0] ?? rtpmap, ...profile);
  }
  if (section.sending) media.addSSRC(ssrc, mediaStream, mediaStream, `${mediaStream}-${kind}`);
  return media;
}
