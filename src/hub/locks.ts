import type { Audit } from "../identity/audit.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError, messageOf, RecoverableError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import type { CallParty } from "./call-info.ts";
import { lockOf } from "./lock-of.ts";
import { callRelay } from "./lock-relay.ts";
import type { LocksConfig, OpenableLock } from "./lock-settings.ts";
import { type OpeningAnswer, Openings, stationLock } from "./openings.ts";

/** Who wants a door open. */
export interface UnlockWish {
  readonly by: CallParty;
  /** Made by whoever asks, for this wish alone: the same one again gets the answer of before and opens nothing. */
  readonly nonce: string;
}

/** What came of it. */
export interface UnlockResult {
  readonly opened: boolean;
  /** For people. */
  readonly sentence: string;
  /** For programs: `opened`, `no-lock`, `offline`, `timeout`, `relay-host`, or what the station said. */
  readonly code: string;
  /** It was opened for somebody else, or by an earlier wish of this name. */
  readonly joined: boolean;
}

/** How a lock stands, as far as the hub knows. */
export interface LockState {
  readonly state: "locked" | "opening" | "open" | "failed";
  /** What came of the last wish. */
  readonly last?: { readonly by: string; readonly sentence: string; readonly atMs: number };
}

/** Opens locks that are reached by MQTT. Throws RecoverableError when it could not. */
export interface MqttLocks {
  open(lock: OpenableLock & { readonly by: "mqtt" }, signal: AbortSignal): Promise<void>;
}

/** Options of {@link Locks}. */
export interface LocksOptions {
  readonly device: (id: string) => HubDevice | undefined;
  /** A door was opened. */
  readonly opened: (deviceId: string, by: CallParty | undefined) => void;
  readonly audit: Pick<Audit, "record">;
  /** Opens a secret of a device's settings. */
  readonly unseal: (text: string) => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** So long a wish is good, and so long is waited for what came of it. */
export const unlockMs = 5000;
const nonceMs = 60_000;
/** So long a lock shows that it was not opened. */
const failedMs = 10_000;
const maxNonces = 4096;

/** Opens doors, each wish at most once and all wishes of one moment together. The policy is asked by the surface before. */
export class Locks implements Disposable {
  /** Wishes for locks, also those that come to a door station by other ways. */
  readonly openings: Openings;
  readonly #options: LocksOptions;
  readonly #nonces = new Map<string, { readonly result: Promise<UnlockResult>; readonly atUs: number }>();
  readonly #states = new Map<string, LockState>();
  readonly #closing = new Map<string, Disposable>();
  readonly #changes: Listeners<string>;
  #mqtt: MqttLocks | undefined;
  #config: LocksConfig = { relayHosts: [], overMqtt: false };

  constructor(options: LocksOptions) {
    this.#options = options;
    this.openings = new Openings(options.clock);
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of locks failed"));
  }

  /** Takes up what the configuration says. */
  follow(config: LocksConfig): void {
    this.#config = config;
  }

  /** Whether whoever may send to the MQTT broker may open doors. */
  get overMqtt(): boolean {
    return this.#config.overMqtt;
  }

  /** True for a device from which a door can be opened. */
  has(deviceId: string): boolean {
    return this.#lockOf(deviceId) !== undefined;
  }

  /** How the lock of a device stands. */
  state(deviceId: string): LockState {
    return this.#states.get(deviceId) ?? { state: "locked" };
  }

  /** Calls `listener` with the device whose lock stands otherwise now. */
  onChange(listener: (deviceId: string) => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Whoever speaks MQTT opens locks there until the handle is disposed. */
  useMqtt(mqtt: MqttLocks): Disposable {
    this.#mqtt = mqtt;
    return {
      [Symbol.dispose]: () => {
        if (this.#mqtt === mqtt) this.#mqtt = undefined;
      },
    };
  }

  /** Opens the door of a device. Never rejects: what went wrong is in the result. */
  open(deviceId: string, wish: UnlockWish): Promise<UnlockResult> {
    const { clock } = this.#options;
    const key = JSON.stringify([wish.by.party, deviceId, wish.nonce]);
    const known = this.#nonces.get(key);
    if (known && clock.nowUs() - known.atUs < nonceMs * 1000) {
      return known.result.then((result) => ({ ...result, joined: true }));
    }
    this.#forgetNonces();
    const result = this.#open(deviceId, wish);
    this.#nonces.set(key, { result, atUs: clock.nowUs() });
    return result;
  }

  /** The lock, or the door, was seen to open or close: by whomever. */
  noticed(deviceId: string, open: boolean): void {
    this.#set(deviceId, { ...this.state(deviceId), state: open ? "open" : "locked" });
    if (open) this.#options.opened(deviceId, undefined);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#closing.values()) timer[Symbol.dispose]();
    this.#closing.clear();
  }

  async #open(deviceId: string, wish: UnlockWish): Promise<UnlockResult> {
    const lock = this.#lockOf(deviceId);
    const name = this.#options.device(deviceId)?.name ?? deviceId;
    if (!lock) return { opened: false, sentence: `${name} has no lock`, code: "no-lock", joined: false };
    const { promise, resolve } = Promise.withResolvers<UnlockResult>();
    this.openings.ask(this.#keyOf(deviceId, lock), {
      openingMs: lock.opensForS * 1000,
      open: (onAnswer) => {
        this.#set(deviceId, { ...this.state(deviceId), state: "opening" });
        this.#try(deviceId, { lock, nonce: wish.nonce }).then(onAnswer, (error: unknown) => onAnswer(failure(error)));
      },
      onAnswer: (answer, { first }) => {
        const result = resultOf(answer, { name, first });
        this.#note(deviceId, { lock, wish, result });
        resolve(result);
      },
    });
    return await promise;
  }

