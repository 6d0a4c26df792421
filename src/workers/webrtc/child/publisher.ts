import { randomInt } from "node:crypto";
import type { PeerConnection, Track } from "node-datachannel";
import type { Format } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import type { IceCandidate, ViewerStats } from "../../../media/viewer.ts";
import type { FairSending } from "../../../protocols/rtp/fair-sending.ts";
import { RepairRequests } from "../../../protocols/rtp/nack.ts";
import type { PacketTrack } from "../../../protocols/rtp/packet-track.ts";
import { isRtcp } from "../../../protocols/rtp/rtcp.ts";
import { serializeRtcp } from "../../../protocols/rtp/rtcp-write.ts";
import { RtpSender } from "../../../protocols/rtp/sender.ts";
import { RtpSync } from "../../../protocols/rtp/sync.ts";
import { MediaReceiver } from "../../../protocols/rtsp/receiver.ts";
import { createAudioFrames, createVideoFrames } from "../../../protocols/rtsp/unit-frames.ts";
import { formatFromPayload, type PayloadMapping } from "../../../protocols/sdp/index.ts";
import type { Clock } from "../../../util/clock.ts";
import { every } from "../../../util/every.ts";
import type { AnswerPlan, SectionPlan } from "../offer.ts";
import { isAddressCandidate, withoutNames } from "./answer.ts";
import { openConnection, watchConnection } from "./connection.ts";
import { describe } from "./viewer.ts";

/** What it will send, as its description says. */
interface PublishedSdp {
  /** By mid. */
  readonly taken: ReadonlyMap<string, PayloadMapping>;
  /** In which of those it sends again what it is asked for, by mid. */
  readonly repaired: ReadonlySet<string>;
}

/** Options of {@link Publisher}. */
export interface PublisherOptions {
  readonly name: string;
  readonly plan: AnswerPlan;
  /** Its own offer; none for one that is asked to publish by ours. */
  readonly offered?: PublishedSdp & { readonly offerSdp: string };
  /** What one that is asked to publish is sent in return, if it takes it. */
  readonly sound: PacketTrack | undefined;
  readonly queue: FairSending;
  readonly port: number;
  readonly iceServers: readonly string[];
  readonly clock: Clock;
  /** The gathered answer, or our offer. */
  readonly onAnswer: (sdp: string) => void;
  /** It is connected, and sent the sound. */
  readonly onAudible: () => void;
  readonly trickles: boolean;
  readonly onCandidate: (candidate: IceCandidate | null) => void;
  /** A stream begins, or its details changed. */
  readonly onFormat: (format: Format) => void;
  readonly onFrame: (kind: "video" | "audio", frame: Frame) => void;
  /** Called once, with the reason; the publisher has released everything. */
  readonly onClosed: (reason: string) => void;
}

const silenceMs = 5000;
const tickMs = 100;
const reportMs = 1000;
/**
 * A browser makes a key frame only when it is asked for one: a new viewer waits for it no longer than this. An agent sends those of its
 * camera, and who asks in between makes it send everything since the last one once more: it is asked when there was none for long.
 */
const keyFrameMs = { offered: 4000, asked: 15_000 };
const askAgainMs = 1000;
/** How long a lost packet is waited for that was asked for again: a few times there and back. */
const repairMs = 300;

/** One stream that comes in. */
interface Incoming {
  readonly track: Track;
  readonly receiver: MediaReceiver;
  readonly payload: PayloadMapping;
  readonly kind: "video" | "audio";
  /** There when it sends again what it is asked for. */
  readonly repair: RepairRequests | undefined;
  lost: number;
  keyUs: number;
  askedUs: number;
}

/** A peer that sends picture and sound to the hub: packets in, frames out, with the reports and requests that it needs. */
export class Publisher {
  readonly #connection: PeerConnection;
  readonly #incoming: Incoming[] = [];
  readonly #tracks = new Map<string, Track>();
  readonly #timers = new DisposableStack();
  readonly #sync: RtpSync;
  readonly #ownSsrc = randomInt(1, 0xffff_ffff);
  #sender: RtpSender | undefined;
  #watch: Disposable | undefined;
  #heardUs: number | undefined;
  #open = true;
  #nacks = 0;
  #keyFrameRequests = 0;
  readonly #options: PublisherOptions;

