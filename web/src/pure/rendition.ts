import type { Shape } from "./fit.ts";

/** Which of a camera's pictures: the large one, or the small one. */
export type RenditionName = "main" | "sub";

/** What a person wants to be shown. */
export type Quality = "auto" | "small" | "large";

/** What decides which picture is asked for. */
export interface RenditionFacts {
  readonly quality: Quality;
  /** Where it is shown, in the page's pixels, and how many of the screen's pixels one of them is. */
  readonly place: Shape & { readonly pixelRatio: number };
  /** It is what the page is about, not one tile of many. */
  readonly alone: boolean;
  /** Size of the small picture, where it is known. */
  readonly small: Partial<Shape>;
  /** What is asked for now. */
  readonly now: RenditionName | undefined;
  /** This browser does not keep up with the large picture. */
  readonly overloaded: boolean;
}

const usualSmall: Shape = { widthPx: 640, heightPx: 360 };
/**
 * How far the small picture may be enlarged: in between, what is shown stays, so that nothing goes to and fro. On a tile, finer
 * screens than `finest` show no more of a picture that moves; one that is looked at alone is to be as sharp as the screen.
 */
const enlarged = {
  tile: { finest: 1.5, backToSmall: 1.4, first: 1.5, toLarge: 1.6 },
  alone: { finest: 4, backToSmall: 0.9, first: 1, toLarge: 1.05 },
} as const;

/** The picture to ask for. */
export function fittingRendition(facts: RenditionFacts): RenditionName {
  const { quality, place, alone, small, now, overloaded } = facts;
  if (quality !== "auto") return quality === "small" ? "sub" : "main";
  if (overloaded) return "sub";
  if (!(place.widthPx > 0 && place.heightPx > 0)) return now ?? "sub";
  const { widthPx = usualSmall.widthPx, heightPx = usualSmall.heightPx } = small;
  const limits = enlarged[alone ? "alone" : "tile"];
  const ratio = Math.min(place.pixelRatio, limits.finest);
  // A picture that is shown whole fills the place one way only.
  const scale = Math.min((place.widthPx * ratio) / widthPx, (place.heightPx * ratio) / heightPx);
  const most = now === undefined ? limits.first : now === "sub" ? limits.toLarge : limits.backToSmall;
  return scale <= most ? "sub" : "main";
}

/** How a browser gets on with a picture, over some seconds. */
export interface LoadSample {
  readonly nowMs: number;
  /** The large picture is shown, and was all that time. */
  readonly large: boolean;
  /** Pictures that came, and those of them that were not shown. */
  readonly pictures: number;
  readonly dropped: number;
  /** How often the page is drawn; undefined where it was not measured. */
  readonly drawnPerSecond: number | undefined;
}

const fewPictures = 20;
const badShare = 0.15;
const badRate = 20;
const badInARow = 2;
const firstHoldMs = 60_000;
const longestHoldMs = 16 * 60_000;
/** The large picture went well for so long: its next failure is the first again. */
const forgivenMs = 10 * 60_000;

/**
 * Whether the large picture is too much for this browser. It is found so after two bad looks in a row, and is then tried again
 * after a minute, the next time after two, and so on: a browser that is always too slow is not shown it every minute.
 */
export class LoadGuard {
  #bad = 0;
  #holdMs = firstHoldMs;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** Takes one look. */
  take(sample: LoadSample): void {
    if (!sample.large) {
      this.#bad = 0;
      return;
    }
    this.#bad = isBad(sample) ? this.#bad + 1 : 0;
    if (this.#bad < badInARow) return;
    this.#bad = 0;
    const before = this.#untilMs;
    this.#holdMs = sample.nowMs - before > forgivenMs ? firstHoldMs : Math.min(this.#holdMs * 2, longestHoldMs);
    this.#untilMs = sample.nowMs + this.#holdMs;
  }

  /** True while the small picture is to be shown. */
  overloaded(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }
}

function isBad({ pictures, dropped, drawnPerSecond }: LoadSample): boolean {
  if (drawnPerSecond !== undefined && drawnPerSecond < badRate) return true;
  return pictures >= fewPictures && dropped / pictures > badShare;
}

/** The WHEP address for one of the pictures. */
export function renditionUrl(src: string, rendition: RenditionName | undefined): string {
  if (rendition === undefined) return src;
  return `${src}${src.includes("?") ? "&" : "?"}rendition=${rendition}`;
}
