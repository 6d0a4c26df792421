import { z } from "zod";
import type { Sealer } from "../identity/seal.ts";
import type { Converter } from "../media/convert.ts";
import type { Track } from "../media/track.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { DevicesEvent, HubDevice } from "./api.ts";
import type { MemoryStore } from "./device-memory.ts";
import { type LastPicturesConfig, lastPicturesConfig } from "./last-pictures-config.ts";
import type { DeviceInfo } from "./state.ts";

/** The last picture of a camera that was kept. */
export interface LastPicture {
  readonly jpeg: Uint8Array;
  /** When it reached the hub, wall clock. */
  readonly takenMs: number;
}

/** Where pictures outlast the hub. */
export interface PictureStore extends MemoryStore {
  /** Of which devices anything is written, whether they are still there or not. */
  ids(): readonly string[];
}

/** Options of {@link LastPictures}. */
export interface LastPicturesOptions {
  readonly devices: {
    get(id: string): HubDevice | undefined;
    list(): readonly HubDevice[];
    onChange(listener: (event: DevicesEvent) => void): Disposable;
  };
  readonly converter: Pick<Converter, "snapshot">;
  readonly store: PictureStore;
  readonly sealer: Pick<Sealer, "seal" | "open">;
  readonly clock: Clock;
  readonly log: Log;
}

/** As wide as a tile; a large picture of a camera that is away is not worth its memory. */
const widthPx = 640;
const maxBytes = 128 * 1024;
/** A camera that comes and goes is not decoded each time. */
const againMs = 10_000;
/** Where pictures outlast the hub, those of cameras that are always connected are taken now and then. */
const refreshMs = 10 * 60_000;
const purpose = "last-picture";

const written = z.object({ about: z.string(), takenMs: z.number(), sealed: z.string() });

/**
 * Keeps a small still of each camera when its picture ends, so that whoever opens it next sees that at once. It is
 * forgotten with the device, when that is set up differently, and when it is switched off. Disposed by its maker.
 */
export class LastPictures implements Disposable {
  readonly #kept = new Map<string, LastPicture>();
  /** Devices whose picture runs. */
  readonly #live = new Set<string>();
  /** Looked for on the disk; whatever is there is in `#kept`. */
  readonly #read = new Set<string>();
  readonly #waiting = new Set<string>();
  #working: Promise<void> | undefined;
  #keep: LastPicturesConfig["keep"] = lastPicturesConfig.parse({}).keep;
  readonly #held = new DisposableStack();
  readonly #changes: Listeners<string>;
  readonly #options: LastPicturesOptions;
  #refresh: Disposable | undefined;