  /** Begins to answer, or makes an offer. Throws Error when the library refuses the offer. */
  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#sync = new RtpSync({ clock: options.clock });
    this.#connection = openConnection(options);
    try {
      this.#watch = watchConnection(this.#connection, { ...options, end: (reason) => this.close(reason) });
      for (const section of options.plan.sections) this.#add(section);
      const { offered } = options;
      if (offered) {
        this.#listen(offered);
        this.#connection.setRemoteDescription(withoutNames(offered.offerSdp), "offer");
      }
      this.#connection.setLocalDescription(offered ? "answer" : "offer");
      this.#timers.use(every(options.clock, tickMs, () => this.#tick()));
      this.#timers.use(every(options.clock, reportMs, () => this.#report()));
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  addCandidate({ candidate, sdpMid }: IceCandidate): void {
    if (this.#open && isAddressCandidate(candidate)) this.#connection.addRemoteCandidate(candidate, sdpMid);
  }

  /** It answered our offer; only the first answer counts. Throws Error when the library refuses it. */
  answered({
    sdp,
    takesSound,
    ...published
  }: PublishedSdp & { readonly sdp: string; readonly takesSound: boolean }): void {
    if (!this.#open || this.#options.offered || this.#incoming.length > 0) return;
    this.#listen(published);
    if (takesSound) this.#speak();
    this.#connection.setRemoteDescription(withoutNames(sdp), "answer");
  }

  /** A publisher is heard in any case. */
  wantMicrophone(_wanted: boolean): void {}

  /** What was asked of it, and what it was sent in return. */
  get stats(): ViewerStats {
    const packetsLost = this.#incoming.reduce((sum, { receiver }) => sum + receiver.counters.lost, 0);
    const [nacks, keyFrameRequests] = [this.#nacks, this.#keyFrameRequests];
    const { packets = 0, bytes = 0, dropped = 0 } = this.#sender?.counters ?? {};
    return {
      packetsSent: packets,
      bytesSent: bytes,
      framesDropped: dropped,
      nacks,
      keyFrameRequests,
      packetsLost,
    };
  }

  close(reason: string): void {
    if (!this.#open) return;
    this.#release();
    this.#options.onClosed(reason);
  }

  /** Closes when a publisher that has sent something is silent. */
  checkSilence(): void {
    if (this.#heardUs === undefined) return;
    if (this.#options.clock.nowUs() - this.#heardUs > silenceMs * 1000) this.close("disconnected");
  }

  #release(): void {
    this.#open = false;
    this.#timers.dispose();
    this.#watch?.[Symbol.dispose]();
    this.#sender?.[Symbol.dispose]();
    for (const track of this.#tracks.values()) track.close();
    this.#connection.close();
  }

  #add(section: SectionPlan): void {
    this.#tracks.set(section.mid, this.#connection.addTrack(describe(section, this.#ownSsrc)));
  }

  /** Takes in what it will send. */
  #listen({ taken, repaired }: PublishedSdp): void {
    for (const [mid, payload] of taken) {
      const track = this.#tracks.get(mid);
      const format = formatFromPayload(payload);
      if (!track || !format) continue;
      const incoming = this.#receive(track, { payload, format, repaired: repaired.has(mid) });
      this.#incoming.push(incoming);
      track.onMessage((bytes) => this.#take(bytes, incoming));
    }
  }

  /** Sends it the sound from the moment on at which it is connected. */
  #speak(): void {
    const { sound, plan, queue, clock, onAudible } = this.#options;
    const section = plan.sections.find(({ sending }) => sending);
    const sink = this.#tracks.get(section?.mid ?? "");
    if (!sound || !section?.sending || !sink) return;
    const { payloadType, clockRateHz } = section.sending;
    const sending = { payloadType, clockRateHz, ssrc: this.#ownSsrc, cname: section.mediaStream };
    sink.onOpen(() => {
      if (!this.#open) return;
      this.#sender = new RtpSender({ track: sound, sink, queue, clock, ...sending });
      onAudible();
    });
  }

  #receive(
    track: Track,
    how: { readonly payload: PayloadMapping; readonly format: Format; readonly repaired: boolean },
  ): Incoming {
    const { payload, format, repaired } = how;
    const { clock, onFormat, onFrame } = this.#options;
    const { kind } = format;
    onFormat(format);
    const sink = { write: (frame: Frame) => onFrame(kind, frame), updateFormat: onFormat };
    const receiver = new MediaReceiver({
      section: { kind, port: 9, protocol: "UDP/TLS/RTP/SAVPF", direction: "sendonly", payloads: [payload] },
      payload,
      foreignTypes: new Set(),
      isOthers: (ssrc) => this.#incoming.some((one) => one !== incoming && one.receiver.source === ssrc),
      onQuirk: () => {},
      inOrder: false,
      ...(repaired && { waitMs: repairMs }),
      clock,
      stream: this.#sync.stream({ kind, clockRateHz: payload.clockRateHz }),
      frames: format.kind === "video" ? createVideoFrames(format, sink) : createAudioFrames(format, sink),
      onFrame: (frame) => {
        if (frame.key) incoming.keyUs = clock.nowUs();
      },
    });
    const repair = repaired ? new RepairRequests({ clock }) : undefined;
    const incoming: Incoming = { track, receiver, payload, kind, repair, lost: 0, keyUs: -1e12, askedUs: -1e12 };
    return incoming;
  }

  #take(bytes: Uint8Array, incoming: Incoming): void {
    if (!this.#open) return;
    this.#heardUs = this.#options.clock.nowUs();
    if (isRtcp(bytes)) {
      incoming.receiver.rtcp(bytes);
      return;
    }
    // Browsers mix in what was not agreed (padding, probes): only the one payload type is ours.
    if (((bytes[1] ?? 0) & 0x7f) !== incoming.payload.payloadType) return;
    incoming.receiver.rtp(bytes);
    this.#askAgain(incoming);
  }

  #tick(): void {
    for (const incoming of this.#incoming) {
      incoming.receiver.expire();
      this.#askAgain(incoming);
      if (incoming.kind === "video") this.#askForKeyFrame(incoming);
    }
  }

  /** For packets that are missing, while there is time for them to come. */
  #askAgain(incoming: Incoming): void {
    const { receiver, repair } = incoming;
    const mediaSsrc = receiver.source;
    const sequences = repair?.due(receiver.missing) ?? [];
    if (mediaSsrc === undefined || sequences.length === 0) return;
    this.#nacks += sequences.length;
    const request = { type: "nack", ssrc: this.#ownSsrc, mediaSsrc, sequences } as const;
    this.#send(incoming, serializeRtcp([{ type: "receiver-report", ssrc: this.#ownSsrc, reports: [] }, request]));
  }

  /** After a loss, before the first key frame, and when there was none for long. */
  #askForKeyFrame(incoming: Incoming): void {
    const { receiver } = incoming;
    const ssrc = receiver.source;
    const nowUs = this.#options.clock.nowUs();
    const broken = receiver.counters.lost > incoming.lost;
    const patienceMs = keyFrameMs[this.#options.offered ? "offered" : "asked"];
    const due = broken || nowUs - incoming.keyUs > patienceMs * 1000;
    if (ssrc === undefined || !due || nowUs - incoming.askedUs < askAgainMs * 1000) return;
    incoming.lost = receiver.counters.lost;
    incoming.askedUs = nowUs;
    this.#keyFrameRequests++;
    const request = { type: "picture-loss", ssrc: this.#ownSsrc, mediaSsrc: ssrc } as const;
    this.#send(incoming, serializeRtcp([{ type: "receiver-report", ssrc: this.#ownSsrc, reports: [] }, request]));
  }

  #report(): void {
    for (const incoming of this.#incoming) {
      const bytes = incoming.receiver.report();
      if (bytes) this.#send(incoming, bytes);
    }
  }

  #send({ track }: Incoming, bytes: Uint8Array): void {
    if (this.#open && track.isOpen()) track.sendMessageBinary(bytes as Buffer);
  }
}
