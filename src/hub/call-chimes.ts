import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, Turn } from "./api.ts";
import type { HubCalls, Ringer } from "./call-api.ts";
import type { CallInfo } from "./call-info.ts";
import type { Rings } from "./rings.ts";

/** Options of {@link CallChimes}. */
export interface CallChimesOptions {
  readonly calls: HubCalls;
  readonly rings: Rings;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long it is silent before the chime is played again. */
const pauseMs = 2500;

/** Lets devices that have a speaker ring: a chime, again and again until somebody answers. */
export class CallChimes implements Disposable {
  readonly #options: CallChimesOptions;
  readonly #devices = new Map<string, Disposable>();

  constructor(options: CallChimesOptions) {
    this.#options = options;
  }

  /** Something about a device changed: whether it can ring by its speaker now. Undefined when it is no more. */
  follow(id: string, device: HubDevice | undefined): void {
    const ringer = this.#devices.get(id);
    const can = device !== undefined && canRing(device);
    if (can === (ringer !== undefined)) return;
    if (can) {
      this.#devices.set(id, this.#options.calls.addRinger(this.#ringer({ id, name: device.name })));
      return;
    }
    this.#devices.delete(id);
    ringer?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const ringer of this.#devices.values()) ringer[Symbol.dispose]();
    this.#devices.clear();
  }

  #ringer({ id, name }: Pick<HubDevice, "id" | "name">): Ringer {
    const ringing = new Map<string, Disposable>();
    return {
      party: `device:${id}`,
      name,
      deviceId: id,
      // Nobody answers by a loudspeaker alone: what can answer is a ringer of its own. It is rung where it is meant.
      mayAnswer: () => false,
      ring: (call) => ringing.set(call.id, this.#chime(id, call)),
      stop: (call) => {
        ringing.get(call.id)?.[Symbol.dispose]();
        ringing.delete(call.id);
      },
    };
  }

  #chime(deviceId: string, call: CallInfo): Disposable {
    const { rings, calls, clock, log } = this.#options;
    const over = new AbortController();
    let turn: Turn | undefined;
    let pause: Disposable | undefined;
    const again = () => {
      if (!over.signal.aborted) pause = clock.timer(pauseMs, play);
    };
    const play = () => {
      try {
        turn = rings.ring({
          to: [`device:${deviceId}`],
          talker: { id: `call:${call.id}:${deviceId}`, name: call.from.name },
          ...(call.from.deviceId !== undefined && { callerDevice: call.from.deviceId }),
          callId: call.id,
          priority: 0,
          onHearing: (hearing) => {
            if (hearing.some(({ state }) => state === "playing")) calls.confirm(call.id, `device:${deviceId}`);
          },
        }).turn;
        turn.done.then(again, again);
      } catch (error) {
        log.warn({ device: deviceId }, `the chime of a call could not be played: ${messageOf(error)}`);
      }
    };
    play();
    return {
      [Symbol.dispose]: () => {
        over.abort();
        pause?.[Symbol.dispose]();
        turn?.cancel();
      },
    };
  }
}

/** Whatever has a speaker and can be heard by people who are not at a door. */
function canRing(device: HubDevice): boolean {
  return device.settings.enabled && !device.settings.preview && device.speaker !== undefined;
}
