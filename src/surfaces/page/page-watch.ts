import type { HubDevice, HubDevices } from "../../hub/api.ts";
import type { ConvertedPictures } from "../../hub/converted-pictures.ts";
import { failsAfter } from "../webrtc/renditions.ts";

/** Behind a device's id: its small picture is looked at. */
const subSuffix = "/sub";

/** The device that a page means, whichever of its pictures it looks at. */
export function watchedDevice(id: string): string {
  return id.endsWith(subSuffix) ? id.slice(0, -subSuffix.length) : id;
}

/**
 * The devices that one page looks at: each is wanted, as by a viewer, for as long. `yard/sub` is the small picture of `yard`;
 * the device itself is wanted instead where there is none, and besides while that fails.
 */
export class PageWatch implements Disposable {
  readonly #devices: Pick<HubDevices, "get">;
  readonly #pictures: Pick<ConvertedPictures, "expect">;
  readonly #demands = new Map<string, Disposable>();

  constructor(devices: Pick<HubDevices, "get">, pictures: Pick<ConvertedPictures, "expect">) {
    this.#devices = devices;
    this.#pictures = pictures;
  }

  /** From now on these and no others; the caller has asked whether they may be seen. */
  set(ids: readonly string[]): void {
    const wanted = new Set(ids);
    for (const id of this.#demands.keys()) if (!wanted.has(id)) this.#drop(id);
    for (const id of wanted) {
      const device = this.#demands.has(id) ? undefined : this.#devices.get(watchedDevice(id));
      if (!device) continue;
      this.#prepare(id === device.id ? device : (device.sub ?? device));
      this.#demands.set(id, id === device.id ? device.demand("viewer") : lookAtSub(device));
    }
  }

  /** The device is gone, or may not be seen any more. */
  leave(id: string): void {
    this.#drop(id);
    this.#drop(`${id}${subSuffix}`);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#demands.keys()]) this.#drop(id);
  }

  /** A camera that was seen before, and is cold, connects while what converts its picture starts. */
  #prepare(source: Pick<HubDevice, "track">): void {
    const format = source.track("video")?.format;
    if (format?.kind === "video") this.#pictures.expect(format);
  }

  #drop(id: string): void {
    this.#demands.get(id)?.[Symbol.dispose]();
    this.#demands.delete(id);
  }
}

function lookAtSub(device: HubDevice): Disposable {
  const held = new DisposableStack();
  let main: Disposable | undefined;
  let fails = false;
  let looks = false;
  const look = () => {
    // What is demanded changes the device, which calls this again.
    if (looks || held.disposed) return;
    looks = true;
    fails = device.sub === undefined || failsAfter(fails, device.sub.state.phase);
    if (fails) main ??= device.demand("viewer");
    else {
      main?.[Symbol.dispose]();
      main = undefined;
    }
    looks = false;
  };
  if (device.sub) held.use(device.sub.demand("viewer"));
  held.use(device.onChange(look));
  look();
  held.defer(() => main?.[Symbol.dispose]());
  return held;
}
