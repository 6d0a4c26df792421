import { z } from "zod";
import type { NalCodec } from "../../media/format.ts";
import type { RtspAddress } from "../../protocols/rtsp/address.ts";
import type { RtspTap } from "../../protocols/rtsp/client.ts";
import type { RtspMessage } from "../../protocols/rtsp/message.ts";
import { RtspParser } from "../../protocols/rtsp/parser.ts";
import { parseSdp } from "../../protocols/sdp/index.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { scrubMessage, scrubNoise, scrubPacket } from "./scrub.ts";

/** One thing that went over a connection; bytes in base64. */
const event = z.union([
  /** A request of the hub or its answer, or a message of the camera: as it was written. */
  z.object({ ms: z.number(), from: z.enum(["hub", "camera"]), text: z.string().max(200_000) }),
  /** A packet on an interleaved channel. */
  z.object({ ms: z.number(), channel: z.int().min(0).max(255), bytes: z.base64().max(100_000) }),
  /** A datagram of the n-th medium. */
  z.object({ ms: z.number(), medium: z.int().min(0).max(31), rtcp: z.boolean(), bytes: z.base64().max(100_000) }),
  /** Bytes that belong to nothing. */
  z.object({ ms: z.number(), noise: z.base64().max(100_000) }),
]);

/** Schema of a report: how a camera speaks RTSP, without what nobody else may know. */
export const rtspReport = z.object({
  kind: z.literal("doorward-rtsp-report"),
  doorward: z.string().max(64),
  /** False when pictures and sounds were blanked. */
  media: z.boolean(),
  quirks: z.array(z.string().max(64)).max(64),
  connections: z.array(z.array(event).max(20_000)).max(64),
});

/** A report. */
export type RtspReport = z.infer<typeof rtspReport>;
/** One event of a report. */
export type ReportEvent = z.infer<typeof event>;

/** Options of {@link RtspRecorder}. */
export interface RtspRecorderOptions {
  readonly address: RtspAddress;
  readonly clock: Clock;
  /** Keep what packets show and let hear. */
  readonly media: boolean;
  readonly version: string;
}

const maxPackets = 1500;
const maxConnections = 16;
const maxEvents = 4000;

/** Records how a camera speaks, for a report. Bounded; give `tap` to the driver. */
export class RtspRecorder {
  readonly #connections: ReportEvent[][] = [];
  readonly #parsers = new Map<ReportEvent[], RtspParser | undefined>();
  readonly #quirks = new Set<string>();
  #codec: NalCodec | undefined;
  #packets = 0;
  readonly #beganUs: number;
  readonly #options: RtspRecorderOptions;

  constructor(options: RtspRecorderOptions) {
    this.#options = options;
    this.#beganUs = options.clock.nowUs();
  }

  /** What sees all connections to the camera, one after the other. */
  tap(): RtspTap {
    let events: ReportEvent[] = [];
    return {
      connected: () => {
        events = [];
        if (this.#connections.length >= maxConnections) return;
        this.#connections.push(events);
        this.#parsers.set(events, new RtspParser());
      },
      sent: (bytes) => this.#add(events, { from: "hub", text: this.#scrub(bytes) }),
      received: (bytes) => this.#received(events, bytes),
      datagram: (bytes, { medium, rtcp }) => {
        if (this.#packets++ < maxPackets) this.#add(events, { medium, rtcp, bytes: this.#packet(bytes, rtcp) });
      },
    };
  }

  /** Notes what was learnt. */
  learn(quirk: string): void {
    this.#quirks.add(quirk);
  }

  /** What was recorded so far. */
  report(): RtspReport {
    const { version, media } = this.#options;
    const connections = this.#connections.filter((events) => events.length > 0);
    return { kind: "doorward-rtsp-report", doorward: version, media, quirks: [...this.#quirks], connections };
  }

  #received(events: ReportEvent[], bytes: Uint8Array): void {
    const parser = this.#parsers.get(events);
    if (!parser) return;
    try {
      for (const message of parser.push(bytes)) this.#message(events, message);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#parsers.set(events, undefined);
    }
  }

  #message(events: ReportEvent[], message: RtspMessage): void {
    if (message.kind === "noise") {
      const data = this.#options.media ? message.data : scrubNoise(message.data);
      this.#add(events, { noise: base64(data) });
    } else if (message.kind === "frame") {
      if (this.#packets++ >= maxPackets) return;
      const rtcp = ((message.payload[1] ?? 0) & 0x7f) >= 64 && (message.payload[1] ?? 0) >= 192;
      this.#add(events, { channel: message.channel, bytes: this.#packet(message.payload, rtcp) });
    } else {
      this.#learnCodec(message.body);
      this.#add(events, { from: "camera", text: this.#scrub(message.raw ?? new Uint8Array(0)) });
    }
  }

  #learnCodec(body: Uint8Array): void {
    if (body.length === 0) return;
    try {
      const { media } = parseSdp(Buffer.from(body).toString("utf8"));
      const codec = media.find(({ kind }) => kind === "video")?.payloads.find((payload) => payload.codec)?.codec;
      if (codec === "h264" || codec === "h265") this.#codec = codec;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  #packet(bytes: Uint8Array, rtcp: boolean): string {
    return base64(rtcp || this.#options.media ? bytes : scrubPacket(bytes, this.#codec));
  }

  #scrub(bytes: Uint8Array): string {
    return scrubMessage(Buffer.from(bytes).toString("latin1"), this.#options.address);
  }

  #add(events: ReportEvent[], what: DistributiveOmit<ReportEvent, "ms">): void {
    if (events.length >= maxEvents) return;
    const ms = Math.round((this.#options.clock.nowUs() - this.#beganUs) / 1000);
    events.push({ ms, ...what } as ReportEvent);
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
