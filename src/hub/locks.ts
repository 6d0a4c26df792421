import { randomUUID } from "node:crypto";
import type { Audit } from "../identity/audit.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import type { CallParty } from "./call-info.ts";
import { lockOf } from "./lock-of.ts";
import { callRelay } from "./lock-relay.ts";
import { answerOf, failure, type LockState, resultOf, type UnlockResult } from "./lock-result.ts";
import type { LocksConfig, OpenableLock } from "./lock-settings.ts";
import { type LockCommand, LockWords, namesDoor, ownCommand } from "./lock-words.ts";
import { type OpeningAnswer, Openings, type OpeningWish } from "./openings.ts";

/** Who wants a door open. */
export interface UnlockWish {
  readonly by: CallParty;
  /** Made by whoever asks, for this wish alone: the same one again gets the answer of before and opens nothing. */
  readonly nonce: string;
}

/** A command by which somebody else than the hub has a door station open its door. */
export interface StationWish extends LockCommand {
  readonly by: CallParty;
  /** How long it stands open, where the settings of the station do not say it. */
  readonly openingMs: number;
  /** Gives the station the command; called unless the same lock opens already. */
  readonly open: (onAnswer: (answer: OpeningAnswer) => void) => void;
  readonly onAnswer: (answer: OpeningAnswer) => void;
}

/** Opens locks that are reached by MQTT. Throws RecoverableError when it could not. */
export interface MqttLocks {
  open(lock: OpenableLock & { readonly by: "mqtt" }, signal: AbortSignal): Promise<void>;
}

/** Options of {@link Locks}. */
export interface LocksOptions {
  readonly device: (id: string) => HubDevice | undefined;
  /** True for a station that is known by its address alone. */
  readonly isLegacy: (device: HubDevice) => boolean;
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
  /** Which commands of a station open which door. */
  readonly words = new LockWords();
  readonly #openings: Openings;
  readonly #options: LocksOptions;
  readonly #nonces = new Map<string, { readonly result: Promise<UnlockResult>; readonly atUs: number }>();
  readonly #states = new Map<string, LockState>();
  readonly #closing = new Map<string, Disposable>();
  readonly #changes: Listeners<string>;
  #mqtt: MqttLocks | undefined;
  #config: LocksConfig = { relayHosts: [], overMqtt: false, legacyStations: false };

  constructor(options: LocksOptions) {
    this.#options = options;
    this.#openings = new Openings(options.clock);
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of locks failed"));
  }

  /** Takes up what the configuration says. */
  follow(config: LocksConfig): void {
    if (config.legacyStations && !this.#config.legacyStations) {
      this.#options.log.warn(
        {},
        "locks.legacyStations: stations that prove nothing but their address are told to open doors",
      );
    }
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

