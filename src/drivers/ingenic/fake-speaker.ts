import type { Clock } from "../../util/clock.ts";
import type { SpeakerRecord, SpeechRecord } from "./wire.ts";

const ringBytes = 32 * 1024;
const silenceUs = 1_000_000;
const firstBlocks = 3;
const tickMs = 20;

/** What happened at a fake's speaker so far. */
export interface FakeSpeakerCounters {
  /** Records of speech that were taken, and that were thrown away. */
  taken: number;
  refused: number;
  /** Bytes for which the ring had no room. */
  droppedBytes: number;
  /** How often it ran dry while somebody spoke. */
  underruns: number;
}

/** Options of {@link FakeSpeaker}. */
export interface FakeSpeakerOptions {
  /** 0: no talk-back. */
  readonly sampleRateHz: number;
  readonly clock: Clock;
  /** Its state changed: the clients are to be told. */
  readonly onChange: () => void;
}

/**
 * The hook's half of talk-back: first come, first served; a bounded ring, played in real time from the third block on;
 * free again after an end, 1 s of silence or a disconnect. Speech in another format is thrown away without a word.
 */
export class FakeSpeaker<Client extends object> implements Disposable {
  readonly counters: FakeSpeakerCounters = { taken: 0, refused: 0, droppedBytes: 0, underruns: 0 };
  /** All that was played, block by block, in order. */
  readonly played: Uint8Array[] = [];
  #sampleRateHz: number;
  #busy = false;
  #owner: Client | undefined;
  #ended = false;
  #playing = false;
  #heardUs = 0;
  #ring: Uint8Array[] = [];
  #timer: Disposable | undefined;
  readonly #options: FakeSpeakerOptions;

  constructor(options: FakeSpeakerOptions) {
    this.#options = options;
    this.#sampleRateHz = options.sampleRateHz;
  }

  /** The state as `client` is told it. */
  state(client: Client): SpeakerRecord {
    const ready = this.#sampleRateHz > 0;
    const owned = ready && this.#owner !== undefined;
    return {
      type: "speaker",
      sampleRateHz: this.#sampleRateHz,
      channels: ready ? 1 : 0,
      ready,
      busy: ready && this.#busy,
      taken: owned && this.#owner !== client,
      yours: owned && this.#owner === client,
    };
  }

  /** The firmware sets its speaker up in another way; 0 puts it away. */
  setRate(sampleRateHz: number): void {
    this.#sampleRateHz = sampleRateHz;
    this.#options.onChange();
  }

  /** The firmware's own sound begins or ends. */
  setBusy(busy: boolean): void {
    this.#busy = busy;
    if (busy) this.#ring = [];
    this.#options.onChange();
  }

  hear(client: Client, record: SpeechRecord): void {
    if (record.samples.length === 0) {
      if (this.#owner === client) this.#ended = true;
      return;
    }
    const wrong = record.sampleRateHz !== this.#sampleRateHz || record.channels !== 1 || this.#busy;
    if (wrong || (this.#owner !== undefined && this.#owner !== client)) {
      this.counters.refused++;
      return;
    }
    this.counters.taken++;
    this.#heardUs = this.#options.clock.nowUs();
    this.#ended = false;
    this.#push(record.samples);
    if (this.#owner === client) return;
    this.#owner = client;
    this.#options.onChange();
    this.#timer ??= this.#options.clock.timer(tickMs, () => this.#tick());
  }

  /** A client has gone; what it said is still played. */
  left(client: Client): void {
    if (this.#owner === client) this.#ended = true;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#owner = undefined;
  }

  #push(samples: Uint8Array): void {
    this.#ring.push(samples);
    let bytes = this.#ring.reduce((sum, block) => sum + block.length, 0);
    while (bytes > ringBytes) {
      const dropped = this.#ring.shift()!.length;
      bytes -= dropped;
      this.counters.droppedBytes += dropped;
    }
  }

  #tick(): void {
    const { clock } = this.#options;
    if (this.#ring.length >= (this.#playing || this.#ended ? 1 : firstBlocks)) {
      this.#playing = true;
      this.played.push(this.#ring.shift()!);
    } else if (this.#playing && !this.#ended) {
      this.#playing = false;
      this.counters.underruns++;
    }
    if (this.#ring.length === 0 && (this.#ended || clock.nowUs() - this.#heardUs >= silenceUs)) {
      this.#owner = undefined;
      this.#playing = false;
      this.#timer = undefined;
      this.#options.onChange();
      return;
    }
    this.#timer = clock.timer(tickMs, () => this.#tick());
  }
}
