import type { Format } from "../../media/format.ts";
import type { Clock } from "../../util/clock.ts";
import { RtpSync } from "../rtp/sync.ts";
import { formatFromPayload } from "../sdp/index.ts";
import type { ChosenMedium } from "./choose.ts";
import type { RtspChannel } from "./client.ts";
import { MediaReceiver } from "./receiver.ts";
import { createAudioFrames, createVideoFrames, type FrameSink } from "./unit-frames.ts";

/** One medium being received, with its reports and its channel. Its owner disposes it. */
export interface MediaStream extends Disposable {
  /** Set once the medium was granted. */
  channel: RtspChannel | undefined;
  readonly lastPacketUs: number | undefined;
  readonly rtp: (packet: Uint8Array) => void;
  readonly rtcp: (packet: Uint8Array) => void;
}

/** Options of {@link receiveMedia}. */
export interface ReceiveOptions {
  readonly clock: Clock;
  readonly onTrack: (format: Format) => FrameSink;
  readonly onReady?: () => void;
  readonly media: { readonly video?: ChosenMedium };
}

/** How often receiver reports go out and overdue packets are given up. */
const reportMs = 5000;
const expireMs = 100;

/** Makes receivers for the media of one session, on one time. */
export function receiveMedia(options: ReceiveOptions): (medium: ChosenMedium) => MediaStream {
  const sync = new RtpSync({ clock: options.clock });
  let ready = false;
  return (medium) => {
    const format = formatFromPayload(medium.payload);
    if (!format) throw new TypeError("a medium without a codec cannot be received");
    const sink = options.onTrack(format);
    const frames = format.kind === "video" ? createVideoFrames(format, sink) : createAudioFrames(format, sink);
    const { clockRateHz } = medium.payload;
    const receiver = new MediaReceiver({
      ...medium,
      clock: options.clock,
      stream: sync.stream({ kind: format.kind, clockRateHz }),
      frames,
      onFrame: () => {
        if (ready || (options.media.video && format.kind === "audio")) return;
        ready = true;
        options.onReady?.();
      },
    });
    return stream(receiver, options.clock);
  };
}

function stream(receiver: MediaReceiver, clock: Clock): MediaStream {
  const timers = { report: every(reportMs, report), expire: every(expireMs, () => receiver.expire()) };
  let channel: RtspChannel | undefined;
  function report(): void {
    const bytes = receiver.report();
    if (bytes) channel?.sendRtcp(bytes);
  }
  function every(ms: number, run: () => void): Disposable {
    let timer = clock.timer(ms, again);
    function again(): void {
      run();
      timer = clock.timer(ms, again);
    }
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }
  return {
    get channel() {
      return channel;
    },
    set channel(granted) {
      channel = granted;
    },
    get lastPacketUs() {
      return receiver.lastPacketUs;
    },
    rtp: (packet) => receiver.rtp(packet),
    rtcp: (packet) => receiver.rtcp(packet),
    [Symbol.dispose]: () => {
      timers.report[Symbol.dispose]();
      timers.expire[Symbol.dispose]();
    },
  };
}
