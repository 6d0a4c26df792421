import type { Converter } from "../../media/convert.ts";
import type { VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Track } from "../../media/track.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { FfmpegLink } from "./link.ts";

/** `Converter.snapshot` over a link: pictures of the same key frame and width are made once. */
export function createSnapshots(link: FfmpegLink): Converter["snapshot"] {
  const made = new WeakMap<Frame, Map<number | undefined, Promise<Uint8Array>>>();
  return async (track, { widthPx, signal } = {}) => {
    const { format } = track;
    if (format.kind !== "video")
      throw new FatalError("a snapshot needs a picture: this is sound", { code: "not-video" });
    const frame = track.lastKeyFrame ?? (await nextKeyFrame(track, signal));
    signal?.throwIfAborted();
    const byWidth = made.get(frame) ?? new Map<number | undefined, Promise<Uint8Array>>();
    made.set(frame, byWidth);
    const known = byWidth.get(widthPx);
    if (known) return await known;
    const picture = jpeg(link, { format, frame: frame.data, widthPx });
    byWidth.set(widthPx, picture);
    picture.catch(() => byWidth.delete(widthPx));
    return await picture;
  };
}

/** Demands the track until its next key frame. */
async function nextKeyFrame(track: Pick<Track, "read">, signal: AbortSignal | undefined): Promise<Frame> {
  using reader = track.read({ maxFrames: 4 });
  const frame = await reader.next(signal);
  if (!frame) throw new RecoverableError("no snapshot: the camera's picture ended", { code: "no-picture" });
  return frame;
}

function jpeg(
  link: FfmpegLink,
  task: { readonly format: VideoFormat; readonly frame: Uint8Array; readonly widthPx: number | undefined },
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const attempt = (left: number): void => {
    link.open(
      { op: "snapshot", ...task },
      {
        opened: ({ picture }) => picture && resolve(picture),
        failed: reject,
        lost: () => {
          if (left > 0) attempt(left - 1);
          else reject(new RecoverableError("no snapshot: the worker died", { code: "worker-lost" }));
        },
      },
    );
  };
  attempt(1);
  return promise;
}
