import type { Converter } from "../media/convert.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { Hearing, HubTurns, Turn, TurnRequest, TurnState } from "./api.ts";
import { type House, membersOf } from "./channel.ts";
import { type FloorEffect, type FloorHolder, Floors } from "./floors.ts";
import { GrantedTurn, type Playing, type SpeakingDevice } from "./granted-turn.ts";
import { LiveSound } from "./live-sound.ts";
import { type HouseLoudness, usualHouse } from "./loudness.ts";
import { RecordedSound } from "./recorded-sound.ts";
import type { HolderInfo } from "./state.ts";
import { lostOf, nobodyOf } from "./turn-request.ts";
import type { TurnSound } from "./turn-sound.ts";
import type { SpeechLosses } from "./voices.ts";

/** Options of {@link Turns}. */
export interface TurnsOptions {
  readonly device: (id: string) => SpeakingDevice | undefined;
  /** What channels mean at the moment. */
  readonly house: () => House;
  readonly converter: Converter;
  readonly clock: Clock;
  readonly log: Log;
  /** Counters of what speech loses; the voices' own. */
  readonly lost: SpeechLosses;
  /** Longest that somebody may talk, in ms, for the turns that are asked for from now on; as long as they like by default. */
  readonly longestTalkMs?: () => number | undefined;
  /** Called once for each live turn, when its first sample was handed to a speaker. */
  readonly onTaken?: (request: TurnRequest, tookUs: number) => void;
  /** Floor control; one with the usual times by default. */
  readonly floors?: Floors;
}

/** A turn that is asked for, waits, or holds the floor. */
interface Running {
  readonly id: string;
  readonly request: TurnRequest;
  /** Stops the sound at once. */
  readonly stop: AbortController;
  readonly done: PromiseWithResolvers<void>;
  /** What the voice had lost before. */
  readonly lostBefore: number;
  members: readonly string[];
  /** Speakers that have heard all of it: they are free for others. */
  readonly played: Set<string>;
  granted?: GrantedTurn;
}

/** Of one talker; the line as a whole is bounded by the floors. */
const maxWaitingOfOne = 8;

const quiet = { reason: "do not disturb", code: "do-not-disturb" } as const;

/**
 * Brings talkers to speakers: asks the floors, plays granted turns at the speakers of this process, tells the talker how
 * it goes and who hears them. The policy (may they?) is asked by the surface before.
 */
