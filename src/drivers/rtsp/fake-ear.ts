import { decodeG711 } from "../../codecs/g711/index.ts";
import type { AudioFormat } from "../../media/format.ts";
import { createDepacketizer, type Depacketizer } from "../../protocols/rtp/depacketize.ts";
import { parseRtp, type RtpPacket } from "../../protocols/rtp/packet.ts";
import type { Clock } from "../../util/clock.ts";

/** One packet as it reached a fake camera's loudspeaker. */
export interface HeardPacket {
  readonly codec: AudioFormat["codec"];
  readonly data: Uint8Array;
  readonly timestamp: number;
  readonly marker: boolean;
  /** When it came, hub clock. */
  readonly atUs: number;
}

/** Ten minutes in packets of 20 ms: a demo may run for days. */
const maxPackets = 30_000;

/** What a fake camera's back channel takes in. */
export class FakeEar {
  /** The latest comes last; the oldest are removed. */
  readonly packets: HeardPacket[] = [];
  readonly #sources = new WeakMap<object, number>();
  readonly #byPayloadType: ReadonlyMap<number, { readonly format: AudioFormat; readonly depacketizer: Depacketizer }>;
  readonly #clock: Clock;

  /** `formats` by payload type. */
  constructor(formats: ReadonlyMap<number, AudioFormat>, options: { readonly clock: Clock }) {
    this.#clock = options.clock;
    this.#byPayloadType = new Map(
      [...formats].map(([type, format]) => {
        const fmtp = { sizelength: "13", indexlength: "3", indexdeltalength: "3" };
        const depacketizer = createDepacketizer({ codec: format.codec, fmtp, clockRateHz: format.sampleRateHz });
        return [type, { format, depacketizer }];
      }),
    );
  }

  /** Takes one RTP packet from `talker`. Like GStreamer's server it stays with the first source, even of an empty packet. */
  hear(bytes: Uint8Array, talker: object): void {
    const packet: RtpPacket = parseRtp(bytes);
    const source = this.#sources.get(talker) ?? packet.ssrc;
    this.#sources.set(talker, source);
    if (packet.ssrc !== source) return;
    const known = this.#byPayloadType.get(packet.payloadType);
    if (!known || packet.payload.length === 0) return;
    for (const { data, timestamp } of known.depacketizer.push(packet)) {
      const { codec } = known.format;
      const atUs = this.#clock.nowUs();
      this.packets.push({ codec, data: new Uint8Array(data), timestamp, marker: packet.marker, atUs });
      if (this.packets.length > maxPackets) this.packets.shift();
    }
  }

  /** Everything heard as pcm_s16le, for G.711 and L16. */
  pcm(): Uint8Array {
    return Buffer.concat(
      this.packets.map(({ codec, data }) => {
        if (codec === "pcm_s16le") return data;
        if (codec === "pcmu" || codec === "pcma") return decodeG711(codec, data);
        throw new TypeError(`the fake's ear does not decode ${codec}`);
      }),
    );
  }
}
