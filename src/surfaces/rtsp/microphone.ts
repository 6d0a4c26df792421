import type { Hub } from "../../hub/hub.ts";
import type { Principal } from "../../identity/policy.ts";
import type { AudioFormat } from "../../media/format.ts";
import { parseRtp, type RtpPacket } from "../../protocols/rtp/packet.ts";
import { quietTest } from "../../protocols/rtsp/quiet.ts";
import { WireError } from "../../util/errors.ts";
import { describeFloor, SoundFloor, type SoundFloorOptions } from "../sound-floor.ts";

/** Options of {@link Microphone}. */
export interface MicrophoneOptions {
  readonly hub: Hub;
  readonly principal: Principal;
  readonly deviceId: string;
}

const codecs: Readonly<Record<number, "pcmu" | "pcma">> = { 0: "pcmu", 8: "pcma" };
/** Longest packet that is played, bytes: half a second. */
const maxBytes = 4000;
/** A jump further than this is a new beginning and no loss. */
const maxLost = 100;

/** What a client says on ONVIF's back channel: G.711 by RTP, which takes the floor of the device's speaker by being heard. */
export class Microphone implements Disposable {
  #floor: SoundFloor | undefined;
  #codec: "pcmu" | "pcma" | undefined;
  #last: Pick<RtpPacket, "sequence" | "ssrc"> | undefined;
  #told = "nothing was said yet";
  #quiet: ((data: Uint8Array) => boolean) | undefined;
  readonly #options: MicrophoneOptions;

  constructor(options: MicrophoneOptions) {
    this.#options = options;
  }

  /** How it goes, for people. */
  get told(): string {
    return this.#told;
  }

  /** A packet came. What is no G.711, too long, or late is passed over. */
  push(bytes: Uint8Array): void {
    const packet = readRtp(bytes);
    const codec = packet && codecs[packet.payloadType];
    if (!packet || !codec || packet.payload.length === 0 || packet.payload.length > maxBytes) return;
    const lostBefore = this.#lostBefore(packet);
    if (lostBefore === undefined) return;
    this.#last = packet;
    if (codec !== this.#codec) this.#begin(codec);
    const data = new Uint8Array(packet.payload);
    const durationUs = (data.length * 1e6) / 8000;
    const frame = { data, timestampUs: this.#options.hub.clock.nowUs(), key: true, durationUs };
    this.#floor?.hear({ frame, lostBefore, silent: this.#quiet?.(data) === true });
  }

  [Symbol.dispose](): void {
    this.#floor?.[Symbol.dispose]();
    this.#floor = undefined;
  }

  /** How many are missing before it; undefined for one that is late, or came before. */
  #lostBefore({ sequence, ssrc }: RtpPacket): number | undefined {
    if (!this.#last || this.#last.ssrc !== ssrc) return 0;
    const ahead = (sequence - this.#last.sequence) & 0xffff;
    if (ahead === 0 || ahead > 0x8000) return ahead > 0 && 0x1_0000 - ahead > maxLost ? 0 : undefined;
    return ahead > maxLost ? 0 : ahead - 1;
  }

  #begin(codec: "pcmu" | "pcma"): void {
    const { hub, principal, deviceId } = this.#options;
    const format: AudioFormat = { kind: "audio", codec, sampleRateHz: 8000, channels: 1 };
    this.#floor?.[Symbol.dispose]();
    this.#codec = codec;
    this.#quiet = quietTest(format);
    const onState: SoundFloorOptions["onState"] = (state) => {
      this.#told = describeFloor(state);
      hub.log.info({ device: deviceId, person: principal.name }, `RTSP talk: ${this.#told}`);
    };
    this.#floor = new SoundFloor({ hub, principal, to: `device:${deviceId}`, format, onState });
  }
}

function readRtp(bytes: Uint8Array): RtpPacket | undefined {
  try {
    return parseRtp(bytes);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
