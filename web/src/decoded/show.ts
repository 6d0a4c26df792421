import type { PictureMessage } from "../../../src/surfaces/pictures/messages.ts";
import type { CodedPicture } from "../../../src/surfaces/pictures/read-picture.ts";
import { Playout } from "../pure/playout.ts";
import { DecodedNumbers } from "./decoded-numbers.ts";
import { decodable, openDecoder, type PictureDecoder } from "./decoders.ts";
import { type DecodedPicture, openOutput } from "./picture-output.ts";

/** Whom a {@link Show} tells. */
export interface ShowEvents {
  /** So many pictures are done with. */
  readonly onDone: (pictures: number) => void;
  readonly onFault: () => void;
  readonly onSlow: () => void;
}

/** So many wait for the decoder at most, besides those of the kept group; then it begins anew with a key picture. */
const mostWaiting = 40;
/** Having to begin anew so often within so long is too slow. */
const slow = { times: 3, withinMs: 30_000 };
/** Decoded pictures that wait to be shown: a decoder has not many more to give. */
const mostHeld = 8;

interface Held {
  readonly picture: DecodedPicture;
  readonly dueMs: number;
}

/** Decodes what comes and shows it when it is due. */
export class Show {
  readonly numbers = new DecodedNumbers();
  readonly playout = new Playout();
  readonly #output = openOutput();
  readonly #events: ShowEvents;
  #decoder: PictureDecoder | undefined;
  #needKey = true;
  /** What came before the decoder was there. */
  #early: CodedPicture[] | undefined = [];
  #anewMs: number[] = [];
  #format: Extract<PictureMessage, { readonly type: "picture" }> | undefined;
  #held: Held[] = [];
  #timer: number | undefined;
  #closed = false;

  constructor(events: ShowEvents) {
    this.#events = events;
  }

  get track(): MediaStreamTrack {
    return this.#output.track;
  }

  /** From the next picture on it is another one. False where this browser does not decode it, which is a fault later on. */
  async setUp(format: Extract<PictureMessage, { readonly type: "picture" }>): Promise<boolean> {
    this.#early ??= [];
    this.#format = format;
    const picture = format.picture && (await decodable(format.picture));
    if (this.#closed || this.#format !== format) return true;
    if (!picture) {
      if (this.#decoder) this.#events.onFault();
      return false;
    }
    this.#format = { ...format, picture };
    this.#open();
    const early = this.#early;
    this.#early = undefined;
    for (const one of early ?? []) this.#decode(one);
    return true;
  }

  /** One picture came. */
  take(picture: CodedPicture): void {
    this.numbers.bytes += picture.data.length;
    this.playout.arrived({ timeMs: picture.wallUs / 1000, ageMs: picture.ageMs }, performance.now());
    if (this.#early) this.#early.push(picture);
    else this.#decode(picture);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { picture } of this.#held) picture.close();
    this.#held = [];
    this.#decoder?.close();
    this.#output.close();
  }

  #open(): void {
    this.#decoder?.close();
    this.#needKey = true;
    const { codec = "", picture = "", reordered = false } = this.#format ?? {};
    try {
      // Of H.265 nobody knows before in which order its pictures are shown.
      const mayDiffer = reordered || codec === "h265";
      this.#decoder = openDecoder(
        { codec, picture, reordered: mayDiffer },
        {
          onPicture: (decoded, coded) => this.#decoded(decoded, coded),
          onDone: this.#events.onDone,
          onLeftOut: (pictures) => {
            this.numbers.leftOut += pictures;
          },
          onFault: () => this.#fault(),
        },
      );
    } catch {
      this.#fault();
    }
  }

  #decode(picture: CodedPicture): void {
    if (picture.ageMs < 1000 && (this.#decoder?.waiting ?? 0) > mostWaiting) this.#beginAnew();
    if (this.#needKey && !picture.key) {
      this.numbers.leftOut++;
      this.#events.onDone(1);
      return;
    }
    this.#needKey = false;
    try {
      this.#decoder?.decode(picture);
    } catch {
      this.#fault();
    }
  }

  /** Nothing that waits is shown any more: the next key picture is. */
  #beginAnew(): void {
    this.numbers.leftOut += this.#decoder?.waiting ?? 0;
    const nowMs = performance.now();
    this.#anewMs = [...this.#anewMs.filter((atMs) => nowMs - atMs < slow.withinMs), nowMs];
    if (this.#anewMs.length >= slow.times) this.#events.onSlow();
    this.#open();
  }

  #fault(): void {
    if (!this.#closed) this.#events.onFault();
  }

  #decoded(picture: DecodedPicture, coded: CodedPicture): void {
    const nowMs = performance.now();
    const timeMs = coded.wallUs / 1000;
    this.numbers.decoded(nowMs);
    const [widthPx, heightPx] =
      "displayWidth" in picture ? [picture.displayWidth, picture.displayHeight] : [picture.width, picture.height];
    this.numbers.size = { widthPx, heightPx };
    const waitMs = coded.isShownTime ? this.playout.waitMs({ timeMs, ageMs: coded.ageMs }, nowMs) : 0;
    this.numbers.latencyMs = Math.max(0, this.playout.sinceHub(timeMs, nowMs) + waitMs);
    if (this.#closed) {
      picture.close();
      return;
    }
    this.#held.push({ picture, dueMs: nowMs + waitMs });
    this.#showDue();
  }

  #showDue(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    for (let next = this.#held[0]; next; next = this.#held[0]) {
      if (next.dueMs > nowMs + 1 && this.#held.length <= mostHeld) {
        this.#timer = window.setTimeout(() => this.#showDue(), next.dueMs - nowMs);
        return;
      }
      this.#held.shift();
      try {
        this.#output.show(next.picture);
      } catch {
        next.picture.close();
        this.#fault();
      }
    }
  }
}
