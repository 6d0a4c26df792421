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

/** The socket on which one camera's own pictures come. */
export class PictureLine {
  readonly #socket: WebSocket;
  #took = 0;
  #told = 0;

  /** `query` as of the WHEP address: `rendition=sub`. */
  constructor(device: string, query: string, events: LineEvents) {
    const url = new URL(at(`/api/v1/devices/${device}/pictures`), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.search = query;
    const station = ownStation();
    if (station) url.searchParams.set("device", station);
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => {
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
    if (this.open) this.#socket.send(JSON.stringify({ type: "rendition", rendition }));
  }

  close(): void {
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close();
  }
}
