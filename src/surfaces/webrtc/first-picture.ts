import type { HubDevice, RenditionName } from "../../hub/api.ts";
import { waitForTracks } from "../../hub/wait-for-tracks.ts";
import type { VideoFormat } from "../../media/format.ts";
import type { Track } from "../../media/track.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError } from "../../util/errors.ts";
import type { Renditions } from "./renditions.ts";

/** What a viewing begins with. */
export interface FirstMedia {
  /** Which picture, in the form in which the viewer is sent it. */
  readonly video: { readonly name: RenditionName; readonly source: Track; readonly track: Track } | undefined;
  readonly audio: Track | undefined;
  /** The device shows nothing and plays nothing. */
  readonly nothing: boolean;
}

/** Options of {@link firstMedia}. */
export interface FirstMediaOptions {
  readonly renditions: Renditions;
  /** A picture is wanted; who only listens has none converted. */
  readonly looks: boolean;
  /** The sound is wanted too; it is the main source's, whichever picture is shown. */
  readonly listens: boolean;
  /** The viewer named a rendition, and may be shown the other one until that is there. */
  readonly takesEither: boolean;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, "timer">;
  readonly signal: AbortSignal;
}

/** The large picture is shown until the small one comes, if that takes so long; one that was never seen may not be there. */
const smallPatienceMs = { known: 4000, unknown: 2000 } as const;
/** How long a small picture waits for the sound, which has a connection of its own. */
const soundPatienceMs = 3000;
/** In so many pictures, or within so long, it is seen whether a stream that may have B pictures has some. */
const reordering = { pictures: 10, ms: 500 } as const;

/**
 * The picture and the sound that a viewing begins with, as soon as they are there; neither when the device shows nothing. Throws
 * FatalError `codec-unsupported` where the browser can show none of its pictures, `decodable` where it would decode one by itself.
 */
export async function firstMedia(device: HubDevice, options: FirstMediaOptions): Promise<FirstMedia> {
  const { renditions, looks, listens, timeoutMs, signal } = options;
  if (listens || !looks) renditions.keepMain();
  const small = looks && ((await atOnce(device, options)) ?? (await smallPicture(device, options, patienceMs(device))));
  if (small) {
    const sound = listens ? await waitForTracks(device, { timeoutMs: soundPatienceMs, signal }) : undefined;
    return { video: renditions.begin("sub", small), audio: sound?.audio, nothing: false };
  }
  using _main = device.demand("viewer");
  const { video, audio } = await waitForTracks(device, { timeoutMs, signal });
  if (video && looks) await orderIsKnown(video, options);
  const shown = video && looks ? await largePicture(device, video, options) : undefined;
  return { video: shown, audio, nothing: !video && !audio };
}

/**
 * The large picture as it comes; else converted for who asked for it by name; else the small one; else converted, if that can
 * be had.
 */
async function largePicture(device: HubDevice, large: Track, options: FirstMediaOptions): Promise<FirstMedia["video"]> {
  const { renditions, takesEither, timeoutMs } = options;
  if (!device.sub || renditions.fits(large) || takesEither) {
    try {
      return renditions.begin("main", large);
    } catch (error) {
      if (!device.sub || !isNotShown(error)) throw error;
    }
  }
  renditions.prefer("sub");
  const small = await smallPicture(device, options, timeoutMs);
  if (small) return renditions.begin("sub", small);
  renditions.prefer("main");
  return renditions.begin("main", large);
}

/**
 * Waits until the first pictures of a stream tell in which order they are shown, where its parameter sets leave that open: who
 * began without knowing would have to begin anew.
 */
async function orderIsKnown(track: Track, { renditions, clock, signal }: FirstMediaOptions): Promise<void> {
  const isOpen = () => {
    const { mayReorder, reordered } = track.format as VideoFormat;
    return mayReorder === true && !reordered && track.counters.frames < reordering.pictures;
  };
  if (!renditions.orderMatters || !isOpen()) return;
  const over = new AbortController();
  using _late = clock.timer(reordering.ms, () => over.abort());
  using reader = track.read();
  using _known = track.onChange(() => isOpen() || over.abort());
  const either = AbortSignal.any([over.signal, signal]);
  while (isOpen() && reader.open && !either.aborted) await reader.next(either).catch(() => {});
  signal.throwIfAborted();
}

/** That the picture cannot be shown; one that the viewer would decode by itself (`decodable`) can. */
function isNotShown(error: unknown): boolean {
  return error instanceof FatalError && error.code === "codec-unsupported";
}

const knownCodec = (device: HubDevice, which: RenditionName) =>
  device.info().renditions?.find(({ name }) => name === which)?.codec;

function patienceMs(device: HubDevice): number {
  return smallPatienceMs[knownCodec(device, "sub") === undefined ? "unknown" : "known"];
}

/** The small picture that is live already, where the large one is wanted, has the same codec, and is not there yet. */
async function atOnce(device: HubDevice, options: FirstMediaOptions): Promise<Track | undefined> {
  const { renditions, takesEither } = options;
  const small = device.sub?.track("video");
  if (!takesEither || renditions.wanted !== "main" || !small?.lastKeyFrame) return undefined;
  if (device.track("video")?.lastKeyFrame) return undefined;
  return knownCodec(device, "main") === small.format.codec ? asItComes(small, options) : undefined;
}

/** The small picture, where it is what is to be shown, as soon as it is there; none when it fails or takes long. */
async function smallPicture(
  device: HubDevice,
  options: FirstMediaOptions,
  timeoutMs: number,
): Promise<Track | undefined> {
  const { renditions, signal } = options;
  const { sub } = device;
  if (!sub || renditions.goal !== "sub") return undefined;
  const over = new AbortController();
  using _listener = device.onChange(() => renditions.goal !== "sub" && over.abort());
  const track = await sub.waitForTrack("video", { timeoutMs, signal: AbortSignal.any([signal, over.signal]) });
  return track && (await asItComes(track, options));
}

/** A picture that can be shown as it comes; none otherwise. */
async function asItComes(track: Track, options: FirstMediaOptions): Promise<Track | undefined> {
  await orderIsKnown(track, options);
  return track.open && options.renditions.fits(track) ? track : undefined;
}
