import type { DeviceMemory } from "../device/driver.ts";
import type { HubDevice, Rendition } from "./api.ts";
import type { DeviceSettings } from "./device-settings.ts";
import type { DeviceInfo, DeviceState, TrackInfo } from "./state.ts";

/** What serves the small picture: a device of its own, inside the one that it belongs to. */
export type SubDevice = Rendition &
  Pick<HubDevice, "info" | "restart"> & {
    configure(settings: DeviceSettings): void;
    close(): Promise<void>;
    /** Tells it what the device that it belongs to does by itself. */
    follow(large: () => DeviceState): void;
  };

type Size = NonNullable<DeviceInfo["renditions"]>[number];

/** The settings of the small picture of a device with these: it is called nothing of its own, and is never kept warm. */
export function subSettings(settings: DeviceSettings): DeviceSettings {
  return { ...settings, id: `${settings.id}/sub`, warm: false };
}

/** The small picture of one device: whether there is one, and what is told of it. Owned by the device, which closes it. */
export class SubPicture {
  readonly device: SubDevice;
  readonly #memory: DeviceMemory;

  constructor(device: SubDevice, memory: DeviceMemory) {
    this.device = device;
    this.#memory = memory;
    device.onChange(() => {
      if (device.state.error?.code === "no-sub") memory.set("none", true, { lasting: false });
    });
  }

  /** Undefined once the device said that it has none; until the hub restarts, or it is set up differently. */
  get offered(): Rendition | undefined {
    return this.#memory.get("none") === true ? undefined : this.device;
  }

  /** Tries it anew, also where there was none. */
  async restart(): Promise<void> {
    this.#memory.set("none", undefined, { lasting: false });
    await this.device.restart();
  }

  /** What a device does of which the main picture is not wanted: what its small one does. */
  state(own: DeviceState): DeviceState {
    if (own.phase !== "idle" || !this.offered) return own;
    return this.device.state;
  }

  /** Its tracks, as parts of the device's. */
  tracks(): TrackInfo[] {
    return this.offered ? this.device.info().tracks.map((track) => ({ ...track, label: "sub" })) : [];
  }

  /** All renditions of the device; none where there is the main one only. */
  renditions(main: readonly TrackInfo[]): Pick<DeviceInfo, "renditions"> {
    if (!this.offered) return {};
    return { renditions: [this.#size("main", main), this.#size("sub", this.tracks())] };
  }

  /** As it is now, or as it was when it was last seen. */
  #size(name: Size["name"], tracks: readonly TrackInfo[]): Size {
    const key = `size/${name}`;
    const { codec, widthPx, heightPx } = tracks.find(({ kind }) => kind === "video") ?? {};
    if (codec === undefined) return { ...(this.#memory.get(key) as Size | undefined), name };
    const size: Size = { name, codec, ...(widthPx && heightPx && { widthPx, heightPx }) };
    this.#memory.set(key, size);
    return size;
  }
}
