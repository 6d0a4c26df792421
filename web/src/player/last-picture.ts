import type { PageDevice } from "../api.ts";
import { letGo, type StillPicture, stillOf } from "./still-pictures.ts";

/** What {@link LastPicture} needs of the player. */
export interface LastPictureHost {
  readonly src: string;
  readonly token: string;
  readonly device: PageDevice | undefined;
  /** The last picture, once it is here. */
  last: StillPicture | undefined;
}

/** The last picture that the hub kept of a camera, for a player that has none to show yet. */
export class LastPicture {
  /** Which one is here, or on its way. */
  #asked: string | undefined;
  #asking: AbortController | undefined;
  readonly #host: LastPictureHost;

  constructor(host: LastPictureHost) {
    this.#host = host;
  }

  /** Gets it, once, or lets go of it. The page asks only where the hub said that there is one. */
  want(wanted: boolean): void {
    const { src, token, device } = this.#host;
    const takenMs = device?.lastPicture?.takenMs;
    const key = wanted && takenMs !== undefined ? `${src} ${takenMs}` : undefined;
    if (key === this.#asked) return;
    this.#asked = key;
    this.#asking?.abort();
    this.#asking = undefined;
    this.#show(undefined);
    if (key === undefined) return;
    const asking = new AbortController();
    this.#asking = asking;
    const got = (picture: StillPicture | undefined) => {
      if (!asking.signal.aborted) this.#show(picture);
      else letGo(picture?.url);
    };
    // Without it the tile is dark, as it was.
    stillOf(src, { query: "kept=true", token, signal: asking.signal }).then(got, () => {});
  }

  #show(picture: StillPicture | undefined): void {
    const before = this.#host.last;
    this.#host.last = picture;
    letGo(before?.url);
  }
}
