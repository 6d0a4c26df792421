import type { DevicesEvent, HubDevice } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { supervise } from "../../hub/supervise.ts";
import { OnvifBell } from "../../protocols/onvif/bell.ts";
import { followEvents } from "../../protocols/onvif/subscription.ts";
import { background } from "../../util/background.ts";
import { messageOf } from "../../util/errors.ts";
import { Seldom } from "../../util/seldom.ts";

/** Where a camera's events are, and which of them are its bell. */
interface Wanted {
  readonly url: URL;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly inputs: readonly string[] | undefined;
  readonly topics: readonly string[] | undefined;
}

interface Watch {
  /** What it was begun for: begun anew when that is something else. */
  readonly key: string;
  readonly stop: AbortController;
}

/** A camera that does not tell its events is in the log once in this time. */
const tellEveryMs = 600_000;

/**
 * Bells of cameras that are told by ONVIF events (`bell.onvif`): listened to as long as the device is in use, whether or not
 * somebody looks at its picture. A press is a call like any other.
 */
export class CameraBells implements Disposable {
  readonly #hub: Hub;
  readonly #watches = new Map<string, Watch>();
  readonly #held = new DisposableStack();
  readonly #seldom: Seldom;

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#seldom = new Seldom({ clock: hub.clock, everyMs: tellEveryMs });
    this.#held.use(hub.devices.onChange((event) => this.#changed(event)));
    for (const { id } of hub.devices.list()) this.#look(id);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    for (const id of [...this.#watches.keys()]) this.#stop(id);
  }

  #changed(event: DevicesEvent): void {
    if (event.type === "removed") this.#stop(event.id);
    else this.#look(event.id);
  }

  #look(id: string): void {
    const device = this.#hub.devices.get(id);
    const isWanted = device?.settings.enabled && !device.settings.preview && device.settings.bell?.onvif;
    const wanted = device && isWanted ? this.#wantedOf(device) : undefined;
    const key = JSON.stringify(wanted);
    if (this.#watches.get(id)?.key === key) return;
    this.#stop(id);
    if (wanted) this.#begin(id, { key, wanted });
  }

  #wantedOf({ id, settings }: HubDevice): Wanted | undefined {
    const { onvif } = settings.bell ?? {};
    const login = this.#hub.devices.login(id);
    if (!onvif || !login) return undefined;
    const url = URL.parse(onvif.url ?? `http://${login.host}/onvif/device_service`);
    const { username, password } = login;
    return url ? { url, username, password, inputs: onvif.inputs, topics: onvif.topics } : undefined;
  }

  #stop(id: string): void {
    this.#watches.get(id)?.stop.abort();
    this.#watches.delete(id);
  }

  #begin(id: string, { key, wanted }: { readonly key: string; readonly wanted: Wanted }): void {
    const { clock, log } = this.#hub;
    const { url, username, password = "", ...rules } = wanted;
    const stop = new AbortController();
    this.#watches.set(id, { key, stop });
    const bell = new OnvifBell({ clock, rules });
    const credentials = username === undefined ? undefined : { username, password };
    const watching = supervise({
      run: async ({ ready, signal }) => {
        const onSubscribed = () => {
          ready();
          log.info({ device: id }, "the camera's bell is listened to (ONVIF)");
        };
        await followEvents({
          ...{ url, credentials, clock, signal, onSubscribed },
          onNotification: (notification) => {
            if (bell.pressed(notification)) this.#rang(id);
          },
        });
      },
      onLoss: ({ error }) => {
        const say = `the bell of ${id} is not heard: ${messageOf(error)}`;
        if (this.#seldom.isNews(`${id} ${error.code}`)) log.warn({ device: id, code: error.code }, say);
      },
      ...{ clock, signal: stop.signal },
    });
    background(watching, (err) => log.error({ err, device: id }, "a camera's bell is not listened to any more"));
  }

  #rang(id: string): void {
    const { calls, identity } = this.#hub;
    const { state } = calls.ring({ from: id });
    if (state === "ringing") identity.audit.record({ actor: id, action: "bell-rung", subject: id });
  }
}