  /** True for a command that opens a door at a station. */
  opens(command: string, stationId: string): boolean {
    return this.words.opens(command, this.#ownOf(stationId));
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

  /**
   * Has a station open by a command of somebody else: one wish with all others for the same lock, however those came. A door
   * of the station that something else opens is opened by that, unless the command names another one.
   */
  order(stationId: string, wish: StationWish): void {
    const { by, payload, onAnswer } = wish;
    const lock = this.#lockOf(stationId);
    const own = this.#ownOf(stationId);
    if (lock && !own && !namesDoor(payload)) {
      const opening = this.#open(stationId, { by, nonce: randomUUID() });
      background(
        opening.then((result) => onAnswer(answerOf(result))),
        (err) => this.#options.log.error({ err }, "unlock"),
      );
      return;
    }
    const key = this.words.key(stationId, wish, own);
    const isOwn = lock !== undefined && key === this.#keyOf(stationId, lock);
    this.#ask(stationId, {
      key,
      by,
      lock: isOwn ? lock : undefined,
      openingMs: isOwn && this.#isSet(stationId) ? lock.opensForS * 1000 : wish.openingMs,
      open: (answered) => {
        const refusal = this.#refusal(stationId);
        if (refusal) answered(failure(refusal));
        else wish.open(answered);
      },
      onAnswer: (answer) => onAnswer(answer),
    });
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
    if (!lock) {
      const name = this.#nameOf(deviceId);
      return { opened: false, sentence: `${name} has no lock`, code: "no-lock", joined: false };
    }
    const { promise, resolve } = Promise.withResolvers<UnlockResult>();
    this.#ask(deviceId, {
      key: this.#keyOf(deviceId, lock),
      by: wish.by,
      lock,
      openingMs: lock.opensForS * 1000,
      open: (answered) => {
        this.#try(deviceId, { lock, nonce: wish.nonce }).then(answered, (error: unknown) => answered(failure(error)));
      },
      onAnswer: (_, result) => resolve(result),
    });
    return await promise;
  }

  /** One wish for a lock; `lock` is the device's own, where it is that. */
  #ask(
    deviceId: string,
    wish: Omit<OpeningWish, "onAnswer"> & {
      readonly key: string;
      readonly by: CallParty;
      readonly lock: OpenableLock | undefined;
      readonly onAnswer: (answer: OpeningAnswer, result: UnlockResult) => void;
    },
  ): void {
    const { key, by, lock, openingMs, open, onAnswer } = wish;
    this.#openings.ask(key, {
      openingMs,
      open: (answered) => {
        if (lock) this.#set(deviceId, { ...this.state(deviceId), state: "opening" });
        open(answered);
      },
      onAnswer: (answer, { first }) => {
        const result = resultOf(answer, { name: this.#nameOf(deviceId), first });
        this.#note(deviceId, { by, result });
        if (lock) this.#show(deviceId, { by, result, openMs: openingMs });
        onAnswer(answer, result);
        if (result.opened) this.#options.opened(deviceId, by);
      },
    });
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
      const refusal = this.#refusal(station.id);
      if (refusal) throw refusal;
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

  /** Who cannot prove who it is is not told to open: whoever takes its address would seem to be the door. */
  #refusal(stationId: string): FatalError | undefined {
    const { device, isLegacy } = this.#options;
    const station = device(stationId);
    if (!station || this.#config.legacyStations || !isLegacy(station)) return undefined;
    const sentence =
      "it was let in by its address alone, and such a station is not told to open; give it a token, or set locks.legacyStations";
    return new FatalError(sentence, { code: "legacy_station" });
  }

  #note(deviceId: string, { by, result }: { readonly by: CallParty; readonly result: UnlockResult }): void {
    const { audit, log } = this.#options;
    audit.record({ actor: by.name, action: "unlock", subject: deviceId, detail: result.code });
    log.info({ device: deviceId, code: result.code }, `unlock for ${by.name}: ${result.sentence}`);
  }

  #show(
    deviceId: string,
    of: { readonly by: CallParty; readonly result: UnlockResult; readonly openMs: number },
  ): void {
    const { by, result, openMs } = of;
    const last = { by: by.name, sentence: result.sentence, atMs: this.#options.clock.wallMs() };
    this.#set(deviceId, { state: result.opened ? "open" : "failed", last });
    if (!result.joined || !this.#closing.has(deviceId)) this.#closeIn(deviceId, result.opened ? openMs : failedMs);
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

  /** By which command a station opens its own lock. */
  #ownOf(stationId: string): LockCommand | undefined {
    return ownCommand(this.#lockOf(stationId), stationId);
  }

  /** True where the settings of a device say what opens it. */
  #isSet(deviceId: string): boolean {
    return this.#options.device(deviceId)?.settings.bell?.lock !== undefined;
  }

  #nameOf(deviceId: string): string {
    return this.#options.device(deviceId)?.name ?? deviceId;
  }

  /** One text for one lock, by whichever device it is opened. */
  #keyOf(deviceId: string, lock: OpenableLock): string {
    if (lock.by === "station") {
      const stationId = lock.device ?? deviceId;
      return this.words.key(stationId, lock, this.#ownOf(stationId));
    }
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
