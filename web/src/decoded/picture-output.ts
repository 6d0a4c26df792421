/** What a decoder gives: its owner closes it. */
export type DecodedPicture = VideoFrame | ImageBitmap;

/** Where decoded pictures become a track, which an ordinary video element shows. */
export interface PictureOutput {
  readonly track: MediaStreamTrack;
  /** Shows a picture, which is its own from then on. */
  show(picture: DecodedPicture): void;
  close(): void;
}

/** Chromium's; not in TypeScript's library yet. */
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(options: { readonly kind: "video" });
  readonly writable: WritableStream<VideoFrame>;
}

/** A track of this browser's own for decoded pictures, where it has one; else what is drawn on a canvas. */
export function openOutput(): PictureOutput {
  return "MediaStreamTrackGenerator" in globalThis ? new GeneratedTrack() : new DrawnTrack();
}

class GeneratedTrack implements PictureOutput {
  readonly track = new MediaStreamTrackGenerator({ kind: "video" });
  readonly #writer = this.track.writable.getWriter();

  show(picture: DecodedPicture): void {
    const frame = picture instanceof VideoFrame ? picture : new VideoFrame(picture, { timestamp: nowUs() });
    if (frame !== picture) picture.close();
    // The track takes no more once it has ended.
    this.#writer.write(frame).catch(() => frame.close());
  }

  close(): void {
    this.#writer.close().catch(() => {});
    this.track.stop();
  }
}

class DrawnTrack implements PictureOutput {
  readonly #canvas = document.createElement("canvas");
  readonly #pen = this.#canvas.getContext("2d", { alpha: false });
  readonly track = trackOf(this.#canvas);

  show(picture: DecodedPicture): void {
    const [width, height] =
      "displayWidth" in picture ? [picture.displayWidth, picture.displayHeight] : [picture.width, picture.height];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#pen?.drawImage(picture, 0, 0);
    picture.close();
  }

  close(): void {
    this.track.stop();
  }
}

function trackOf(canvas: HTMLCanvasElement): MediaStreamTrack {
  const [track] = canvas.captureStream().getVideoTracks();
  if (!track) throw new Error("a canvas gives no picture here");
  return track;
}

function nowUs(): number {
  return Math.round(performance.now() * 1000);
}