  async #try(deviceId: string, how: { readonly lock: OpenableLock; readonly nonce: string }): Promise<OpeningAnswer> {
    const { clock } = this.#options;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const over = new AbortController();
    using _timer = clock.timer(unlockMs, () => {
      over.abort();
      const sentence = "no answer within 5 s: look whether it has opened";
      reject(new RecoverableError(sentence, { code: "timeout" }));
    });
    const payload = await Promise.race([this.#reach(deviceId, { ...how, signal: over.signal }), late]);
    return { status: "ok", payload: payload ?? {} };
  }

  async #reach(
    deviceId: string,
    { lock, nonce, signal }: { readonly lock: OpenableLock; readonly nonce: string; readonly signal: AbortSignal },
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { device, unseal } = this.#options;
    if (lock.by === "station") {
      const station = device(lock.device ?? deviceId);
      if (!station) throw new RecoverableError(`there is no station ${lock.device}`, { code: "no-station" });
      return await station.command(lock.command, lock.payload, { expiresMs: unlockMs });
    }
    if (lock.by === "http") {
      const values = { device: deviceId, nonce, seconds: String(lock.opensForS) };
      await callRelay({ lock, hosts: this.#config.relayHosts, values, unseal, signal });
      return undefined;
    }
    if (!this.#mqtt) throw new RecoverableError("the hub has no connection to MQTT", { code: "offline" });
    await this.#mqtt.open(lock, signal);
    return undefined;
  }

  #note(
    deviceId: string,
    of: { readonly lock: OpenableLock; readonly wish: UnlockWish; readonly result: UnlockResult },
  ): void {
    const { wish, result, lock } = of;
    const { audit, log, clock, opened } = this.#options;
    const { name } = wish.by;
    audit.record({ actor: name, action: "unlock", subject: deviceId, detail: result.code });
    log.info({ device: deviceId, code: result.code }, `unlock for ${name}: ${result.sentence}`);
    const last = { by: name, sentence: result.sentence, atMs: clock.wallMs() };
    this.#set(deviceId, { state: result.opened ? "open" : "failed", last });
    if (!result.joined || !this.#closing.has(deviceId)) {
      this.#closeIn(deviceId, result.opened ? lock.opensForS * 1000 : failedMs);
    }
    if (result.opened) opened(deviceId, wish.by);
  }

  #closeIn(deviceId: string, ms: number): void {
    this.#closing.get(deviceId)?.[Symbol.dispose]();
    const timer = this.#options.clock.timer(ms, () => {
      this.#closing.delete(deviceId);
      this.#set(deviceId, { ...this.state(deviceId), state: "locked" });
    });
    this.#closing.set(deviceId, timer);
  }

  #set(deviceId: string, state: LockState): void {
    this.#states.set(deviceId, state);
    this.#changes.emit(deviceId);
  }

  #lockOf(deviceId: string): OpenableLock | undefined {
    const device = this.#options.device(deviceId);
    return device?.settings.enabled ? lockOf(device) : undefined;
  }

  /** One text for one lock, by whichever device it is opened. */
  #keyOf(deviceId: string, lock: OpenableLock): string {
    if (lock.by === "station") return stationLock(lock.device ?? deviceId, lock);
    return JSON.stringify(lock.by === "mqtt" ? [lock.topic, lock.payload] : [lock.method, lock.url, lock.body]);
  }

  #forgetNonces(): void {
    const nowUs = this.#options.clock.nowUs();
    for (const [key, { atUs }] of this.#nonces) {
      if (nowUs - atUs < nonceMs * 1000 && this.#nonces.size < maxNonces) return;
      this.#nonces.delete(key);
    }
  }
}

function failure(error: unknown): OpeningAnswer {
  const reason = error instanceof DoorwardError ? error.code : "error";
  return { status: "error", payload: { reason, sentence: messageOf(error) } };
}

function resultOf(
  { status, payload }: OpeningAnswer,
  { name, first }: { readonly name: string; readonly first: boolean },
): UnlockResult {
  const joined = !first;
  if (status === "ok") return { opened: true, sentence: `${name} is open`, code: "opened", joined };
  const code = String(payload["reason"] ?? "error").slice(0, 64);
  const why = String(payload["sentence"] ?? payload["reason"] ?? "no reason given").slice(0, 256);
  return { opened: false, sentence: `${name} was not opened: ${why}`, code, joined };
}
