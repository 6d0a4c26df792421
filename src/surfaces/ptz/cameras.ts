import type { DevicesEvent } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { OnvifPtz } from "../../protocols/onvif/ptz.ts";
import { background } from "../../util/background.ts";
import { FatalError } from "../../util/errors.ts";
import { Turning } from "./turning.ts";

/** One camera that can be turned. */
export interface Turned {
  readonly ptz: OnvifPtz;
  readonly turning: Turning;
}

interface Entry extends Turned {
  /** What it was made for: made anew when that is something else. */
  readonly key: string;
  readonly end: AbortController;
}

/** The cameras that are turned by ONVIF (`ptz: onvif`), each from its first wish on. */
export class TurnedCameras implements AsyncDisposable {
  readonly #hub: Hub;
  readonly #entries = new Map<string, Entry>();
  readonly #held = new DisposableStack();

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#held.use(hub.devices.onChange((event) => this.#changed(event)));
  }

  /** Throws FatalError `ptz-none` for a device that cannot be turned, or is not in use. */
  of(deviceId: string): Turned {
    const wanted = this.#wanted(deviceId);
    if (!wanted) throw new FatalError("this device cannot be turned", { code: "ptz-none" });
    const before = this.#entries.get(deviceId);
    if (before?.key === wanted.key) return before;
    this.#drop(deviceId);
    const { clock, log } = this.#hub;
    const end = new AbortController();
    const ptz = new OnvifPtz({ url: wanted.url, credentials: wanted.credentials, clock, signal: end.signal });
    const turning = new Turning({ deviceId, camera: ptz, clock, log });
    const entry = { key: wanted.key, end, ptz, turning };
    this.#entries.set(deviceId, entry);
    return entry;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held.dispose();
    const all = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(all.map((entry) => over(entry)));
  }

  #changed({ type, id }: DevicesEvent): void {
    const entry = this.#entries.get(id);
    if (entry && (type === "removed" || this.#wanted(id)?.key !== entry.key)) this.#drop(id);
  }

  #wanted(deviceId: string) {
    const settings = this.#hub.devices.get(deviceId)?.settings;
    const login = this.#hub.devices.login(deviceId);
    if (!settings?.enabled || settings.ptz === "off" || !login) return undefined;
    const { host, username, password = "" } = login;
    const url = URL.parse(settings.ptzUrl ?? settings.bell?.onvif?.url ?? `http://${host}/onvif/device_service`);
    if (!url) return undefined;
    const credentials = username === undefined ? undefined : { username, password };
    return { url, credentials, key: JSON.stringify([url.href, credentials]) };
  }

  #drop(deviceId: string): void {
    const entry = this.#entries.get(deviceId);
    if (!entry) return;
    this.#entries.delete(deviceId);
    background(over(entry), (err) => this.#hub.log.error({ err, device: deviceId }, "a camera was not let go of"));
  }
}

/** It stands before it is let go of. */
async function over({ turning, end }: Entry): Promise<void> {
  await turning[Symbol.asyncDispose]();
  end.abort();
}
