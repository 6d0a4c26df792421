import { type Format, isCompatible } from "../media/format.ts";
import { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";
import { describeFormat, type TrackInfo } from "./state.ts";

/** Options of {@link DeviceTracks}. */
export interface DeviceTracksOptions {
  readonly deviceId: string;
  readonly clock: Clock;
  /** What is told of one of them changed, though nobody opened or closed any. */
  readonly onChange?: () => void;
}

/** The tracks of one device, by `label/kind`. They outlive the runs of its driver. */
export class DeviceTracks {
  #tracks = new Map<string, Track>();
  readonly #options: DeviceTracksOptions;

  constructor(options: DeviceTracksOptions) {
    this.#options = options;
  }

  get all(): readonly Track[] {
    return [...this.#tracks.values()];
  }

  get(kind: "video" | "audio", label: string): Track | undefined {
    return this.#tracks.get(`${label}/${kind}`);
  }

  /** The track to write to: the same as before when its readers can go on with `format`, else a new one. */
  open(format: Format, label: string): Track {
    const key = `${label}/${format.kind}`;
    const before = this.#tracks.get(key);
    if (before?.open && isCompatible(before.format, format)) {
      before.interrupt();
      before.updateFormat(format);
      return before;
    }
    before?.close();
    const { deviceId, clock, onChange } = this.#options;
    const track = new Track(format, { id: `${deviceId}/${key}`, clock, ...(onChange && { onDelay: onChange }) });
    this.#tracks.set(key, track);
    return track;
  }

  /** The source has a gap: readers wait for a key frame. */
  interrupt(): void {
    for (const track of this.#tracks.values()) track.interrupt();
  }

  close(): void {
    for (const track of this.#tracks.values()) track.close();
  }

  /** The tracks as the API shows them. */
  info(): TrackInfo[] {
    return [...this.#tracks].map(([key, track]) => ({
      ...describeFormat(track.format),
      id: track.id,
      label: key.split("/")[0] ?? "main",
      frames: track.counters.frames,
      bytes: track.counters.bytes,
      readers: track.readerCount,
      ...(track.delay && { delay: track.delay }),
    }));
  }
}
