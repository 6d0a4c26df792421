import { once } from "node:events";
import type { Carrier } from "../device/driver.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError, FatalError, isAbort, messageOf, RecoverableError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { until } from "../util/until.ts";
import type { Hearing, HubDevice } from "./api.ts";
import { CarrierSends } from "./carrier-sends.ts";
import { type HouseLoudness, loudnessOf, underHouse } from "./loudness.ts";
import { about, withoutAddress } from "./trouble.ts";
import type { Seat, Share, TurnSound, Wanted } from "./turn-sound.ts";

/** What a turn needs of a device. */
export type SpeakingDevice = Pick<
  HubDevice,
  "id" | "name" | "settings" | "state" | "info" | "demand" | "raise" | "speaker" | "waitForSpeaker"
>;

/** What is being played at one speaker. */
export interface Playing {
  /** Resolves when nothing is played there any more: neither this, nor what played there before it. */
  readonly done: Promise<void>;
  /** Makes it stop at once, and what played there before it. */
  stop(): void;
}

/** Options of {@link GrantedTurn}. */
export interface GrantedTurnOptions {
  readonly device: (id: string) => SpeakingDevice | undefined;
  readonly sound: TurnSound;
  readonly live: boolean;
  readonly priority: 0 | 1 | 2;
  /** What holds for all speakers. */
  readonly house: () => HouseLoudness;
  /** Whether a device hears the talker without us. */
  readonly hears: (deviceId: string) => boolean;
  /** Stops everything at once. */
  readonly stop: AbortController;
  /** Says what plays at a speaker from now on; gives what played there before. */
  readonly claim: (deviceId: string, playing: Playing) => Playing | undefined;
  /** Called whenever it changes who hears the talker. */
  readonly onHearing: () => void;
  /** A speaker has played the whole recording, or never will, while others go on: nothing more comes there. */
  readonly onPlayed: (deviceId: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Part {
  readonly deviceId: string;
  readonly stop: AbortController;
  /** Aborts when it leaves the turn. */
  readonly signal: AbortSignal;
  /** Ends the present attempt, so that another begins. */
  again: AbortController;
  /** Aborts with the present attempt. */
  now: AbortSignal;
  /** Whether the present attempt found its speaker muted. */
  muted: boolean;
  hearing: Hearing;
  share?: Share;
  ended: boolean;
}

const muted = { state: "quiet", reason: "muted", code: "muted" } as const;

/** Its browser has no microphone: nobody is to wait for an answer. */
const listensOnly = { reason: "listens only", code: "listens-only" } as const;

/** How long a turn that ended may go on playing what was said before, when the next one waits. */
const drainMs = 500;
/**
 * Longest wait for a device that has to be connected first, until the talker is told. A live turn is told before the floor
 * takes the silence for the talker's.
 */
const readyMs = { live: 2500, recorded: 10_000 };
/** One that calls us and is not there cannot be connected: it is waited for only as long as a page takes to load again. */
const awayMs = { live: 0, recorded: 1000 };
/** A device that was not ready in time may still join a turn that goes on. */
const lateMs = 600_000;
/** A speaker that broke off is tried again after this time, while the turn goes on at others. */
const retryMs = 2000;

/**
 * A turn that holds the floor, at the speakers of this process. Each speaker joins when it is ready and leaves alone:
 * one that is dead or slow silences nobody else. The turn is over when the last one has ended; it failed when none could
 * be spoken through.
 */
export class GrantedTurn {
  readonly #options: GrantedTurnOptions;
  readonly #parts = new Map<string, Part>();
  readonly #finished = new AbortController();
  readonly #over = Promise.withResolvers<unknown>();
  readonly #carriers: CarrierSends;
  #firstFailure: { readonly error: unknown } | undefined;
  #anyHeard = false;

  constructor(options: GrantedTurnOptions) {
    this.#options = options;
    const { live, priority, clock, log } = options;
    this.#carriers = new CarrierSends({
      live,
      priority,
      clock,
      meant: (deviceId, gain) => this.#isMeant(deviceId, gain),
      onError: (err) => log.warn({ err }, `not sent to all at once: ${messageOf(err)}`),
    });
  }

