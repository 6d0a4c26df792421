import type { Track } from "../media/track.ts";
import type { HubDevice } from "./device.ts";

/** How long a device that has published one kind of track is given to publish the other. */
const soundGraceMs = 300;
const pictureGraceMs = 3000;

/**
 * The main picture and sound of a device that may just be starting: as soon as both are there, or the picture was and
 * the sound had a little time, or only sound came. Empty after `timeoutMs`. The caller holds a demand.
 */
export async function waitForTracks(
  device: Pick<HubDevice, "track" | "waitForTrack">,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<{ readonly video: Track | undefined; readonly audio: Track | undefined }> {
  const ready = device.track("video");
  if (ready) return { video: ready, audio: device.track("audio") };
  const { timeoutMs } = options;
  const done = new AbortController();
  const signal = AbortSignal.any([options.signal, done.signal]);
  const pending = [
    device.waitForTrack("video", { timeoutMs, signal }),
    device.waitForTrack("audio", { timeoutMs, signal }),
  ] as const;
  for (const promise of pending) promise.catch(() => {});
  try {
    const first = await Promise.race(pending);
    if (!first) return { video: undefined, audio: undefined };
    const isVideo = first.format.kind === "video";
    const graceMs = isVideo ? soundGraceMs : pictureGraceMs;
    const other = await device.waitForTrack(isVideo ? "audio" : "video", {
      timeoutMs: graceMs,
      signal: options.signal,
    });
    return isVideo ? { video: first, audio: other } : { video: other, audio: first };
  } finally {
    done.abort();
  }
}
