import type { PictureMessage } from "../../../src/surfaces/pictures/messages.ts";
import { type CodedPicture, readPicture } from "../../../src/surfaces/pictures/read-picture.ts";
import { ownStation } from "../api.ts";
import { at } from "../net/at.ts";

/** What comes on a {@link PictureLine}. */
export interface LineEvents {
  readonly onMessage: (message: PictureMessage) => void;
  readonly onPicture: (picture: CodedPicture) => void;
  /** It is over, though nobody closed it here. */
  readonly onOver: () => void;
}

/** So many are done with before the hub is told; it sends sixty ahead. */
const toldEvery = 8;
/** Nothing comes for so long though it was asked: the line is dead, whatever the socket says. */
const silentMs = 5000;

/** The socket on which one camera's own pictures come. */
export class PictureLine {
  readonly #socket: WebSocket;
  #took = 0;
  #told = 0;
  #wanted: "main" | "sub";
  #heard: (() => void) | undefined;
  #asking: Promise<boolean> | undefined;

  /** `query` as of the WHEP address: `rendition=sub`. */
  constructor(device: string, query: string, events: LineEvents) {
    this.#wanted = new URLSearchParams(query).get("rendition") === "sub" ? "sub" : "main";
    const url = new URL(at(`/api/v1/devices/${device}/pictures`), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.search = query;
    const station = ownStation();
    if (station) url.searchParams.set("device", station);
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => {
      this.#heard?.();
      if (typeof data === "string") events.onMessage(JSON.parse(data) as PictureMessage);
      else {
        const picture = readPicture(data as ArrayBuffer);
        if (picture) events.onPicture(picture);
      }
    };
    this.#socket.onclose = events.onOver;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** So many pictures were decoded, or left out. */
  done(pictures: number): void {
    this.#took += pictures;
    if (this.#took - this.#told < toldEvery || !this.open) return;
    this.#told = this.#took;
    this.#socket.send(JSON.stringify({ type: "took", pictures: this.#took }));
  }

  want(rendition: "main" | "sub"): void {
    this.#wanted = rendition;
    if (this.open) this.#socket.send(JSON.stringify({ type: "rendition", rendition }));
  }

  /** Whether the hub still answers: a socket whose other end is gone stays open for long. */
  answers(): Promise<boolean> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    if (!this.open) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const late = setTimeout(() => resolve(false), silentMs);
    this.#heard = () => resolve(true);
    // Twice: the hub answers a wish when it is met, which may take long, or when another one takes its place.
    this.want(this.#wanted);
    this.want(this.#wanted);
    const heard = await promise;
    clearTimeout(late);
    this.#heard = undefined;
    return heard && this.open;
  }

  close(): void {
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
  }
}
