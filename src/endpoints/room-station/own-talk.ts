import type { OpusEncoder } from "../../codecs/opus/index.ts";
import { bytesOf } from "../../codecs/pcm/index.ts";
import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import { authenticity, codec, floor, packetLayout } from "../../protocols/room/constants.ts";
import type { RoomPriority } from "../../protocols/room/packet.ts";
import type { Destination, PacedTalk, TalkWriting } from "../../workers/pace/index.ts";
import type { Microphone } from "../machine/ports.ts";

/** Options of {@link OwnTalk}. */
export interface OwnTalkOptions {
  readonly sender: string;
  readonly priority: RoomPriority;
  /** Room, or everybody: what is shown. */
  readonly target: string;
  readonly to: readonly Destination[];
  readonly key?: Uint8Array | undefined;
  /** The group's key, while the station has one. */
  readonly group?: RoomGroupKey | undefined;
  readonly encoder: OpusEncoder;
  /** One packet of silence. */
  readonly silence: Uint8Array;
  /** Of the first packet. */
  readonly sequence: number;
  readonly microphone: Microphone;
  /** Begins to send: the 20 ms clock. */
  readonly begin: (to: readonly Destination[], writing: TalkWriting) => PacedTalk;
  /** When the button was pressed, ms. */
  readonly nowMs: number;
  /** Ten seconds are left. */
  readonly onWarning: () => void;
  /** A call, which may last as long as it likes. */
  readonly unlimited?: boolean;
}

const { tagBytes, groupBytes } = authenticity;
/** What fits into a packet, and leaves room for the tags. */
const maxOpusBytes =
  packetLayout.maxBytes.value - packetLayout.headerBytes.value - tagBytes.value - groupBytes.value - 2;
const leadInMs = floor.leadInFrames.value * codec.frameMs.value;

/**
 * Our own talk: 15 packets of silence from the press on, so that all stations have woken up when the words come, then the
 * microphone, then 10 packets of silence. It is over when the last of these has left.
 */
export class OwnTalk {
  readonly target: string;
  /** Resolves with the packets that were sent. */
  readonly over: Promise<number>;
  readonly #options: OwnTalkOptions;
  readonly #paced: PacedTalk;
  #capture: Disposable | undefined;
  #phase: "lead-in" | "words" | "trail-out" = "lead-in";
  #warned = false;

  constructor(options: OwnTalkOptions) {
    const { sender, priority, key, group, to, silence, sequence } = options;
    this.#options = options;
    this.target = options.target;
    this.#paced = options.begin(to, {
      sender,
      priority,
      silence,
      sequence,
      leadIn: floor.leadInFrames.value,
      trailOut: floor.trailOutFrames.value,
      ...(key && { key }),
      ...(group && { group }),
    });
    this.over = this.#paced.over.then(({ sent }) => sent);
    // A recorder takes a moment to start: what it gives before the words begin is not sent.
    this.#capture = options.microphone.capture((frame) => this.#say(frame));
  }

  /** 20 ms have passed. */
  tick(nowMs: number): void {
    const longMs = nowMs - this.#options.nowMs;
    if (this.#phase === "lead-in" && longMs >= leadInMs) {
      this.#phase = "words";
      this.#options.microphone.begin();
    }
    if (this.#options.unlimited) return;
    if (longMs >= floor.longestTalkMs.value - floor.warningMs.value) this.warn();
    if (longMs >= floor.longestTalkMs.value) this.release();
  }

  /** The talk ends soon: a tone says so, once. */
  warn(): void {
    if (this.#warned || this.#phase === "trail-out") return;
    this.#warned = true;
    this.#options.onWarning();
  }

  /** The group has another key. */
  rekey(group: RoomGroupKey): void {
    this.#paced.rekey(group);
  }

  /** The button is let go: what was said still leaves, and silence behind it. */
  release(): void {
    if (this.#phase === "trail-out") return;
    this.#stopCapture();
    this.#paced.finish();
  }

  /** Somebody of a higher priority talks: we are silent at once. */
  cut(): void {
    this.#stopCapture();
    this.#paced.cut();
  }

  #stopCapture(): void {
    this.#phase = "trail-out";
    this.#capture?.[Symbol.dispose]();
    this.#capture = undefined;
  }

  #say(frame: Int16Array): void {
    if (this.#phase !== "words") return;
    const opus = this.#options.encoder.encode(bytesOf(frame));
    if (opus.length <= maxOpusBytes) this.#paced.push(opus);
  }
}
