import { randomBytes } from "node:crypto";
import type { Clock } from "../util/clock.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { CallMachine } from "./call.ts";
import type {
  Availability,
  BellPress,
  CallEvent,
  CallResult,
  CallStart,
  CallWish,
  HubCalls,
  MutedBell,
  PresenceChange,
  Ringer,
} from "./call-api.ts";
import type { CallEndReason, CallInfo, CallParty, PartyId } from "./call-info.ts";
import type { CallPlans } from "./call-plan.ts";
import { bellOf } from "./call-running.ts";
import type { CallEffect, CallOutcome, Instant } from "./call-steps.ts";

/** Options of {@link Calls}. */
export interface CallsOptions {
  readonly plans: CallPlans;
  readonly clock: Clock;
  readonly log: Log;
  readonly machine?: CallMachine;
}

/** While it rings it is looked so often whether somebody does not want it any more, or wants it again. */
const reviewMs = 1000;
/** How long somebody who talks may be away. */
const returnMs = 5000;

/** Brings calls to whoever can be rung: asks the machine, rings and silences, keeps time, tells everybody who listens. */
export class Calls implements HubCalls, Disposable {
  readonly #options: CallsOptions;
  readonly #machine: CallMachine;
  readonly #ringers = new Set<Ringer>();
  /** Which ringers ring for a call now. */
  readonly #ringing = new Map<string, Set<Ringer>>();
  readonly #changes: Listeners<CallEvent>;
  readonly #muted: Listeners<readonly MutedBell[]>;
  readonly #presence: Listeners<PresenceChange>;
  readonly #bells = new Map<string, CallInfo["from"]>();
  /** Who talks and of whom nothing is there at the moment. */
  readonly #gone = new Map<PartyId, Disposable>();
  #unmuting: Disposable | undefined;
  readonly #pending: CallEffect[] = [];
  #applying = false;
  #tick: Disposable | undefined;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#machine = options.machine ?? new CallMachine();
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of calls failed"));
    this.#presence = new Listeners((error) => options.log.error({ err: error }, "listener of presence failed"));
    this.#muted = new Listeners((error) => options.log.error({ err: error }, "listener of muted bells failed"));
  }

  list(): readonly CallInfo[] {
    return this.#machine.running;
  }

  get(id: string): CallInfo | undefined {
    return this.#machine.get(id);
  }

  ring(press: BellPress): CallStart {
    const { plans } = this.#options;
    const from = plans.bell(press);
    if (!from) return { state: "refused", reason: "stranger" };
    const now = this.#now();
    const known = this.#machine.press({ from, pressId: press.pressId }, now);
    if (known) return startOf(known);
    this.#bells.set(bellOf(from), from);
    const plan = plans.ring(press, { from, ringers: [...this.#ringers] });
    return this.#begin(this.#machine.begin({ id: newId(), kind: "ring", from, pressId: press.pressId, ...plan }, now));
  }

  call({ from, to }: CallWish): CallStart {
    const plan = this.#options.plans.call({ from, to }, [...this.#ringers]);
    return this.#begin(this.#machine.begin({ id: newId(), kind: "call", from, ...plan }, this.#now()));
  }

  confirm(id: string, party: PartyId): void {
    this.#apply(this.#machine.confirm(id, party));
  }

  answer(id: string, by: CallParty): CallResult {
    return this.#step(this.#machine.answer(id, by, this.#now()));
  }

  join(id: string, by: CallParty): CallResult {
    return this.#step(this.#machine.join(id, by, this.#now()));
  }

  decline(
    id: string,
    by: CallParty,
    how: { readonly reply?: string | undefined; readonly forSelf?: boolean | undefined } = {},
  ): CallResult {
    return this.#step(this.#machine.decline(id, by, { ...how, now: this.#now() }));
  }

  end(id: string, by: CallParty | undefined, reason?: CallEndReason): CallResult {
    return this.#step(this.#machine.end(id, by, { now: this.#now(), reason }));
  }

  opened(deviceId: string, by?: CallParty): void {
    for (const { id, from, state } of this.list()) {
      if (from.deviceId === deviceId && state === "ringing" && this.#options.plans.endsWhenOpened(deviceId)) {
        this.end(id, by, "opened");
      }
    }
  }

  addRinger(ringer: Ringer): Disposable {
    const { party, name } = ringer;
    const isFirst = this.#ringersOf(party).length === 0;
    this.#ringers.add(ringer);
    if (isFirst) this.#presence.emit({ who: { party, name }, present: true });
    this.#gone.get(ringer.party)?.[Symbol.dispose]();
    this.#gone.delete(ringer.party);
    // Looked at one by one: the first that it rings for may be answered at once.
    for (const { id } of this.list()) this.#reach(id, ringer);
    return {
      [Symbol.dispose]: () => {
        if (!this.#ringers.delete(ringer)) return;
        for (const ringing of this.#ringing.values()) ringing.delete(ringer);
        if (this.#ringersOf(party).length > 0) return;
        this.#left(party);
        this.#presence.emit({ who: { party, name }, present: false });
      },
    };
  }

  onPresence(listener: (change: PresenceChange) => void): Disposable {
    return this.#presence.add(listener);
  }

  present(): readonly CallParty[] {
    const there = new Map([...this.#ringers].map(({ party, name, deviceId }) => [party, { party, name, deviceId }]));
    return [...there.values()].map(({ deviceId, ...who }) => ({ ...who, ...(deviceId !== undefined && { deviceId }) }));
  }

  availability(party: CallParty): Availability {
    if (this.#ringersOf(party.party).length === 0) return "away";
    if (this.#options.plans.isQuiet(party)) return "quiet";
    return this.#machine.isBusy(party.party) ? "busy" : "free";
  }

  onChange(listener: (event: CallEvent) => void): Disposable {
    return this.#changes.add(listener);
  }

  mutedBells(): readonly MutedBell[] {
    const { us, wallMs } = this.#now();
    return [...this.#machine.muted(us)].flatMap(([bell, untilUs]) => {
      const from = this.#bells.get(bell);
      return from ? [{ from, untilMs: wallMs + Math.round((untilUs - us) / 1000) }] : [];
    });
  }

  unmute(deviceId: string): void {
    for (const [bell, from] of this.#bells) if (from.deviceId === deviceId) this.#machine.unmute(bell);
    this.#tellMuted();
  }

  onMuted(listener: (bells: readonly MutedBell[]) => void): Disposable {
    return this.#muted.add(listener);
  }

  /** Ends all calls because the hub ends. */
  [Symbol.dispose](): void {
    for (const { id } of this.list()) this.end(id, undefined, "restarted");
    this.#tick?.[Symbol.dispose]();
    for (const gone of this.#gone.values()) gone[Symbol.dispose]();
    this.#gone.clear();
    this.#unmuting?.[Symbol.dispose]();
  }

  #now(): Instant {
    const { clock } = this.#options;
    return { us: clock.nowUs(), wallMs: clock.wallMs() };
  }

  #begin(outcome: CallOutcome): CallStart {
    this.#apply(outcome.effects);
    return startOf(outcome, outcome.call && this.get(outcome.call.id));
  }

  #step(outcome: CallOutcome): CallResult {
    this.#apply(outcome.effects);
    const { call } = outcome;
    if (outcome.state !== "refused" && outcome.state !== "muted") return { state: "done", call: outcome.call };
    const { reason, by } = outcome;
    return { state: "refused", reason, ...(call && { call }), ...(by && { by }) };
  }

  #ringersOf(party: PartyId): readonly Ringer[] {
    return [...this.#ringers].filter((ringer) => ringer.party === party);
  }

  /** Nothing of somebody's is there. Who talks may come back: a network was changed, a page loaded again. */
  #left(party: PartyId): void {
    this.#apply(this.#machine.unreach(party, this.#now()));
    if (!this.#machine.callOf(party)) return;
    const drop = () => {
      this.#gone.delete(party);
      this.#apply(this.#machine.drop(party, this.#now()));
    };
    this.#gone.get(party)?.[Symbol.dispose]();
    this.#gone.set(party, this.#options.clock.timer(returnMs, drop));
  }

  /** Somebody has come who can be rung while it rings. */
  #reach(id: string, ringer: Ringer): void {
    const call = this.get(id);
    if (call?.state !== "ringing") return;
    const rung = call.rung.find(({ party }) => party === ringer.party);
    if (rung?.state === "told" || rung?.state === "ringing") {
      this.#ringOne(call, ringer);
      return;
    }
    const target = this.#options.plans.late(call, ringer);
    if (target) this.#apply(this.#machine.reach(call.id, target));
  }

  /** In order, also when somebody who is told of one does something that has others. */
  #apply(effects: readonly CallEffect[]): void {
    this.#pending.push(...effects);
    if (this.#applying) return;
    this.#applying = true;
    for (let effect = this.#pending.shift(); effect; effect = this.#pending.shift()) this.#do(effect);
    this.#applying = false;
    this.#reschedule();
  }

  #do(effect: CallEffect): void {
    if (effect.type === "ring") this.#ring(effect);
    else if (effect.type === "stop") this.#stop(effect);
    else if (effect.type === "muted") this.#tellMuted();
    else {
      const { call, change, by, reason } = effect;
      this.#changes.emit({ call, change, ...(by && { by }), ...(reason !== undefined && { reason }) });
    }
  }

  /** Told again when the first of them rings again. */
  #tellMuted(): void {
    const bells = this.mutedBells();
    this.#muted.emit(bells);
    this.#unmuting?.[Symbol.dispose]();
    const { clock } = this.#options;
    const untilMs = Math.min(...bells.map((bell) => bell.untilMs));
    this.#unmuting = bells.length > 0 ? clock.timer(untilMs - clock.wallMs(), () => this.#tellMuted()) : undefined;
  }

  #ring({ callId, party }: Extract<CallEffect, { readonly type: "ring" }>): void {
    const call = this.get(callId);
    const rung = call?.rung.find((one) => one.party === party)?.state;
    if (call?.state !== "ringing" || (rung !== "told" && rung !== "ringing")) return;
    const ringers = this.#ringersOf(party);
    for (const ringer of ringers) this.#ringOne(call, ringer);
    if (ringers.length === 0) this.#apply(this.#machine.unreach(party, this.#now()));
  }

  #ringOne(call: CallInfo, ringer: Ringer): void {
    const ringing = this.#ringing.get(call.id) ?? new Set();
    if (ringing.has(ringer)) return;
    this.#ringing.set(call.id, ringing.add(ringer));
    this.#guarded(() => ringer.ring(call));
  }

  #stop({ callId, party, why }: Extract<CallEffect, { readonly type: "stop" }>): void {
    const call = this.get(callId);
    const ringing = this.#ringing.get(callId);
    if (!call || !ringing) return;
    for (const ringer of ringing) {
      if (ringer.party !== party) continue;
      ringing.delete(ringer);
      this.#guarded(() => ringer.stop(call, why));
    }
    if (ringing.size === 0) this.#ringing.delete(callId);
  }

  /** One that fails disturbs no other. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#options.log.error({ err: error }, "a ringer failed");
    }
  }

  #reschedule(): void {
    this.#tick?.[Symbol.dispose]();
    this.#tick = undefined;
    const nextUs = this.#machine.nextTickUs();
    if (nextUs === undefined) return;
    const { clock } = this.#options;
    const delayMs = Math.max(0, (nextUs - clock.nowUs()) / 1000);
    this.#tick = clock.timer(Math.min(delayMs, reviewMs), () => {
      this.#review();
      this.#apply(this.#machine.tick(this.#now()));
    });
  }

  /** Quiet hours begin and end while it rings, too. */
  #review(): void {
    const { plans } = this.#options;
    for (const call of this.list()) {
      if (call.state !== "ringing") continue;
      this.#apply(this.#machine.review(call.id, (party) => plans.isQuietNow(call, party), this.#now()));
    }
  }
}

function startOf(outcome: CallOutcome, now: CallInfo | undefined = outcome.call): CallStart {
  const call = now && { call: now };
  if (outcome.state === "refused" || outcome.state === "muted") {
    return { state: outcome.state, reason: outcome.reason, ...call };
  }
  return { state: outcome.state === "joined" ? "joined" : "ringing", ...call };
}

/** 128 bits: whoever knows it may not do more than others, but nobody guesses one. */
function newId(): string {
  return randomBytes(16).toString("base64url");
}
