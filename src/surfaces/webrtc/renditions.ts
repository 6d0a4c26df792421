import type { HubDevice, Rendition, RenditionName } from "../../hub/api.ts";
import type { Conversion, ShownPicture } from "../../hub/converted-pictures.ts";
import type { DevicePhase } from "../../hub/state.ts";
import type { Track } from "../../media/track.ts";
import type { Viewer } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import { DoorwardError } from "../../util/errors.ts";
import type { Forms } from "./forms.ts";

/** Options of {@link Renditions}. */
export interface RenditionsOptions {
  readonly device: Pick<HubDevice, "sub" | "onChange" | "info"> & Rendition;
  readonly wanted: RenditionName;
  /** In which form the viewer is shown pictures. */
  readonly forms: Forms;
}

/** What a viewer is shown from now on. */
export interface ShowOptions {
  readonly viewer: Pick<Viewer, "show">;
  /** Called when what it is shown has ended for good, or what is left cannot be shown without a new offer. */
  readonly onOver: (reason: string) => void;
}

/** A picture, and the form in which it is shown. */
interface Beginning {
  readonly name: RenditionName;
  readonly source: Track;
  readonly picture: ShownPicture;
}

/** States of a small picture in which the large one is shown instead. */
const failed: ReadonlySet<DevicePhase> = new Set(["wrong-password", "trouble", "stale", "away", "disabled"]);

/** Whether the small picture fails: from a loss on until it is live again, however often it is tried in between. */
export function failsAfter(before: boolean, phase: DevicePhase): boolean {
  return failed.has(phase) || (before && phase !== "live");
}

/**
 * The renditions of one device for one viewer: keeps the source running of the one that is to be shown, and of the one that
 * is shown until the other has taken its place; the device itself lets a source go on for some seconds after that.
 */
