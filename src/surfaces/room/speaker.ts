import type { Carrier, Speaker } from "../../device/driver.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "../../media/format.ts";
import type { Speech } from "../../media/speech.ts";
import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import { codec } from "../../protocols/room/constants.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Destination } from "../../workers/pace/index.ts";
import type { RunningDelivery } from "./deliveries.ts";
import type { RoomSender } from "./sender.ts";

/** Options of {@link RoomSpeaker}. */
export interface RoomSpeakerOptions {
  readonly sender: RoomSender;
  /** Where the station is now; undefined where that is not known. */
  readonly destination: () => Destination | undefined;
  readonly key: () => Uint8Array | undefined;
  /** How loud the hub makes it, the house's loudness with it; 1 leaves the sound as it is. */
  readonly gain: () => number;
  /** The station is told over MQTT how loud it is, and makes that itself. */
  readonly makesVolume: () => boolean;
  readonly carrier: Carrier;
  /** False for one that could not tell whether what is sent by the carrier is the hub's, although it asks: it is sent to alone. */
  readonly mayCarry: () => boolean;
  /** What of a speech is sent to it. */
  readonly heard?: (speech: Speech) => Speech;
  /** It hears while it speaks, and what it plays is in what it says. */
  readonly echoes?: () => boolean;
}

/** Samples first: recordings are coded as the firmware does it. Opus passes where it needs not be louder. */
const samples = pcmFormat(codec.sampleRateHz.value);
const unchanged: readonly AudioFormat[] = [samples, opusFormat];

/** One station's loudspeaker. */
export class RoomSpeaker implements Speaker {
  readonly #options: RoomSpeakerOptions;

  constructor(options: RoomSpeakerOptions) {
    this.#options = options;
  }

  /** Most stations are half duplex: what they play is not in what they say. */
  get echoCancelling(): boolean {
    return !this.#options.echoes?.();
  }

  get carrier(): Carrier | undefined {
    return this.#options.mayCarry() ? this.#options.carrier : undefined;
  }

  get formats(): readonly AudioFormat[] {
    return this.#options.gain() === 1 ? unchanged : [samples];
  }

  get makesVolume(): boolean {
    return this.#options.makesVolume();
  }

  async play(speech: Speech): Promise<void> {
    const { sender, destination, key, heard } = this.#options;
    const to = destination();
    if (!to) throw new RecoverableError("its address is not known yet", { code: "offline" });
    await sender.send(heard?.(speech) ?? speech, { to: [to], key: key() });
  }
}

/** Options of {@link roomCarrier}. */
export interface RoomCarrierOptions {
  readonly id: string;
  readonly sender: RoomSender;
  /** Devices that hear what is sent by it. */
  readonly members: () => readonly string[];
  /** Where it is sent to at the moment: the group on each network, or each station alone. */
  readonly destinations: () => readonly Destination[];
  /** The group's key, under which it is signed; undefined while no station could tell. */
  readonly group: () => RoomGroupKey | undefined;
  /** Called when something is sent by it. */
  readonly begin: () => RunningDelivery;
}

/** All stations at once. */
export function roomCarrier({ id, sender, members, destinations, group, begin }: RoomCarrierOptions): Carrier {
  const play = async (speech: Speech) => {
    const delivery = begin();
    let sent = 0;
    const onSent = (packets: number) => {
      sent = packets;
    };
    try {
      await sender.send(speech, { to: destinations(), group: group(), onSent });
    } finally {
      delivery.end(sent);
    }
  };
  return { id, members, play };
}
