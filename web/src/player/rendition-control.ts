import type { PageDevice } from "../api.ts";
import { qualityChanged, readPreferences } from "../app/preferences.ts";
import { fittingRendition, LoadGuard, type RenditionName } from "../pure/rendition.ts";
import { drawnPerSecond, watchDrawnRate } from "./drawn-rate.ts";

/** What a player lends to its choice. */
export interface RenditionHost {
  readonly element: HTMLElement;
  readonly device: () => PageDevice | undefined;
  readonly video: () => HTMLVideoElement | null;
  /** It is what the page is about, not one tile of many. */
  readonly alone: () => boolean;
  /** Another picture is to be asked for. */
  readonly onWanted: () => void;
}

/** A size has to stand for so long before it counts: a window that is being drawn larger asks for nothing. */
const settleMs = 800;
const lookEveryMs = 5000;
/** So often one choice is asked for: who passes requests on may know nothing of it. */
const maxUnheard = 4;

/** Chooses which picture of a camera one player asks for: by its place on the screen, the browser's load, and the person. */
export class RenditionControl {
  #wanted: RenditionName | undefined;
  #unheard = 0;
  #again = false;
  #settling: number | undefined;
  #held: DisposableStack | undefined;
  #looked = { atMs: 0, total: 0, dropped: 0, wanted: undefined as RenditionName | undefined };
  readonly #load = new LoadGuard();
  readonly #host: RenditionHost;

  constructor(host: RenditionHost) {
    this.#host = host;
  }

  /** Undefined for a device of which only one picture is known. */
  get wanted(): RenditionName | undefined {
    return this.#wanted;
  }

  /** The player is on the page. */
  connect(): void {
    const held = new DisposableStack();
    this.#held = held;
    held.use(watchDrawnRate());
    const sizes = new ResizeObserver(() => {
      clearTimeout(this.#settling);
      this.#settling = window.setTimeout(() => this.decide(), settleMs);
    });
    sizes.observe(this.#host.element);
    held.defer(() => sizes.disconnect());
    const timer = window.setInterval(() => this.#look(), lookEveryMs);
    held.defer(() => clearInterval(timer));
    const decide = () => this.decide();
    window.addEventListener(qualityChanged, decide);
    held.defer(() => window.removeEventListener(qualityChanged, decide));
  }

  /** It is not any more. */
  disconnect(): void {
    clearTimeout(this.#settling);
    this.#held?.dispose();
    this.#held = undefined;
  }

  /** Chooses anew, as when the device changed. */
  decide(): void {
    const { element } = this.#host;
    const small = this.#host.device()?.renditions?.find(({ name }) => name === "sub");
    const before = this.#wanted;
    this.#wanted =
      small &&
      fittingRendition({
        quality: readPreferences().quality,
        place: { widthPx: element.clientWidth, heightPx: element.clientHeight, pixelRatio: window.devicePixelRatio },
        alone: this.#host.alone(),
        small,
        now: before,
        overloaded: this.#load.overloaded(performance.now()),
      });
    if (this.#wanted !== before) this.#unheard = 0;
    else if (!this.#again) return;
    this.#again = false;
    this.#host.onWanted();
  }

  /** The hub did not take up what is wanted: it is asked again at the next decision, a few times. */
  unheard(): void {
    this.#again = ++this.#unheard < maxUnheard;
  }

  #look(): void {
    const { totalVideoFrames: total = 0, droppedVideoFrames: dropped = 0 } =
      this.#host.video()?.getVideoPlaybackQuality() ?? {};
    const before = this.#looked;
    this.#looked = { atMs: performance.now(), total, dropped, wanted: this.#wanted };
    const pictures = total - before.total;
    if (document.hidden || pictures < 0) return;
    this.#load.take({
      nowMs: this.#looked.atMs,
      large: this.#wanted === "main" && before.wanted === "main",
      pictures,
      dropped: dropped - before.dropped,
      drawnPerSecond: drawnPerSecond(),
    });
    this.decide();
  }
}