export class Renditions implements Disposable {
  #wanted: RenditionName;
  #subFails = false;
  #inTheWay = false;
  #following: "no" | "once" | "again" = "no";
  #showing: ShowOptions | undefined;
  #shown: RenditionName | undefined;
  /** In the form in which it is shown. */
  #picture: ShownPicture | undefined;
  /** The track that the viewer was told to turn to. */
  #asked: Track | undefined;
  #watched: Disposable | undefined;
  /** Whether what is shown still can be. */
  #look: (() => void) | undefined;
  /** Whoever waits for what they want to be shown. */
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];
  readonly #demands = new Map<RenditionName, Disposable>();
  readonly #held = new DisposableStack();
  readonly #options: RenditionsOptions;

  constructor(options: RenditionsOptions) {
    this.#options = options;
    this.#wanted = options.wanted;
    this.#held.use(options.device.onChange(() => this.#follow()));
    this.#follow();
  }

  get wanted(): RenditionName {
    return this.#wanted;
  }

  /** What is shown now; undefined before there is a picture, or where there is none. */
  get shown(): RenditionName | undefined {
    return this.#shown;
  }

  /** What is to be shown as things stand: the small one where that is wanted, there is one, and it does not fail. */
  get goal(): RenditionName {
    return this.#wanted === "sub" && this.#options.device.sub !== undefined && !this.#subFails ? "sub" : "main";
  }

  /** How what is shown is converted; undefined where it is shown as it comes. */
  get conversion(): Conversion | undefined {
    return this.#picture?.conversion;
  }

  /** Whether the viewer can show a picture as it comes. */
  fits(source: Track): boolean {
    return this.#options.forms.fits(source);
  }

  /** Whether that depends on the order in which its pictures are shown. */
  get orderMatters(): boolean {
    return this.#options.forms.orderMatters;
  }

  of(name: RenditionName): Rendition {
    return (name === "sub" && this.#options.device.sub) || this.#options.device;
  }

  /** Keeps the main source running too, until it is over: the sound comes from it. */
  keepMain(): void {
    this.#held.use(this.#options.device.demand("viewer"));
  }

  /** Another one is wanted, before there is a viewer. */
  prefer(name: RenditionName): void {
    this.#wanted = name;
    this.#follow();
  }

  /**
   * The viewer begins with this picture, in a form that it can show. Throws FatalError `codec-unsupported` where it would have
   * to be converted and cannot.
   */
  begin(name: RenditionName, source: Track) {
    const picture = this.#options.forms.show(source);
    this.#isShown({ name, source, picture });
    return { name, source, track: picture.track };
  }

  /** The viewer is there; from now on it is turned to what is to be shown. */
  show(options: ShowOptions): void {
    this.#showing = options;
    this.#look?.();
    this.#follow();
  }

  /**
   * Another one is wanted. Resolves when that is shown, or what stands in for it, or when another is wanted after all. Rejects
   * with FatalError `codec-differs` where it takes a new offer, `decodable` where the viewer would decode it by itself, and
   * `codec-unsupported` where it cannot be shown: the one of before then goes on.
   */
  want(name: RenditionName): Promise<void> {
    this.#settle();
    const before = this.#wanted;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wanted = name;
    this.#waiting.push({
      resolve,
      reject: (error) => {
        this.#wanted = before;
        reject(error);
        this.#follow();
      },
    });
    this.#follow();
    return promise;
  }

  [Symbol.dispose](): void {
    this.#showing = undefined;
    this.#watched?.[Symbol.dispose]();
    this.#picture?.[Symbol.dispose]();
    this.#held.dispose();
    for (const demand of this.#demands.values()) demand[Symbol.dispose]();
    this.#demands.clear();
    this.#settle();
  }

  /** Brings about what is to be shown. What it changes at the device may call it again meanwhile. */
  #follow(): void {
    if (this.#following !== "no") {
      this.#following = "again";
      return;
    }
    do {
      this.#following = "once";
      this.#step();
    } while (this.#following === ("again" as string));
    this.#following = "no";
  }

  #step(): void {
    if (this.#held.disposed) return;
    const { sub } = this.#options.device;
    this.#subFails = sub !== undefined && failsAfter(this.#subFails, sub.state.phase);
    const { goal } = this;
    const { state } = this.#options.device;
    // The small one may hold the one connection that the camera has to give: it is then let go of for the large one.
    const isBusy = state.phase === "trouble" && state.error?.code === "busy";
    this.#inTheWay = goal === "main" && this.#shown === "sub" && (this.#inTheWay || isBusy);
    this.#demand();
    if (!this.#showing || this.#shown === undefined) return;
    const track = this.of(goal).track("video");
    if (goal === this.#shown && (this.#asked === undefined || this.#asked === track)) {
      this.#settle();
      return;
    }
    if (!track?.open || this.#asked === track) return;
    this.#asked = track;
    background(this.#turn(this.#showing.viewer, { name: goal, source: track }), (error) => this.#cannot(error));
  }

  /** Keeps running what is wanted, what stands in for it, and what is shown. */
  #demand(): void {
    const { sub } = this.#options.device;
    const shown = this.#inTheWay ? undefined : this.#shown;
    const needed = new Set([this.goal, this.#wanted, shown]);
    for (const name of ["main", "sub"] as const) {
      const demand = this.#demands.get(name);
      const rendition = name === "sub" ? sub : this.#options.device;
      if (rendition && needed.has(name)) {
        if (!demand) this.#demands.set(name, rendition.demand("viewer"));
      } else if (demand) {
        this.#demands.delete(name);
        demand[Symbol.dispose]();
      }
    }
  }

  async #turn(viewer: ShowOptions["viewer"], to: Pick<Beginning, "name" | "source">): Promise<void> {
    const picture = this.#options.forms.show(to.source);
    const turned = await viewer.show(picture.track).catch((error: unknown) => {
      picture[Symbol.dispose]();
      throw error;
    });
    const isLate = this.#asked !== to.source || this.#held.disposed;
    if (!isLate) this.#asked = undefined;
    if (isLate || !turned) {
      picture[Symbol.dispose]();
      return;
    }
    this.#isShown({ ...to, picture });
    this.#follow();
  }

  #isShown({ name, source, picture }: Beginning): void {
    this.#shown = name;
    this.#watched?.[Symbol.dispose]();
    this.#picture?.[Symbol.dispose]();
    this.#picture = picture;
    const { track, conversion } = picture;
    this.#look = () => {
      if (!track.open) this.#showing?.onOver("track-closed");
      // That a picture has B pictures is seen when they come.
      else if (!conversion && !this.fits(source)) this.#showing?.onOver("picture-changed");
    };
    this.#watched = track.onChange(this.#look);
    this.#look();
  }

  /** Who waits for it makes a new offer; where it is nobody's wish, as when the small picture fails, the viewing is over. */
  #cannot(error: unknown): void {
    this.#asked = undefined;
    const waiting = this.#waiting.splice(0);
    for (const one of waiting) one.reject(error);
    if (waiting.length === 0) this.#showing?.onOver(error instanceof DoorwardError ? error.code : "failed");
  }

  #settle(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }
}
