import type { Track } from "../../media/track.ts";
import { FatalError } from "../../util/errors.ts";
import type { TrackShare } from "./shared-tracks.ts";

/** A share that the worker was told to turn to, and has not yet. */
interface Coming {
  readonly share: TrackShare;
  readonly shown: (shown: boolean) => void;
}

/** Which picture one viewer is shown: the worker is given it, and beside it the one that is to follow, until it has turned to that. */
export class ShownVideo implements Disposable {
  #shown: TrackShare | undefined;
  #codec: string | undefined;
  #coming: Coming | undefined;
  /** Asked for and given up: the worker may have turned to one of them before it heard so. */
  readonly #givenUp: TrackShare[] = [];
  readonly #share: (track: Track) => TrackShare;

  constructor(share: (track: Track) => TrackShare) {
    this.#share = share;
  }

  /** The picture that the viewer begins with; gives the worker's number of it. */
  begin(track: Track): number {
    this.#codec = track.format.codec;
    this.#shown = this.#share(track);
    return this.#shown.id;
  }

  /** As `Viewer.show`; `turn` tells the worker. */
  show(track: Track, turn: (track: number) => void): Promise<boolean> {
    const { codec } = track.format;
    if (codec !== this.#codec) {
      const fields = { codec, agreed: this.#codec ?? "none" };
      throw new FatalError(`the viewer agreed on ${fields.agreed}, not on ${codec}`, { code: "codec-differs", fields });
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#giveUp();
    const share = this.#share(track);
    this.#coming = { share, shown: resolve };
    turn(share.id);
    return promise;
  }

  /** The worker has turned to this one; what it says of others is old. */
  turned(track: number): void {
    const coming = this.#coming;
    if (coming?.share.id !== track) return;
    this.#coming = undefined;
    this.#shown?.[Symbol.dispose]();
    this.#shown = coming.share;
    this.#letGo();
    coming.shown(true);
  }

  [Symbol.dispose](): void {
    this.#giveUp();
    this.#letGo();
    this.#shown?.[Symbol.dispose]();
    this.#shown = undefined;
  }

  #giveUp(): void {
    const coming = this.#coming;
    this.#coming = undefined;
    if (coming) this.#givenUp.push(coming.share);
    coming?.shown(false);
  }

  #letGo(): void {
    for (const share of this.#givenUp.splice(0)) share[Symbol.dispose]();
  }
}
