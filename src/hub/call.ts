import { CallBells } from "./call-bells.ts";
import type { CallEndReason, CallInfo, CallParty, PartyId, Rung } from "./call-info.ts";
import {
  bellOf,
  changed,
  endsUs,
  hindranceOf,
  hushedNow,
  mark,
  partyIn,
  partyOf,
  type Running,
  remember,
  reviewed,
  rings,
  rungOf,
  someRing,
  stepUs,
  takesPart,
} from "./call-running.ts";
import type {
  CallEffect,
  CallMachineOptions,
  CallOutcome,
  CallRefusal,
  CallRequest,
  CallTarget,
  Instant,
  StopReason,
} from "./call-steps.ts";

const rememberedCalls = 256;

/**
 * Calls: who is rung, who answered, who takes part, and why it is over. A pure state machine, as the floors are: time comes
 * in as an argument, what is to be done goes out as effects.
 *
 * Rules: a call has at most one answerer, and whoever comes later joins or is told who it was; a party takes part in one
 * call at a time; all presses of a bell while its call runs, within 3 s, or with the same id, are one call; whoever rings is
 * told to stop exactly once; a bell that nobody answers for too long is muted for a while; every call ends by itself.
 */
export class CallMachine {
  readonly #running = new Map<string, Running>();
  /** What became of the last calls. */
  readonly #over = new Map<string, CallInfo>();
  readonly #bells: CallBells;
  readonly #maxCalls: number;
  readonly #maxParticipants: number;

  constructor(options: CallMachineOptions = {}) {
    this.#bells = new CallBells(options);
    this.#maxCalls = options.maxCalls ?? 64;
    this.#maxParticipants = options.maxParticipants ?? 16;
  }