  /** Resolves when all speakers have ended; with the first one's error when none played anything. Never rejects. */
  get over(): Promise<unknown> {
    return this.#over.promise;
  }

  /** Who can hear the talker, in the order in which they were asked. */
  get hearing(): readonly Hearing[] {
    return [...this.#parts.values()].map((part) => hearingOf(part));
  }

  /** Frames that speakers lost so far: of the one that lost most. */
  get lostFrames(): number {
    return Math.max(0, ...[...this.#parts.values()].map(({ share }) => share?.lostFrames ?? 0));
  }

  /** Begins to play at these speakers. One that left may come back. */
  join(deviceIds: readonly string[]): void {
    const { stop, claim } = this.#options;
    const parts = deviceIds.map((deviceId) => {
      const own = new AbortController();
      const signal = AbortSignal.any([own.signal, stop.signal]);
      const part = newPart({ deviceId, stop: own, signal, hearing: { deviceId, state: "connecting" }, ended: false });
      this.#parts.set(deviceId, part);
      return part;
    });
    for (const part of parts) {
      const done = Promise.withResolvers<void>();
      let before: Playing | undefined;
      const stop = () => {
        part.stop.abort();
        before?.stop();
      };
      before = claim(part.deviceId, { done: done.promise, stop });
      const end = async () => {
        part.ended = true;
        this.#check();
        this.#leaveFree(part);
        await before?.done; // a part that ends while it waits for its speaker leaves behind what it waited for
        before = undefined;
        done.resolve();
      };
      background(this.#perform(part, before).then(end, end), (error) => this.#failed(part, error));
    }
    this.#tell();
  }

  /** Adds a device that was meant and does not take part. */
  without(deviceId: string, why: Pick<Hearing, "reason" | "code">): void {
    const stop = new AbortController();
    stop.abort();
    const hearing: Hearing = { deviceId, state: "quiet", ...why };
    this.#parts.set(deviceId, newPart({ deviceId, stop, signal: stop.signal, hearing, ended: true }));
  }

  /** A device's settings changed: it may be muted now, or no longer. */
  follow(deviceId: string): void {
    const part = this.#parts.get(deviceId);
    const device = this.#options.device(deviceId);
    if (!part || part.ended || !device || this.#options.hears(deviceId)) return;
    if ((this.#loudness(device) === undefined) !== part.muted) part.again.abort();
  }

  /** Takes one speaker out of the turn, at once; without a reason it was not meant any more. */
  leave(deviceId: string, why?: Omit<Hearing, "deviceId">): void {
    const part = this.#parts.get(deviceId);
    if (!part) return;
    part.stop.abort();
    if (why) this.#set(part, { deviceId, ...why });
    else {
      this.#parts.delete(deviceId);
      this.#tell();
    }
  }

  /** The talker let go: what was said is still played. */
  finish(): void {
    this.#finished.abort();
    this.#options.sound.end();
    this.#check();
  }

  async #perform(part: Part, before: Playing | undefined): Promise<void> {
    const { live, clock } = this.#options;
    let previous = before;
    for (;;) {
      part.again = new AbortController();
      part.now = AbortSignal.any([part.signal, part.again.signal]);
      try {
        await this.#attempt(part, previous);
        if (!part.again.signal.aborted) return;
        continue;
      } catch (error) {
        if (part.signal.aborted) return;
        if (part.again.signal.aborted) continue;
        this.#failed(part, error);
        if (!live || error instanceof FatalError || this.#finished.signal.aborted) return;
      }
      previous = undefined;
      const over = AbortSignal.any([part.signal, this.#finished.signal]);
      try {
        await clock.sleep(retryMs, over);
      } catch {
        return;
      }
    }
  }

  async #attempt(part: Part, before: Playing | undefined): Promise<void> {
    const { device: find, sound, live, priority, hears } = this.#options;
    const device = find(part.deviceId);
    if (!device) throw new FatalError("it was removed", { code: "offline" });
    using _raised = priority === 2 ? device.raise() : undefined;
    if (hears(part.deviceId)) return await this.#listen(part, before);
    const gain = this.#loudness(device);
    part.muted = gain === undefined;
    if (gain === undefined) return await this.#keepQuiet(part);
    if (part.hearing.code === muted.code) this.#set(part, { deviceId: part.deviceId, state: "connecting" });
    using _demand = device.demand();
    using seat = sound.seat();
    const speaker = await this.#ready(part, { device, before });
    const format = sound.choose(speaker.formats);
    if (!format) throw noSpeaker(device);
    const wanted = { format, gain: this.#gainAt(device) ?? gain };
    const carried = speaker.carrier ? await this.#carry(part, { carrier: speaker.carrier, wanted, seat }) : "alone";
    if (carried !== "heard") {
      const share = carried === "alone" ? (await this.#open(part, { wanted, seat })).frames : carried;
      const frames = noted(share, () => this.#set(part, { deviceId: part.deviceId, state: "playing" }));
      part.now.throwIfAborted();
      await speaker.play({ format, live, voice: sound.voice, priority, frames, signal: part.now });
    }
    this.#anyHeard = true;
  }

  /** It is muted: it keeps its place in a live turn, for it may be unmuted meanwhile. Of a recording it hears nothing. */
  async #keepQuiet(part: Part): Promise<void> {
    this.#set(part, { deviceId: part.deviceId, ...muted });
    if (!this.#options.live) return;
    const over = AbortSignal.any([part.now, this.#finished.signal]);
    if (!over.aborted) await once(over, "abort");
  }

  #loudness({ settings }: SpeakingDevice): number | undefined {
    const { priority, house } = this.#options;
    return loudnessOf(underHouse(settings, house()), priority);
  }

  /** What the hub makes of it: where the device makes its own volume, the house's alone. */
  #gainAt(device: SpeakingDevice): number | undefined {
    const { priority, house } = this.#options;
    if (!device.speaker?.makesVolume) return this.#loudness(device);
    return priority === 2 ? 1 : house().volume;
  }

  /** It hears the talker by itself: nothing else is played there meanwhile. */
  async #listen(part: Part, before: Playing | undefined): Promise<void> {
    before?.stop();
    this.#set(part, { deviceId: part.deviceId, state: "playing" });
    this.#anyHeard = true;
    const over = AbortSignal.any([part.signal, this.#finished.signal]);
    if (!over.aborted) await once(over, "abort");
  }

  async #open(part: Part, from: { readonly wanted: Wanted; readonly seat: Seat }): Promise<Share> {
    part.share = await from.seat.open(from.wanted);
    return part.share;
  }

  /** Plays by the carrier that the speaker shares, together with all others that hear it. */
  #carry(part: Part, how: { readonly carrier: Carrier; readonly wanted: Wanted; readonly seat: Seat }) {
    const { deviceId, now: signal } = part;
    const { carrier, wanted, seat } = how;
    return this.#carriers.play(carrier, {
      deviceId,
      wanted,
      signal,
      open: () => seat.open(wanted),
      rides: () => seat[Symbol.dispose](),
      onPlaying: (share) => {
        part.share = share;
        this.#set(part, { deviceId, state: "playing" });
      },
    });
  }

  #isMeant(deviceId: string, gain: number): boolean {
    const part = this.#parts.get(deviceId);
    if (!part || part.ended || part.now.aborted) return false;
    const device = this.#options.device(deviceId);
    return device !== undefined && this.#loudness(device) !== undefined && this.#gainAt(device) === gain;
  }

  /** The device's speaker, when it is connected and has played what was said there before. */
  async #ready(part: Part, from: { readonly device: SpeakingDevice; readonly before: Playing | undefined }) {
    const { live } = this.#options;
    const { device, before } = from;
    const { now: signal } = part;
    const patience = device.state.phase === "away" ? awayMs : readyMs;
    const timeoutMs = live ? patience.live : patience.recorded;
    const [soon] = await Promise.all([device.waitForSpeaker({ timeoutMs, signal }), this.#drain(part, before)]);
    signal.throwIfAborted();
    if (soon === "none") throw noSpeaker(device);
    if (soon) return soon;
    const error = unreachable(device, timeoutMs);
    if (!live || error instanceof FatalError || this.#finished.signal.aborted) throw error;
    this.#failed(part, error);
    const over = AbortSignal.any([signal, this.#finished.signal]);
    over.throwIfAborted();
    const late = await device.waitForSpeaker({ timeoutMs: lateMs, signal: over });
    over.throwIfAborted();
    if (late === "none") throw noSpeaker(device);
    if (!late) throw error;
    return late;
  }

  /** Waits until the speaker has played what was said before, then makes it stop. */
  async #drain(part: Part, before: Playing | undefined): Promise<void> {
    if (!before) return;
    const { clock, live } = this.#options;
    using _timer = clock.timer(drainMs, () => before.stop());
    const ms = live ? readyMs.live : readyMs.recorded;
    const error = () => new RecoverableError("what was said there before does not end", { code: "busy" });
    await until(before.done, { signal: part.now, within: { ms, clock, error } });
  }

  #failed(part: Part, error: unknown): void {
    const { device: find, log } = this.#options;
    const { deviceId } = part;
    if (isAbort(error)) return;
    const reason = withoutAddress(messageOf(error), find(deviceId)?.info().address);
    const code = error instanceof DoorwardError ? error.code : "error";
    if (part.hearing.state !== "failed") {
      log.warn({ err: error, device: deviceId, code }, `not heard there: ${messageOf(error)}`);
    }
    this.#firstFailure ??= { error: new DoorwardError(reason, { code, cause: error }) };
    this.#set(part, { deviceId, state: "failed", reason, code });
    this.#check();
  }

  /** Ends the turn when nobody hears it any more, and nobody will. */
  #check(): void {
    const parts = [...this.#parts.values()];
    const hopeful = parts.some(({ ended, hearing }) => !ended && hearing.state !== "failed");
    if (hopeful) return;
    if (parts.some(({ ended }) => !ended)) {
      // Only those are left that could be tried again: they alone are no reason to hold the floor.
      for (const part of parts) part.stop.abort();
      return;
    }
    this.#over.resolve(this.#anyHeard ? undefined : this.#firstFailure?.error);
  }

  /** A recording holds a speaker no longer than it is played there; one that was taken from it comes back to it. */
  #leaveFree(part: Part): void {
    const goesOn = [...this.#parts.values()].some(({ ended }) => !ended);
    if (this.#options.live || !goesOn || part.signal.aborted) return;
    this.#options.onPlayed(part.deviceId);
  }

  #set(part: Part, now: Hearing): void {
    if (this.#parts.get(part.deviceId) !== part) return;
    const { state, reason } = part.hearing;
    const mute = now.state === "playing" && this.#options.device(part.deviceId)?.info().station?.speaks === false;
    const hearing = mute ? { ...now, ...listensOnly } : now;
    part.hearing = hearing;
    if (state !== hearing.state || reason !== hearing.reason) this.#tell();
  }

  #tell(): void {
    this.#options.onHearing();
  }
}

function newPart(part: Omit<Part, "again" | "now" | "muted">): Part {
  return { ...part, again: new AbortController(), now: part.signal, muted: false };
}

function hearingOf({ hearing, share }: Part): Hearing {
  return share && share.lostFrames > 0 ? { ...hearing, lostFrames: share.lostFrames } : hearing;
}

/** The frames; `onPull` is called when the first is asked for: the device's speaker is open. */
async function* noted<T>(frames: AsyncIterable<T>, onPull: () => void): AsyncGenerator<T, void, void> {
  onPull();
  yield* frames;
}

function noSpeaker(device: SpeakingDevice): FatalError {
  return new FatalError(`cannot speak through ${device.name}: it has no speaker that the hub can use`, {
    code: "no-speaker",
    fields: about(device),
  });
}

function unreachable(device: SpeakingDevice, timeoutMs: number): DoorwardError {
  if (device.state.phase === "live") return noSpeaker(device);
  const silent = device.state.phase === "away" ? "it is not there" : `it did not answer within ${timeoutMs / 1000} s`;
  const why = device.state.error?.message ?? silent;
  return new DoorwardError(`cannot speak through ${device.name}: ${why}`, { code: "offline", fields: about(device) });
}
