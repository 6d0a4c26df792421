import type { WebSocket } from "ws";
import { codecString } from "../../codecs/codec-string.ts";
import type { VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Reader } from "../../media/reader.ts";
import type { Track } from "../../media/track.ts";
import type { Viewer, ViewerStats } from "../../media/viewer.ts";
import type { Clock } from "../../util/clock.ts";
import type { PictureMessage } from "./messages.ts";
import { maxPictureBytes } from "./read-picture.ts";
import { writePicture } from "./write-picture.ts";

/** Options of {@link PictureViewer}. */
export interface PictureViewerOptions {
  readonly socket: WebSocket;
  readonly clock: Clock;
  readonly video: Track;
}

/** Pictures that were sent and not decoded yet. */
const maxInFlight = 60;
/** Bytes that wait to leave. */
const maxBuffered = 4 * 1024 * 1024;
/** With so many behind, it goes on with the newest group of pictures, if there is a newer one. */
const maxQueued = 60;
/** Who does not answer a ping for so long is gone. */
const beatMs = 15_000;

interface Source {
  readonly track: Track;
  /** The key frame that the reader began with; undefined where it waits for one. */
  readonly from: Frame | undefined;
  readonly reader: Reader;
}

/**
 * A viewer that decodes by itself: it is sent a track's pictures as they come, from the kept group on, over a WebSocket, and no
 * more than it says that it has decoded. It ends with its socket, which whoever opened it closes, having said why.
 */
export class PictureViewer implements Viewer {
  readonly id = "";
  readonly answerSdp = "";
  readonly closed: Promise<string>;
  #source: Source;
  #coming: (Source & { readonly shown: (shown: boolean) => void }) | undefined;
  /** What the decoder was told to be set up for. */
  #told = "";
  #sent = 0;
  #took = 0;
  #bytes = 0;
  #dropped = 0;
  #lastUs = Number.NEGATIVE_INFINITY;
  #pumping = false;
  #heard = true;
  #over = false;
  #timer: Disposable | undefined;
  readonly #wallUs: number;
  readonly #options: PictureViewerOptions;

  constructor(options: PictureViewerOptions) {
    const { socket, clock, video } = options;
    this.#options = options;
    this.#wallUs = clock.wallMs() * 1000 - clock.nowUs();
    this.#source = this.#read(video);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    socket.once("close", () => {
      this.#end();
      resolve("closed");
    });
    socket.on("pong", () => {
      this.#heard = true;
    });
    this.#beat();
    this.#ready();
  }

  /** So many were decoded since the beginning. */
  took(pictures: number): void {
    this.#heard = true;
    this.#took = Math.max(this.#took, Math.min(this.#sent, pictures));
    this.#ready();
  }

  /** Says something beside the pictures. */
  say(message: PictureMessage): void {
    const { socket } = this.#options;
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  }

  /** Another codec is no hindrance: what is to be decoded is said anew. */
  async show(video: Track): Promise<boolean> {
    this.#letGo();
    if (this.#over) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#coming = { ...this.#read(video), shown: resolve };
    this.#ready();
    return promise;
  }

  addCandidate(): void {}

  onMicrophone(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }

  async stats(): Promise<ViewerStats> {
    return {
      packetsSent: this.#sent,
      bytesSent: this.#bytes,
      framesDropped: this.#dropped,
      nacks: 0,
      keyFrameRequests: 0,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  #end(): void {
    this.#over = true;
    this.#letGo();
    this.#source.reader[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  #read(track: Track): Source {
    const { lastKeyFrame: from } = track;
    return { track, from, reader: track.read({ start: "gop", onReady: () => this.#ready() }) };
  }

  /** The picture that was to follow does not. */
  #letGo(): void {
    this.#coming?.reader[Symbol.dispose]();
    this.#coming?.shown(false);
    this.#coming = undefined;
  }

  /** Not inside the writer's call: it must return at once. */
  #ready(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      if (!this.#over) this.#pump();
    });
  }

  #pump(): void {
    this.#turn();
    while (this.#hasRoom) {
      const frame = this.#source.reader.take();
      if (!frame) return;
      this.#send(frame);
    }
    this.#catchUp();
  }

  get #hasRoom(): boolean {
    return this.#sent - this.#took < maxInFlight && this.#options.socket.bufferedAmount < maxBuffered;
  }

  /** The picture that was asked for has one to begin with: it takes the place of the other. */
  #turn(): void {
    const coming = this.#coming;
    if (!coming || coming.reader.queued === 0) return;
    this.#coming = undefined;
    this.#source.reader[Symbol.dispose]();
    this.#source = coming;
    this.#lastUs = Number.NEGATIVE_INFINITY;
    coming.shown(true);
  }

  /** Once for each group: one that is longer than what may be behind is not begun again and again. */
  #catchUp(): void {
    const { track, reader, from } = this.#source;
    const newest = track.lastKeyFrame;
    if (reader.queued <= maxQueued || !newest || newest === from || newest.timestampUs <= this.#lastUs) return;
    this.#dropped += reader.queued;
    reader[Symbol.dispose]();
    this.#source = this.#read(track);
    this.#dropped -= this.#source.reader.queued;
  }

  #send(frame: Frame): void {
    const { clock, socket } = this.#options;
    const { data, key, timestampUs, shownUs } = frame;
    this.#lastUs = timestampUs;
    if (data.length > maxPictureBytes) {
      this.#dropped++;
      this.#source.reader.resync();
      return;
    }
    if (key) this.#tell(this.#source.track.format as VideoFormat);
    const ageMs = (clock.nowUs() - (shownUs ?? timestampUs)) / 1000;
    const wallUs = (shownUs ?? timestampUs) + this.#wallUs;
    this.#sent++;
    this.#bytes += data.length;
    const isShownTime = shownUs !== undefined || inOrder(this.#source.track.format as VideoFormat);
    socket.send(writePicture({ key, isShownTime, ageMs, wallUs }, data), () => this.#ready());
  }

  #tell(format: VideoFormat): void {
    const { codec, widthPx, heightPx, reordered } = format;
    const picture = codecString(format);
    const message: PictureMessage = { type: "picture", codec, picture, widthPx, heightPx, reordered };
    const told = JSON.stringify(message);
    if (told === this.#told) return;
    this.#told = told;
    this.say(message);
  }

  #beat(): void {
    const { clock, socket } = this.#options;
    if (!this.#heard) {
      socket.terminate();
      return;
    }
    this.#heard = false;
    socket.ping();
    this.#timer = clock.timer(beatMs, () => this.#beat());
  }
}

/** Whether pictures come in the order in which they are shown; of H.265 that is not known. */
function inOrder({ codec, reordered }: VideoFormat): boolean {
  return codec !== "h265" && !reordered;
}
