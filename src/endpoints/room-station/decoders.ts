import { createOpusDecoder, type OpusDecoder } from "../../codecs/opus/index.ts";
import { codec } from "../../protocols/room/constants.ts";
import { background } from "../../util/background.ts";

/** So many senders keep a decoder of their own; who was not heard for longest gives his back. */
const maxKept = 8;

/**
 * A decoder for each sender, so that nobody's sound bends another's. One is always ready beside them: making one takes a
 * moment that a first packet does not have.
 */
export class Decoders implements Disposable {
  readonly #kept = new Map<string, OpusDecoder>();
  readonly #onError: (error: unknown) => void;
  #spare: OpusDecoder | undefined;
  #ended = false;

  private constructor(spare: OpusDecoder, onError: (error: unknown) => void) {
    this.#spare = spare;
    this.#onError = onError;
  }

  /** Loads libopus and makes the first one. */
  static async open(onError: (error: unknown) => void): Promise<Decoders> {
    return new Decoders(await newDecoder(), onError);
  }

  /** The sender's own; undefined in the rare moment in which none is ready. */
  of(sender: string): OpusDecoder | undefined {
    const own = this.#kept.get(sender) ?? this.#takeSpare();
    if (!own) return undefined;
    this.#kept.delete(sender);
    this.#kept.set(sender, own);
    const [oldest] = this.#kept;
    if (this.#kept.size > maxKept && oldest) {
      this.#kept.delete(oldest[0]);
      oldest[1][Symbol.dispose]();
    }
    return own;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    for (const decoder of [...this.#kept.values(), this.#spare]) decoder?.[Symbol.dispose]();
    this.#kept.clear();
    this.#spare = undefined;
  }

  #takeSpare(): OpusDecoder | undefined {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare) background(this.#refill(), this.#onError);
    return spare;
  }

  async #refill(): Promise<void> {
    const decoder = await newDecoder();
    if (this.#ended) decoder[Symbol.dispose]();
    else this.#spare = decoder;
  }
}

function newDecoder(): Promise<OpusDecoder> {
  return createOpusDecoder({ sampleRateHz: codec.sampleRateHz.value, channels: 1 });
}