  /** The calls that ring or are answered. */
  get running(): readonly CallInfo[] {
    return [...this.#running.values()].map(({ info }) => info);
  }

  /** A call that runs, or ran a short while ago. */
  get(id: string): CallInfo | undefined {
    return this.#running.get(id)?.info ?? this.#over.get(id);
  }

  /** The call in which somebody takes part now: the one that they called or answered. */
  callOf(party: PartyId): CallInfo | undefined {
    return this.running.find((call) => takesPart(call, party));
  }

  /** True while somebody talks in an answered call. */
  isBusy(party: PartyId): boolean {
    return this.running.some((call) => call.state === "answered" && takesPart(call, party));
  }

  /** The bells that are muted, with the moment (µs) until which. */
  muted(nowUs: number): ReadonlyMap<string, number> {
    return this.#bells.muted(nowUs);
  }

  /** Lets a muted bell ring again. */
  unmute(bell: string): void {
    this.#bells.unmute(bell);
  }

  /** The call that a press of a bell belongs to already, or that it is muted. Undefined: it is a new call. */
  press(press: Pick<CallRequest, "from" | "pressId">, now: Instant): CallOutcome | undefined {
    const runs = (id: string) => this.#running.has(id);
    const [call] = this.#bells.callsOf(press, { now, runs }).flatMap((id) => this.get(id) ?? []);
    if (call) {
      this.#bells.joined(press, { id: call.id, now, runs });
      return { state: "joined", call, effects: [] };
    }
    return this.#bells.isMuted(press.from, now.us) ? { state: "muted", reason: "muted", effects: [] } : undefined;
  }

  /** Begins a call. A bell's press goes through `press` first. */
  begin(request: CallRequest, now: Instant): CallOutcome {
    const { id, from, kind, to, cameraId, lock } = request;
    if (kind === "ring") {
      const joined = this.press(request, now);
      if (joined) return joined;
    }
    const refused = (reason: CallRefusal): CallOutcome => ({ state: "refused", reason, effects: [] });
    if (this.#running.size >= this.#maxCalls) return refused("too-many");
    if (kind === "call" && this.callOf(from.party)) return refused("busy");
    const info: CallInfo = {
      id,
      from,
      to,
      state: "ringing",
      rung: [],
      participants: [partyOf(from)],
      ...(cameraId !== undefined && { cameraId }),
      lock,
      startedMs: now.wallMs,
    };
    const running: Running = { request, info, startUs: now.us, shiftUs: 0, nextStep: 0 };
    this.#running.set(id, running);
    if (kind === "ring") this.#bells.pressed(request, now);
    const effects = this.#advance(running, now);
    const begun: CallEffect = { type: "changed", call: running.info, change: "ringing", by: partyOf(from) };
    // Whoever is told that it rings sees the call first.
    const all = [begun, ...effects.filter((effect) => effect.type !== "changed")];
    const rest = this.#nobodyLeft(running, now);
    return { state: "ringing", call: running.info, effects: [...all, ...rest] };
  }

  /** Somebody can be rung who could not before, or was not meant yet: a page was opened. */
  reach(id: string, target: CallTarget): readonly CallEffect[] {
    const running = this.#running.get(id);
    if (running?.info.state !== "ringing") return [];
    if (takesPart(running.info, target.party)) return [];
    const known = rungOf(running.info, target.party);
    if (known && (known.state !== "unreachable" || target.hindered)) return [];
    return [...this.#tell(running, target), changed(running.info, "rung")];
  }

  /** Nothing of somebody's is there that could ring. */
  unreach(party: PartyId, now: Instant): readonly CallEffect[] {
    return [...this.#running.values()].flatMap((running) => {
      const rung = rungOf(running.info, party);
      if (running.info.state !== "ringing" || !rung || !rings(rung)) return [];
      const stop = this.#silence(running, { party, state: "unreachable", why: "gone" });
      return [...stop, changed(running.info, "rung"), ...this.#nobodyLeft(running, now)];
    });
  }

  /**
   * Quiet hours, or do-not-disturb, began or ended while it rings: who does not want it falls silent, who was passed over for
   * it rings, and those whose turn comes later are judged anew.
   */
  review(id: string, isQuiet: (party: CallParty) => boolean, now: Instant): readonly CallEffect[] {
    const running = this.#running.get(id);
    if (running?.info.state !== "ringing") return [];
    running.request = reviewed(running.request, isQuiet);
    const woken = hushedNow(running).filter((rung) => !isQuiet(rung));
    const hushed = running.info.rung.filter((rung) => rings(rung) && isQuiet(rung));
    if (woken.length + hushed.length === 0) return [];
    const stops = hushed.flatMap(({ party }) => this.#silence(running, { party, state: "quiet", why: "quiet" }));
    const rung = woken.flatMap((one) => this.#tell(running, partyOf(one)));
    return [...stops, ...rung, changed(running.info, "rung"), ...this.#nobodyLeft(running, now)];
  }

  /** Somebody is gone for good: they leave what they take part in, and are rung no longer. */
  drop(party: PartyId, now: Instant): readonly CallEffect[] {
    const left = [...this.#running.values()]
      .filter(({ info }) => takesPart(info, party))
      .flatMap((running) => this.#leave(running, { by: partyIn(running.info, party), now, why: "gone" }));
    return [...left, ...this.unreach(party, now)];
  }

  /** Somebody's device says that it rings now. */
  confirm(id: string, party: PartyId): readonly CallEffect[] {
    const running = this.#running.get(id);
    const rung = running && rungOf(running.info, party);
    if (!running || rung?.state !== "told") return [];
    mark(running, party, "ringing");
    return [changed(running.info, "confirmed", partyOf(rung))];
  }

  /** Somebody answers. Refused when somebody else has. */
  answer(id: string, by: CallParty, now: Instant): CallOutcome {
    const running = this.#running.get(id);
    if (!running) return this.#refuse("over", this.get(id));
    const { info } = running;
    if (info.from.party === by.party) return this.#refuse("oneself", info);
    if (info.state === "answered") return this.#refuse("answered", info);
    if (this.isBusy(by.party) || this.isBusy(info.from.party)) return this.#refuse("busy", info);
    const own = this.#giveUpOwn(by, now);
    running.info = {
      ...info,
      state: "answered",
      answeredBy: by,
      participants: [...info.participants, by],
      answeredMs: now.wallMs,
    };
    this.#answered(running);
    const stops = this.#silenceAll(running, { why: "answered", by });
    const elsewhere = this.#busyElsewhere(running.info, now);
    return {
      state: "done",
      call: running.info,
      effects: [...own, ...stops, changed(running.info, "answered", by), ...elsewhere],
    };
  }

  /** Somebody joins a call that is answered. */
  join(id: string, by: CallParty, now: Instant): CallOutcome {
    const running = this.#running.get(id);
    if (!running) return this.#refuse("over", this.get(id));
    const { info } = running;
    if (info.state !== "answered") return this.#refuse("ringing", info);
    if (takesPart(info, by.party)) return { state: "done", call: info, effects: [] };
    if (this.isBusy(by.party)) return this.#refuse("busy", info);
    if (info.participants.length >= this.#maxParticipants) return this.#refuse("too-many", info);
    const own = this.#giveUpOwn(by, now);
    running.info = { ...info, participants: [...info.participants, by] };
    const elsewhere = this.#busyElsewhere(running.info, now);
    return { state: "done", call: running.info, effects: [...own, changed(running.info, "joined", by), ...elsewhere] };
  }

  /**
   * Somebody does not want it: everybody falls silent, and the next group is rung where there is one, unless they said
   * something to the visitor (`reply`). `forSelf`: they alone fall silent.
   */
  decline(
    id: string,
    by: CallParty,
    how: { readonly now: Instant; readonly reply?: string | undefined; readonly forSelf?: boolean | undefined },
  ): CallOutcome {
    const running = this.#running.get(id);
    if (!running) return this.#refuse("over", this.get(id));
    if (running.info.state === "answered") return this.#refuse("answered", running.info);
    const { now, reply, forSelf } = how;
    const rung = rungOf(running.info, by.party);
    const own =
      rung && rings(rung) ? this.#silence(running, { party: by.party, state: "declined", why: "declined" }) : [];
    if (!rung || !rings(rung)) mark(running, by.party, "declined");
    if (reply !== undefined) running.info = { ...running.info, reply };
    if (forSelf && reply === undefined) {
      const told = changed(running.info, "declined", by);
      const rest = this.#nobodyLeft(running, now, by);
      return { state: "done", call: this.get(id) ?? running.info, effects: [...own, told, ...rest] };
    }
    const next = running.request.steps[running.nextStep];
    if (reply === undefined && next?.how === "instead") {
      const told = changed(running.info, "declined", by);
      return { state: "done", call: running.info, effects: [...own, told, ...this.#hasten(running, now)] };
    }
    const end = this.#end(running, { reason: "declined", by, now });
    return { state: "done", call: this.get(id) ?? running.info, effects: [...own, ...end] };
  }

  /**
   * Ends a call, or one's part in it when others go on. Who called and gives up before an answer cancels it; `reason`
   * says otherwise (`opened`).
   */
  end(
    id: string,
    by: CallParty | undefined,
    how: { readonly now: Instant; readonly reason?: CallEndReason | undefined },
  ): CallOutcome {
    const running = this.#running.get(id);
    if (!running) return this.#refuse("over", this.get(id));
    const { now, reason } = how;
    const own = by && takesPart(running.info, by.party);
    const effects =
      own && reason === undefined
        ? this.#leave(running, { by, now })
        : this.#end(running, { reason: reason ?? "ended", by, now });
    return { state: "done", call: this.get(id) ?? running.info, effects };
  }

  /** Time passes: the next group is rung, and what nobody answered is missed. */
  tick(now: Instant): readonly CallEffect[] {
    return [...this.#running.values()].flatMap((running) => {
      if (running.info.state !== "ringing") return [];
      if (endsUs(running) <= now.us) return this.#end(running, { reason: "missed", now });
      const effects = this.#advance(running, now);
      return effects.length > 0 ? [...effects, ...this.#nobodyLeft(running, now)] : [];
    });
  }

  /** When `tick` has something to do; undefined while nothing rings. */
  nextTickUs(): number | undefined {
    const times = [...this.#running.values()]
      .filter(({ info }) => info.state === "ringing")
      .flatMap((running) => [endsUs(running), stepUs(running) ?? Number.POSITIVE_INFINITY]);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  #refuse(reason: CallRefusal, call: CallInfo | undefined): CallOutcome {
    const by = call && (call.answeredBy ?? call.endedBy);
    return { state: "refused", reason, ...(call && { call }), ...(by && { by }), effects: [] };
  }

  /** Rings the steps that are due. */
  #advance(running: Running, now: Instant): readonly CallEffect[] {
    const effects: CallEffect[] = [];
    for (let dueUs = stepUs(running); dueUs !== undefined && dueUs <= now.us; dueUs = stepUs(running)) {
      const step = running.request.steps[running.nextStep++];
      if (!step) break;
      if (step.how === "instead") effects.push(...this.#silenceAll(running, { why: "passed", state: "passed" }));
      for (const target of step.targets) effects.push(...this.#tell(running, target));
    }
    return effects.length > 0 ? [...effects, changed(running.info, "rung")] : effects;
  }

  /** The next group at once; the times of those behind it move along. */
  #hasten(running: Running, now: Instant): readonly CallEffect[] {
    const dueUs = stepUs(running);
    if (dueUs !== undefined && dueUs > now.us) running.shiftUs += dueUs - now.us;
    const effects = this.#advance(running, now);
    return [...effects, ...this.#nobodyLeft(running, now)];
  }

  #tell(running: Running, target: CallTarget): readonly CallEffect[] {
    const { hindered, ...party } = target;
    if (takesPart(running.info, party.party)) return [];
    const known = rungOf(running.info, party.party);
    if (known && !["unreachable", "passed", "quiet"].includes(known.state)) return [];
    const state = hindered ?? (this.isBusy(party.party) && party.party.startsWith("device:") ? "busy" : "told");
    const rest = running.info.rung.filter((other) => other !== known);
    running.info = { ...running.info, rung: [...rest, { ...partyOf(party), state }] };
    return state === "told" ? [{ type: "ring", callId: running.info.id, party: party.party }] : [];
  }

  #silence(
    running: Running,
    how: {
      readonly party: PartyId;
      readonly state?: Rung["state"];
      readonly why: StopReason;
      readonly by?: CallParty | undefined;
    },
  ): readonly CallEffect[] {
    const { party, state, why, by } = how;
    if (state !== undefined) mark(running, party, state);
    return [{ type: "stop", callId: running.info.id, party, why, ...(by && { by }) }];
  }

  #silenceAll(
    running: Running,
    how: { readonly state?: Rung["state"]; readonly why: StopReason; readonly by?: CallParty | undefined },
  ): readonly CallEffect[] {
    return running.info.rung.filter(rings).flatMap(({ party }) => this.#silence(running, { party, ...how }));
  }

  /** When nobody is left who rings: the next group, or the end if somebody said no. */
  #nobodyLeft(running: Running, now: Instant, by?: CallParty): readonly CallEffect[] {
    if (!this.#running.has(running.info.id) || running.info.state !== "ringing" || someRing(running.info)) return [];
    if (stepUs(running) !== undefined) return this.#hasten(running, now);
    if (running.info.rung.some(({ state }) => state === "declined"))
      return this.#end(running, { reason: "declined", by, now });
    if (running.request.kind === "ring") return [];
    return this.#end(running, { reason: hindranceOf(running.info), now });
  }

  /** A bell that is answered may ring as often as it likes. */
  #answered({ request }: Running): void {
    if (request.kind === "ring") this.unmute(bellOf(request.from));
  }

  /** Whoever answers gives up the call that they were making themselves. */
  #giveUpOwn(by: CallParty, now: Instant): readonly CallEffect[] {
    return [...this.#running.values()]
      .filter(({ info }) => info.state === "ringing" && info.from.party === by.party)
      .flatMap((running) => this.#end(running, { reason: "cancelled", by, now }));
  }

  /** A device that talks now is not rung any more by others. */
  #busyElsewhere(call: CallInfo, now: Instant): readonly CallEffect[] {
    const talking = call.participants.filter(({ party }) => party.startsWith("device:"));
    return [...this.#running.values()]
      .filter(({ info }) => info.state === "ringing" && info.id !== call.id)
      .flatMap((running) =>
        talking.flatMap(({ party }) => {
          const rung = rungOf(running.info, party);
          if (!rung || !rings(rung)) return [];
          const stop = this.#silence(running, { party, state: "busy", why: "answered" });
          return [...stop, changed(running.info, "rung"), ...this.#nobodyLeft(running, now)];
        }),
      );
  }

  #leave(
    running: Running,
    how: { readonly by: CallParty; readonly now: Instant; readonly why?: "gone" },
  ): readonly CallEffect[] {
    const { by, why } = how;
    const { info, request } = running;
    const isCaller = info.from.party === by.party;
    if (info.state === "ringing") return this.#end(running, { ...how, reason: isCaller ? "cancelled" : "ended" });
    const rest = info.participants.filter(({ party }) => party !== by.party);
    if (rest.length < 2 || (isCaller && request.kind === "ring"))
      return this.#end(running, { ...how, reason: "ended" });
    running.info = { ...info, participants: rest };
    return [changed(running.info, "left", by, why)];
  }

  #end(
    running: Running,
    how: {
      readonly reason: CallEndReason;
      readonly by?: CallParty | undefined;
      readonly now: Instant;
      readonly why?: "gone";
    },
  ): readonly CallEffect[] {
    const { reason, by, now, why } = how;
    const { info, request } = running;
    const stops = info.state === "ringing" ? this.#silenceAll(running, { why: reason, by }) : [];
    running.info = {
      ...running.info,
      state: "ended",
      participants: [],
      endReason: reason,
      ...(by && { endedBy: by }),
      endedMs: now.wallMs,
    };
    this.#running.delete(info.id);
    remember(this.#over, { key: info.id, value: running.info, most: rememberedCalls });
    const change = reason === "missed" ? "missed" : "ended";
    const told: CallEffect = { type: "changed", call: running.info, change, ...(by && { by }), reason: why ?? reason };
    const unanswered = request.kind === "ring" && info.state === "ringing";
    return [...stops, told, ...(unanswered ? this.#bells.unanswered(bellOf(request.from), { reason, now }) : [])];
  }
}
