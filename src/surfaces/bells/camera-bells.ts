import type { DevicesEvent, HubDevice } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { supervise } from "../../hub/supervise.ts";
import { OnvifBell, type OnvifBellRules } from "../../protocols/onvif/bell.ts";
import type { OnvifNotification } from "../../protocols/onvif/events.ts";
import { OnvifMotion } from "../../protocols/onvif/motion.ts";
import { followEvents } from "../../protocols/onvif/subscription.ts";
import { background } from "../../util/background.ts";
import { messageOf } from "../../util/errors.ts";
import { Seldom } from "../../util/seldom.ts";

/** Where a camera's events are, and which of them are its bell and motion. */
interface Wanted {
  readonly url: URL;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Undefined of a camera without a bell. */
  readonly bell: OnvifBellRules | undefined;
  readonly motionTopics: readonly string[];
}

interface Watch {
  /** What it was begun for: begun anew when that is something else. */
  readonly key: string;
  readonly stop: AbortController;
}

/** A camera that does not tell its events is in the log once in this time. */
const tellEveryMs = 600_000;

/**
 * Bells and motion of cameras that are told by ONVIF events (`bell.onvif`, `motion.onvif`): listened to as long as the device is in
 * use, whether or not somebody looks at its picture. A press is a call like any other; motion is known while the camera is heard.
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
    const isWanted = device?.settings.enabled && !device.settings.preview;
    const wanted = isWanted ? this.#wantedOf(device) : undefined;
    const key = JSON.stringify(wanted);
    if (this.#watches.get(id)?.key === key) return;
    this.#stop(id);
    if (wanted) this.#begin(id, { key, wanted });
  }

  #wantedOf({ id, settings }: HubDevice): Wanted | undefined {
    const { bell, motion } = { bell: settings.bell?.onvif, motion: settings.motion?.onvif };
    const login = bell || motion ? this.#hub.devices.login(id) : undefined;
    if (!login) return undefined;
    const url = URL.parse(bell?.url ?? motion?.url ?? `http://${login.host}/onvif/device_service`);
    const { username, password } = login;
    return url ? { url, username, password, bell, motionTopics: motion?.topics ?? [] } : undefined;
  }

  #stop(id: string): void {
    const watch = this.#watches.get(id);
    if (!watch) return;
    this.#watches.delete(id);
    watch.stop.abort();
    this.#noticeMotion(id, undefined);
  }

  #noticeMotion(id: string, active: boolean | undefined): void {
    this.#hub.devices.get(id)?.noticeMotion(active);
  }

  #begin(id: string, { key, wanted }: { readonly key: string; readonly wanted: Wanted }): void {
    const { clock, log } = this.#hub;
    const { url, username, password = "" } = wanted;
    const stop = new AbortController();
    this.#watches.set(id, { key, stop });
    const credentials = username === undefined ? undefined : { username, password };
    const watching = supervise({
      run: async ({ ready, signal }) => {
        using ears = this.#ears(id, { wanted, stopped: stop.signal });
        const onSubscribed = () => {
          ready();
          log.info({ device: id }, "the camera's events are listened to (ONVIF)");
        };
        await followEvents({ ...{ url, credentials, clock, signal, onSubscribed }, onNotification: ears.take });
      },
      onLoss: ({ error }) => {
        const what = wanted.bell ? "the bell" : "motion";
        const say = `${what} of ${id} is not heard of: ${messageOf(error)}`;
        if (this.#seldom.isNews(`${id} ${error.code}`)) log.warn({ device: id, code: error.code }, say);
      },
      ...{ clock, signal: stop.signal },
    });
    background(watching, (err) => log.error({ err, device: id }, "a camera's events are not listened to any more"));
  }

  /** What of a camera's events counts, for one subscription: without one nobody knows whether something moves. */
  #ears(id: string, { wanted, stopped }: { readonly wanted: Wanted; readonly stopped: AbortSignal }) {
    const { clock } = this.#hub;
    const { bell: rules, motionTopics: topics } = wanted;
    const bell = rules && new OnvifBell({ clock, rules });
    // One that was stopped ends beside the next one, which may have told something already.
    const notice = (active: boolean | undefined) => stopped.aborted || this.#noticeMotion(id, active);
    const motion = new OnvifMotion({ clock, topics, onChange: notice });
    return {
      take: (notification: OnvifNotification) => {
        if (bell?.pressed(notification)) this.#rang(id);
        else motion.take(notification);
      },
      [Symbol.dispose]: () => {
        motion[Symbol.dispose]();
        notice(undefined);
      },
    };
  }

  #rang(id: string): void {
    const { calls, identity } = this.#hub;
    const { state } = calls.ring({ from: id });
    if (state === "ringing") identity.audit.record({ actor: id, action: "bell-rung", subject: id });
  }
}
