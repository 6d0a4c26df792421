import type { Track } from "../media/track.ts";
import type { HubDevice } from "./api.ts";

/** How long a device that has published one kind of track is given to publish the other. */
const soundGraceMs = 300;
const pictureGraceMs = 3000;

/** Phases in which waiting is of no use: a person or the device must act, or the supervisor waits itself. */
const hopeless: ReadonlySet<string> = new Set(["wrong-password", "trouble", "away", "disabled"]);

/** What of a device is needed to wait for its tracks. */
export type Waited = Pick<HubDevice, "track" | "waitForTrack" | "onChange" | "state">;

/**
 * The main picture and sound of a device that may just be starting: as soon as both are there, or the picture was and
 * the sound had a little time (none when its device has announced no sound), or only sound came. Empty after `timeoutMs`, or when the device fails; its state then
 * says why. The caller holds a demand.
 */
export async function waitForTracks(
  device: Waited,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<{ readonly video: Track | undefined; readonly audio: Track | undefined }> {
  const ready = device.track("video");
  if (ready) return { video: ready, audio: device.track("audio") };
  const over = new AbortController();
  const giveUp = () => hopeless.has(device.state.phase) && over.abort();
  using _listener = device.onChange(giveUp);
  giveUp();
  const signal = AbortSignal.any([over.signal, ...(options.signal ? [options.signal] : [])]);
  const { timeoutMs } = options;
  if (signal.aborted) return { video: undefined, audio: undefined };
  try {
    const first = await Promise.race([
      device.waitForTrack("video", { timeoutMs, signal }),
      device.waitForTrack("audio", { timeoutMs, signal }),
    ]);
    if (!first) return { video: undefined, audio: undefined };
    const isVideo = first.format.kind === "video";
    if (first.alone) return { video: isVideo ? first : undefined, audio: isVideo ? undefined : first };
    const graceMs = isVideo ? soundGraceMs : pictureGraceMs;
    const other = await device.waitForTrack(isVideo ? "audio" : "video", { timeoutMs: graceMs, signal });
    return isVideo ? { video: first, audio: other } : { video: other, audio: first };
  } finally {
    over.abort();
  }
}