  constructor(options: LastPicturesOptions) {
    this.#options = options;
    const { devices, log } = options;
    this.#changes = new Listeners((error) => log.error({ err: error }, "listener of last pictures failed"));
    this.#held.use(
      devices.onChange(({ type, id }) => {
        if (type === "removed") {
          this.#live.delete(id);
          this.#forget(id);
        } else this.#look(id);
      }),
    );
    this.#held.defer(() => this.#refresh?.[Symbol.dispose]());
  }

  /** Calls `listener` with the id of a device of which there is another last picture, or none any more. */
  onChange(listener: (id: string) => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Takes up what the configuration says; what may not be kept any more is forgotten at once. */
  follow({ keep }: LastPicturesConfig): void {
    const changes = keep !== this.#keep;
    this.#keep = keep;
    const { clock, devices } = this.#options;
    this.#refresh?.[Symbol.dispose]();
    this.#refresh = keep === "disk" ? clock.timer(refreshMs, () => this.#takeAll()) : undefined;
    const there = devices.list();
    const ids = new Set(there.map(({ id }) => id));
    // Also of cameras that went while the hub was down, of which no event tells.
    for (const id of this.#written()) if (!ids.has(id)) this.#erase(id);
    if (keep === "disk") {
      if (changes) for (const device of there) this.#write(device);
      return;
    }
    for (const id of ids) {
      if (keep === "off") this.#forget(id);
      else this.#erase(id);
    }
  }

  /** What is kept of a device. */
  of(id: string): LastPicture | undefined {
    if (this.#keep === "disk" && !this.#read.has(id)) this.#load(id);
    return this.#kept.get(id);
  }

  /** As the API shows it. */
  info(id: string): Pick<DeviceInfo, "lastPicture"> {
    const kept = this.of(id);
    return kept ? { lastPicture: { takenMs: kept.takenMs } } : {};
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#waiting.clear();
  }

  #look(id: string): void {
    const device = this.#options.devices.get(id);
    if (!device) return;
    if (!device.settings.enabled) {
      this.#live.delete(id);
      this.#forget(id);
    } else if (device.state.phase === "live") this.#live.add(id);
    else if (this.#live.delete(id)) this.#take(id);
  }

  #takeAll(): void {
    this.#refresh = this.#options.clock.timer(refreshMs, () => this.#takeAll());
    for (const id of this.#live) this.#take(id);
  }

  /** One after the other: decoding is never in anybody's way. */
  #take(id: string): void {
    if (this.#keep === "off") {
      this.#release(id);
      return;
    }
    this.#waiting.add(id);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
    background(this.#working, (err) => this.#options.log.error({ err }, "last pictures failed"));
  }

  async #work(): Promise<void> {
    for (const id of this.#waiting) {
      this.#waiting.delete(id);
      const device = this.#options.devices.get(id);
      if (!device) continue;
      await this.#still(device).catch((err: unknown) =>
        this.#options.log.debug({ err, device: id }, `its last picture is not kept: ${messageOf(err)}`),
      );
      this.#release(id);
    }
  }

  /** Holds no key frame for what is not wanted any more. */
  #release(id: string): void {
    const device = this.#options.devices.get(id);
    if (device) for (const track of picturesOf(device)) track.forgetPicture();
  }

  async #still(device: HubDevice): Promise<void> {
    const { clock, converter } = this.#options;
    const track = newest(device);
    const frame = track?.lastPicture;
    if (!track || !frame) return;
    const takenMs = Math.round(clock.wallMs() - (clock.nowUs() - frame.timestampUs) / 1000);
    const before = this.#kept.get(device.id);
    if (before && takenMs - before.takenMs < againMs) return;
    const { format } = track;
    const source = { format, lastKeyFrame: frame, read: track.read.bind(track) };
    const jpeg = await converter.snapshot(source, { widthPx });
    // Meanwhile it may have been switched off, or replaced by another of this name.
    if (jpeg.length > maxBytes || this.#options.devices.get(device.id) !== device || !device.settings.enabled) return;
    this.#save(device, { jpeg, takenMs });
  }

  #save(device: HubDevice, picture: LastPicture): void {
    const { id } = device;
    if (this.#keep === "off") return;
    this.#kept.set(id, picture);
    this.#changes.emit(id);
    if (this.#keep === "disk") this.#write(device);
  }

  #write(device: HubDevice): void {
    const { id, settings } = device;
    const picture = this.#kept.get(id);
    if (!picture || !settings.enabled || settings.preview) return;
    const { sealer, store } = this.#options;
    this.#guard(id, () => {
      const sealed = sealer.seal(Buffer.from(picture.jpeg).toString("base64"), { purpose });
      store.save(id, { about: aboutOf(device), takenMs: picture.takenMs, sealed });
    });
  }

  #written(): readonly string[] {
    let ids: readonly string[] = [];
    this.#guard(undefined, () => {
      ids = this.#options.store.ids();
    });
    return ids;
  }

  #load(id: string): void {
    const device = this.#options.devices.get(id);
    if (!device) return;
    this.#read.add(id);
    this.#guard(id, () => {
      const { data } = written.safeParse(this.#options.store.load(id));
      if (!data || this.#kept.has(id)) return;
      if (data.about !== aboutOf(device) || !device.settings.enabled) return this.#options.store.save(id, undefined);
      const jpeg = Buffer.from(this.#options.sealer.open(data.sealed, { purpose }), "base64");
      this.#kept.set(id, { jpeg, takenMs: data.takenMs });
    });
  }

  #forget(id: string): void {
    this.#waiting.delete(id);
    this.#erase(id);
    this.#release(id);
    if (this.#kept.delete(id)) this.#changes.emit(id);
  }

  /** Whatever is configured now: it may have been written before. What is kept here may be on its way to the disk. */
  #erase(id: string): void {
    const { store } = this.#options;
    this.#read.add(id);
    this.#guard(id, () => {
      if (this.#kept.has(id) || store.load(id) !== undefined) store.save(id, undefined);
    });
  }

  /** Trouble of the database or of the key costs the picture only. */
  #guard(id: string | undefined, act: () => void): void {
    try {
      act();
    } catch (err) {
      this.#options.log.debug({ err, device: id }, `last picture: the database or the key fails: ${messageOf(err)}`);
    }
  }
}

/** Of the camera's pictures the one that was seen last. */
function newest(device: HubDevice): Track | undefined {
  const takenUs = (track: Track) => track.lastPicture?.timestampUs ?? Number.NEGATIVE_INFINITY;
  return picturesOf(device).toSorted((a, b) => takenUs(b) - takenUs(a))[0];
}

function picturesOf(device: HubDevice): Track[] {
  return [device.track("video"), device.sub?.track("video")].filter((track) => track !== undefined);
}

/** What it is a picture of: nothing is shown of a camera that was set up differently meanwhile. */
function aboutOf(device: HubDevice): string {
  const { kind, address = "" } = device.info();
  return `${kind} ${address}`;
}
