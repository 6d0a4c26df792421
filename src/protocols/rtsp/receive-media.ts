import { makeAacConfig } from "../../codecs/aac/index.ts";
import type { Format } from "../../media/format.ts";
import { KeyFrameAsker } from "../../media/key-frame-asker.ts";
import type { Clock } from "../../util/clock.ts";
import { every } from "../../util/every.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import { RtpSync } from "../rtp/sync.ts";
import { formatFromPayload, type MediaSection } from "../sdp/index.ts";
import type { ChosenMedium } from "./choose.ts";
import type { RtspStream } from "./client.ts";
import { MediaReceiver } from "./receiver.ts";
import { createAudioFrames, createVideoFrames, type FrameSink } from "./unit-frames.ts";

/** One medium being received, with its reports. Its owner disposes it. */
export interface ReceivedMedium extends Disposable {
  readonly lastPacketUs: number | undefined;
  readonly rtp: (packet: Uint8Array) => void;
  readonly rtcp: (packet: Uint8Array) => void;
  /** What is under way may be spoilt: bytes were lost on the connection. */
  readonly spoil: () => void;
}

/** What is known of a stream besides its format. */
export interface HowSent {
  /** Nothing else of this session is received. */
  readonly alone: boolean;
  /** Asks its sender for a key frame; there for a picture. May be called at any time, and heeds not to ask too often. */
  readonly wantKeyFrame?: () => void;
}

/** Options of {@link receiveMedia}. */
export interface ReceiveOptions {
  readonly clock: Clock;
  readonly onTrack: (format: Format, how: HowSent) => FrameSink;
  /** Asks the camera for a key frame where its stream cannot be asked. */
  readonly onKeyFrameWanted?: () => void;
  readonly onReady?: () => void;
  readonly media: { readonly video?: ChosenMedium; readonly audio?: ChosenMedium };
  /** All sections of the description: packets of their types are not taken for another's. */
  readonly sections?: readonly MediaSection[];
  readonly onQuirk?: (quirk: QuirkCode) => void;
}

/** How often receiver reports go out. */
const reportMs = 5000;
/** How often overdue packets are given up while some are waited for. */
const expireMs = 100;

/** Makes receivers for the media of one session, on one time. */
export function receiveMedia(options: ReceiveOptions): (medium: ChosenMedium, stream: RtspStream) => ReceivedMedium {
  const sync = new RtpSync({ clock: options.clock });
  const receivers: MediaReceiver[] = [];
  let ready = false;
  return (medium, stream) => {
    const format = formatFromPayload(medium.payload);
    if (!format) throw new TypeError("a medium without a codec cannot be received");
    const alone = !(options.media.video && options.media.audio);
    const asker = new KeyFrameAsker({
      clock: options.clock,
      ask: () => receiver.askKeyFrame(stream.sendRtcp),
      askElsewhere: options.onKeyFrameWanted,
    });
    const onKeyFrameWanted = () => asker.want();
    const picture = format.kind === "video";
    const sink = options.onTrack(decodable(format), { alone, ...(picture && { wantKeyFrame: onKeyFrameWanted }) });
    const frames =
      format.kind === "video"
        ? createVideoFrames(format, sink, { ...options, onKeyFrameWanted })
        : createAudioFrames(format, sink);
    const { clockRateHz } = medium.payload;
    const receiver: MediaReceiver = new MediaReceiver({
      ...medium,
      foreignTypes: foreignTypes(medium.section, options.sections ?? []),
      inOrder: stream.protocol === "tcp",
      onQuirk: (quirk) => options.onQuirk?.(quirk),
      isOthers: (ssrc) => receivers.some((other) => other !== receiver && other.source === ssrc),
      clock: options.clock,
      stream: sync.stream({ kind: format.kind, clockRateHz }),
      frames,
      onFrame: (frame) => {
        if (frame.key) asker.came();
        if (ready || (options.media.video && format.kind === "audio")) return;
        ready = true;
        options.onReady?.();
      },
    });
    receivers.push(receiver);
    return receive(receiver, { stream, clock: options.clock, asker });
  };
}

/** A decoder of AAC needs a configuration; where the description has none that can be read, what it says makes one. */
function decodable(format: Format): Format {
  if (format.kind !== "audio" || format.codec !== "aac" || format.config) return format;
  return { ...format, config: makeAacConfig(format) };
}

/** Payload types that belong to other sections than `own`. */
function foreignTypes(own: MediaSection, sections: readonly MediaSection[]): ReadonlySet<number> {
  const types = (section: MediaSection) => section.payloads.map(({ payloadType }) => payloadType);
  const foreign = new Set(sections.filter((section) => section !== own).flatMap(types));
  for (const type of types(own)) foreign.delete(type);
  return foreign;
}

function receive(
  receiver: MediaReceiver,
  deps: { readonly stream: RtspStream; readonly clock: Clock; readonly asker: KeyFrameAsker },
): ReceivedMedium {
  const timers = new DisposableStack();
  timers.use(deps.asker);
  const overdue = timers.use(new Overdue(receiver, deps.clock));
  const report = () => {
    const bytes = receiver.report();
    if (bytes) deps.stream.sendRtcp(bytes);
  };
  timers.use(every(deps.clock, reportMs, report));
  return {
    get lastPacketUs() {
      return receiver.lastPacketUs;
    },
    rtp: (packet) => {
      receiver.rtp(packet);
      if (receiver.waits) overdue.lookLater();
    },
    rtcp: (packet) => receiver.rtcp(packet),
    spoil: () => receiver.spoil(),
    [Symbol.dispose]: () => timers.dispose(),
  };
}

/** Gives up what was waited for long enough. There is a timer only while something is. */
class Overdue implements Disposable {
  #next: Disposable | undefined;
  #over = false;
  readonly #receiver: MediaReceiver;
  readonly #clock: Clock;

  constructor(receiver: MediaReceiver, clock: Clock) {
    this.#receiver = receiver;
    this.#clock = clock;
  }

  lookLater(): void {
    if (this.#over) return;
    this.#next ??= this.#clock.timer(expireMs, () => {
      this.#next = undefined;
      this.#receiver.expire();
      if (this.#receiver.waits) this.lookLater();
    });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#next?.[Symbol.dispose]();
  }
}