export class Turns implements HubTurns {
  #floors: Floors;
  /** Until the floor is released; what was said may be played for a while after that. */
  #running = new Map<string, Running>();
  #playing = new Map<string, Playing>();
  #house: HouseLoudness = usualHouse;
  #count = 0;
  #tick: Disposable | undefined;
  readonly #options: TurnsOptions;
  readonly #changes: Listeners<string>;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#floors = options.floors ?? new Floors();
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of turns failed"));
  }

  onChange(listener: (deviceId: string) => void): Disposable {
    return this.#changes.add(listener);
  }

  holder(deviceId: string): { readonly holder?: HolderInfo; readonly queued: number } {
    const holder = this.#floors.holderOf(deviceId);
    return { holder: holder && this.#holderInfo(holder), queued: this.#floors.queuedFor(deviceId) };
  }

  /** Switches do-not-disturb of one device's speaker. */
  setDoNotDisturb(deviceId: string, on: boolean): void {
    if (this.#floors.isQuiet(deviceId) === on) return;
    this.#apply(this.#floors.setDoNotDisturb(deviceId, { on, nowUs: this.#nowUs() }));
    this.#changes.emit(deviceId);
  }

  /** What a device's settings say of its speaker has changed: do-not-disturb, muted. */
  follow({ id, settings }: Pick<SpeakingDevice, "id" | "settings">): void {
    this.setDoNotDisturb(id, settings.doNotDisturb || this.#house.doNotDisturb);
    for (const { granted } of this.#running.values()) granted?.follow(id);
  }

  /** What holds for all speakers of the house; emergencies pass it. */
  get house(): HouseLoudness {
    return this.#house;
  }

  /** Sets what holds for all speakers of the house, these among them. */
  setHouse(house: HouseLoudness, devices: readonly Pick<SpeakingDevice, "id" | "settings">[]): void {
    this.#house = house;
    for (const device of devices) this.follow(device);
  }

  /** Devices came, went, or changed their area: whom running turns reach is looked at again. */
  reconsider(): void {
    for (const turn of [...this.#running.values()]) {
      const members = this.#membersOf(turn.request).filter((id) => !turn.played.has(id));
      if (sameSet(members, turn.members)) continue;
      turn.members = members;
      this.#apply(this.#floors.retarget(turn.id, { members, nowUs: this.#nowUs() }));
    }
  }

  take(request: TurnRequest): Turn {
    const { talker, source, priority, queue, unlimited } = request;
    const turn: Running = {
      id: `${talker.id}#${++this.#count}`,
      request,
      stop: new AbortController(),
      done: Promise.withResolvers<void>(),
      lostBefore: lostOf(request),
      members: this.#membersOf(request),
      played: new Set(),
    };
    const { id, members } = turn;
    if (members.length === 0) this.#refuse(turn, { state: "refused", reason: nobodyOf(request) });
    else if (queue && this.#waitingOf(talker.id) >= maxWaitingOfOne) {
      this.#refuse(turn, { state: "refused", reason: "queue-full" });
    } else {
      this.#running.set(id, turn);
      const holds = request.holds ?? (source.live ? "while-heard" : "until-released");
      const limitMs = source.live && !unlimited ? this.#options.longestTalkMs?.() : undefined;
      const asked = { turnId: id, name: talker.name, priority, members, queue, holds, limitMs } as const;
      this.#apply(this.#floors.ask(asked, this.#nowUs()));
    }
    const finish = () => this.#release(turn);
    const cancel = () => {
      turn.stop.abort();
      this.#release(turn);
    };
    return { done: turn.done.promise, finish, cancel, [Symbol.dispose]: cancel };
  }

  #waitingOf(talkerId: string): number {
    return [...this.#running.values()].filter(({ request, granted }) => request.talker.id === talkerId && !granted)
      .length;
  }

  #membersOf({ to, may }: TurnRequest): readonly string[] {
    const { device, house } = this.#options;
    return membersOf(to, house()).filter((id) => device(id) !== undefined && (may?.(id) ?? true));
  }

  #release(turn: Running): void {
    this.#apply(this.#floors.release(turn.id, this.#nowUs()));
  }

  #apply(effects: readonly FloorEffect[]): void {
    try {
      for (const effect of effects) this.#applyOne(effect);
    } finally {
      this.#schedule();
    }
  }

  #applyOne(effect: FloorEffect): void {
    const turn = this.#running.get(effect.turnId);
    if (!turn) return;
    this.#follow(turn, effect);
    this.#tellDevices(turn);
  }

  #follow(turn: Running, effect: FloorEffect): void {
    switch (effect.type) {
      case "granted":
        try {
          this.#start(turn, effect.holder);
        } catch (error) {
          this.#failed(turn, error); // whatever happened: the floor is never left held
          turn.done.resolve();
        }
        break;
      case "ending":
        this.#tell(turn, { state: "ending", seconds: Math.round(effect.leftMs / 1000) });
        break;
      case "queued": {
        const holder = effect.holder && this.#holderInfo(effect.holder);
        this.#tell(turn, { state: "queued", position: effect.position, ...(holder && { holder }) });
        break;
      }
      case "refused": {
        const reason = effect.reason === "duplicate" ? "held" : effect.reason;
        const holder = effect.holder && this.#holderInfo(effect.holder);
        this.#refuse(turn, { state: "refused", reason, ...(holder && { holder }) });
        break;
      }
      case "joined":
        turn.granted?.join([effect.member]);
        break;
      case "left":
        this.#left(turn, effect);
        break;
      case "pre-empted":
        turn.stop.abort();
        this.#over(turn, { state: "pre-empted", holder: this.#holderInfo(effect.by) });
        break;
      case "released":
        this.#released(turn, effect.reason);
    }
  }

  /** A speaker is no longer part of a turn that goes on: it was taken, wants to be left alone, or is no longer meant. */
  #left(turn: Running, { member, reason, by }: Extract<FloorEffect, { type: "left" }>): void {
    const { granted } = turn;
    if (reason === "pre-empted") {
      granted?.leave(member, { state: "quiet", reason: `${by?.name ?? "somebody else"} speaks there`, code: "taken" });
    } else if (reason === "do-not-disturb") granted?.leave(member, { state: "quiet", ...quiet });
    else
      granted?.leave(
        member,
        this.#options.device(member) ? undefined : { state: "failed", reason: "it was removed", code: "offline" },
      );
  }

  #released(turn: Running, reason: Extract<FloorEffect, { type: "released" }>["reason"]): void {
    if (reason === "do-not-disturb" || reason === "gone") turn.stop.abort();
    const told =
      reason === "silent" || reason === "too-long" ? reason : turn.stop.signal.aborted ? "cancelled" : "done";
    const state: TurnState =
      reason === "gone"
        ? { state: "failed", reason: "nobody is left to hear it" }
        : { state: "released", reason: told, lost: this.#lost(turn) };
    this.#over(turn, state);
  }

  #refuse(turn: Running, state: TurnState): void {
    this.#running.delete(turn.id);
    this.#tell(turn, state);
    turn.done.resolve();
  }

  /** The floor is free again; what was said may still be playing. */
  #over(turn: Running, state: TurnState): void {
    this.#running.delete(turn.id);
    this.#tell(turn, state);
    if (turn.granted) turn.granted.finish();
    else turn.done.resolve();
  }

  #start(turn: Running, holder: FloorHolder): void {
    const { log } = this.#options;
    const away = holder.asked.filter((id) => !holder.members.includes(id));
    // The answer first: it is what the talker waits for.
    const expected = holder.members.map((deviceId): Hearing => ({ deviceId, state: "connecting" }));
    const apart = away.map((deviceId): Hearing => ({ deviceId, state: "quiet", ...quiet }));
    this.#tell(turn, { state: "granted", hearing: [...apart, ...expected] });
    if (!this.#running.has(turn.id)) return; // the talker let go when they were told
    const sound = this.#soundOf(turn);
    const granted = this.#grantedTurn(turn, sound);
    turn.granted = granted;
    for (const id of away) granted.without(id, quiet);
    const over = async () => {
      const failure = await granted.over;
      if (failure !== undefined && this.#running.has(turn.id)) this.#failed(turn, failure);
      this.#release(turn); // whatever happened: the floor is never left held
      await sound[Symbol.asyncDispose]();
    };
    const end = () => turn.done.resolve();
    over()
      .catch((err) => log.error({ err, talker: turn.request.talker.name }, "turn did not end cleanly"))
      .then(end, end);
    granted.join(holder.members);
  }

  #grantedTurn(turn: Running, sound: TurnSound): GrantedTurn {
    const { device, clock, log } = this.#options;
    const { source, priority, hears } = turn.request;
    const granted: GrantedTurn = new GrantedTurn({
      device,
      sound,
      live: source.live,
      priority,
      house: () => this.#house,
      hears: (id) => hears?.(id) ?? false,
      stop: turn.stop,
      claim: (id, playing) => this.#claim(id, playing),
      onHearing: () => {
        if (this.#running.has(turn.id)) this.#tellHearing(turn, granted.hearing);
      },
      onPlayed: (member) => this.#played(turn, member),
      clock,
      log,
    });
    return granted;
  }

  #played(turn: Running, member: string): void {
    if (!this.#running.has(turn.id)) return;
    turn.played.add(member);
    turn.members = turn.members.filter((id) => id !== member);
    this.#apply(this.#floors.played(turn.id, { member, nowUs: this.#nowUs() }));
    this.#changes.emit(member);
  }

  #soundOf(turn: Running): TurnSound {
    const { converter, clock, log, lost } = this.#options;
    const { source } = turn.request;
    if (!source.live) return new RecordedSound({ source, clock, signal: turn.stop.signal });
    let silentSoFar = true;
    return new LiveSound({
      voice: source.voice,
      converter,
      clock,
      lost,
      onSound: () => {
        this.#floors.heard(turn.id, this.#nowUs());
        if (silentSoFar) this.#schedule();
        silentSoFar = false;
      },
      onGone: () => this.#release(turn),
      onTaken: (tookUs) => this.#options.onTaken?.(turn.request, tookUs),
      onError: (error) => log.warn({ err: error }, `talk disturbed: ${messageOf(error)}`),
    });
  }

  #claim(deviceId: string, playing: Playing): Playing | undefined {
    const before = this.#playing.get(deviceId);
    this.#playing.set(deviceId, playing);
    const forget = () => {
      if (this.#playing.get(deviceId) === playing) this.#playing.delete(deviceId);
    };
    playing.done.then(forget, forget);
    return before;
  }

  #failed(turn: Running, error: unknown): void {
    const reason = messageOf(error);
    this.#options.log.warn({ err: error, talker: turn.request.talker.name }, `talk failed: ${reason}`);
    this.#running.delete(turn.id);
    this.#tell(turn, { state: "failed", reason });
    this.#apply(this.#floors.release(turn.id, this.#nowUs()));
    this.#tellDevices(turn);
  }

  /** What of a turn's speech was lost so far, in frames. */
  #lost(turn: Running): { readonly network: number; readonly speaker: number } {
    return { network: lostOf(turn.request) - turn.lostBefore, speaker: turn.granted?.lostFrames ?? 0 };
  }

  /** With {@link #tellHearing} the one place where a talker is called: what they throw unwinds nothing here. */
  #tell(turn: Running, state: TurnState): void {
    this.#guarded(turn, () => turn.request.onState(state));
  }

  #tellHearing(turn: Running, hearing: readonly Hearing[]): void {
    this.#guarded(turn, () => turn.request.onHearing?.(hearing));
  }

  #guarded(turn: Running, call: () => void): void {
    try {
      call();
    } catch (err) {
      this.#options.log.error({ err, talker: turn.request.talker.name }, "a talker was not told");
    }
  }

  #tellDevices(turn: Running): void {
    for (const id of turn.members) this.#changes.emit(id);
  }

  #holderInfo({ turnId, name, priority, sinceUs }: FloorHolder): HolderInfo {
    const agoMs = (this.#nowUs() - sinceUs) / 1000;
    return { turnId, name, priority, sinceMs: Math.round(this.#options.clock.wallMs() - agoMs) };
  }

  #schedule(): void {
    this.#tick?.[Symbol.dispose]();
    this.#tick = undefined;
    const atUs = this.#floors.nextTickUs();
    if (atUs === undefined) return;
    const delayMs = Math.max(1, (atUs - this.#nowUs()) / 1000);
    this.#tick = this.#options.clock.timer(delayMs, () => this.#apply(this.#floors.tick(this.#nowUs())));
  }

  #nowUs(): number {
    return this.#options.clock.nowUs();
  }
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
