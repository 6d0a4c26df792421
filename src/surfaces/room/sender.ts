import type { Frame } from "../../media/frame.ts";
import { pace } from "../../media/pace.ts";
import { RecordingPacer } from "../../media/recording-pacer.ts";
import type { Speech } from "../../media/speech.ts";
import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import { codec, floor } from "../../protocols/room/constants.ts";
import type { Clock } from "../../util/clock.ts";
import { until } from "../../util/until.ts";
import type { Destination, PacedTalk, PaceThread } from "../../workers/pace/index.ts";
import { openRoomPackets, type RoomPackets, roomSilence } from "./to-packets.ts";

/** Options of {@link RoomSender}. */
export interface RoomSenderOptions {
  readonly pace: Pick<PaceThread, "begin">;
  /** What the hub is called in packets. */
  readonly sender: string;
  readonly clock: Clock;
  /** Numbers of packets begin no lower, whatever the clock says: stations take older ones for replayed. */
  readonly firstSequence?: number;
}

/** How one speech is sent. */
export interface SendOptions {
  readonly to: readonly Destination[];
  /** Under which its packets are signed; plain without it. */
  readonly key?: Uint8Array | undefined;
  /** The group's key, for what goes to all. */
  readonly group?: RoomGroupKey | undefined;
  /** Called once, with the packets that were sent to each of those. */
  readonly onSent?: (packets: number) => void;
  /** Aborts when nobody of those is there any more. */
  readonly signal?: AbortSignal;
}

/** What was sent; monotonic. */
export interface SenderCounters {
  talks: number;
  packets: number;
  dropped: number;
}

const frameUs = codec.frameMs.value * 1000;
/** What is lost of a talk between the talker and us keeps its place, up to what stations make up for. */
const maxGap = 4;
/** A recording is a little ahead, so that a busy hub tears no hole into it. */
const recording = { burstMs: 200, speed: 1, maxLeadMs: 240 } as const;

/** Sends speech to stations, by the clock of the pace thread. */
export class RoomSender {
  readonly counters: SenderCounters = { talks: 0, packets: 0, dropped: 0 };
  readonly #options: RoomSenderOptions;
  readonly #sequenceOffset: number;
  readonly #ofGroup = new Set<PacedTalk>();
  #silence: Promise<Uint8Array> | undefined;

  constructor(options: RoomSenderOptions) {
    this.#options = options;
    const { clock } = options;
    const byClock = Math.floor((clock.wallMs() - clock.nowUs() / 1000) / codec.frameMs.value);
    const least = (options.firstSequence ?? 0) - Math.floor(clock.nowUs() / frameUs);
    this.#sequenceOffset = Math.max(byClock, least);
  }

  /** The number of the first packet of a talk that begins now; one for each 20 ms since 1970, so that they go on over restarts. */
  get count(): number {
    return this.#sequenceOffset + Math.ceil(this.#options.clock.nowUs() / frameUs);
  }

  /** The group has another key: what is being sent to all is signed under it from here on. */
  rekey(group: RoomGroupKey): void {
    for (const talk of this.#ofGroup) talk.rekey(group);
  }

  /** As `Speaker.play`: resolves when all of it has left, its trail-out too. */
  async send(speech: Speech, how: SendOptions): Promise<void> {
    const { live, priority = 0 } = speech;
    const signal = how.signal ? AbortSignal.any([speech.signal, how.signal]) : speech.signal;
    this.#silence ??= roomSilence();
    const silence = await this.#silence;
    signal.throwIfAborted();
    this.counters.talks++;
    const talk = this.#options.pace.begin(how.to, {
      sender: this.#options.sender,
      priority,
      sequence: this.count >>> 0,
      ...(how.key && { key: how.key }),
      ...(how.group && { group: how.group }),
      silence,
      leadIn: floor.leadInFrames.value,
      trailOut: floor.trailOutFrames.value,
    });
    if (how.group) this.#ofGroup.add(talk);
    using packets = openRoomPackets(speech.format);
    const way = { talk, packets, signal };
    try {
      await (live ? this.#live(speech.frames, way) : this.#recorded(speech.frames, way));
      for (const packet of packets.flush()) talk.push(packet);
      talk.finish();
      await until(talk.over, { signal });
    } catch (error) {
      talk.cut();
      throw error;
    } finally {
      const { sent, dropped } = await talk.over;
      this.#ofGroup.delete(talk);
      how.onSent?.(sent);
      this.counters.packets += sent * how.to.length;
      this.counters.dropped += dropped;
    }
  }

  async #live(frames: AsyncIterable<Frame>, { talk, packets, signal }: Way): Promise<void> {
    const source = frames[Symbol.asyncIterator]();
    let expectedUs: number | undefined;
    try {
      for (;;) {
        const step = await until(source.next(), { signal });
        if (step.done) return;
        const { timestampUs, durationUs = frameUs } = step.value;
        const lost = expectedUs === undefined ? 0 : Math.round((timestampUs - expectedUs) / frameUs);
        expectedUs = timestampUs + durationUs;
        if (lost > 0 && lost <= maxGap) for (let n = 0; n < lost; n++) talk.push(undefined);
        for (const packet of await packets.push(step.value)) talk.push(packet);
      }
    } finally {
      source.return?.().catch(() => {}); // nobody is left to tell
    }
  }

  /** Nobody waits for the first word of a recording: the whole lead-in goes before it. */
  async #recorded(frames: AsyncIterable<Frame>, { talk, packets, signal }: Way): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(floor.leadInFrames.value * codec.frameMs.value, signal);
    let timestampUs = 0;
    const write = async (data: Uint8Array) => {
      timestampUs += frameUs;
      for (const packet of await packets.push({ data, timestampUs, key: true })) talk.push(packet);
    };
    await pace(frames, { clock, pacer: new RecordingPacer(recording), sink: { write }, signal });
  }
}

interface Way {
  readonly talk: PacedTalk;
  readonly packets: RoomPackets;
  readonly signal: AbortSignal;
}
