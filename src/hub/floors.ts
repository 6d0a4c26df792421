/** 0 normal, 1 high, 2 emergency. */
export type Priority = 0 | 1 | 2;

/** Somebody who wants to speak. Plain data: it may come from anywhere. */
export interface FloorRequest {
  /** Unique for one turn. */
  readonly turnId: string;
  /** Who it is, for people. */
  readonly name: string;
  readonly priority: Priority;
  /** The speakers that are meant; a speaker has one holder at a time. */
  readonly members: readonly string[];
  /** Wait in line if it is held. */
  readonly queue: boolean;
  /** `while-heard`: a holder that falls silent loses the floor. `until-released`: it keeps it (recordings, calls). */
  readonly holds: "while-heard" | "until-released";
  /** Longest it may hold the floor, in ms; for ever unless told. */
  readonly limitMs?: number | undefined;
}

/** Somebody who has the floor. */
export interface FloorHolder {
  readonly turnId: string;
  readonly name: string;
  readonly priority: Priority;
  /** The speakers that were meant. */
  readonly asked: readonly string[];
  /** Those that are held: without the ones that are not to be disturbed, were taken by somebody, or are gone. */
  readonly members: readonly string[];
  /** µs, of the time that was passed in. */
  readonly sinceUs: number;
}

/** Why one speaker of several left a turn that goes on. */
export type LeftReason = "pre-empted" | "do-not-disturb" | "gone";

/** What follows from a step; in order. */
export type FloorEffect =
  | { readonly type: "granted"; readonly turnId: string; readonly holder: FloorHolder }
  | { readonly type: "queued"; readonly turnId: string; readonly position: number; readonly holder?: FloorHolder }
  | {
      readonly type: "refused";
      readonly turnId: string;
      readonly reason: "held" | "do-not-disturb" | "queue-full" | "duplicate" | "nobody";
      readonly holder?: FloorHolder;
    }
  | { readonly type: "pre-empted"; readonly turnId: string; readonly by: FloorHolder }
  | { readonly type: "joined"; readonly turnId: string; readonly member: string }
  | {
      readonly type: "left";
      readonly turnId: string;
      readonly member: string;
      readonly reason: LeftReason;
      readonly by?: FloorHolder;
    }
  /** It ends in so many ms, for it has lasted long enough. */
  | { readonly type: "ending"; readonly turnId: string; readonly leftMs: number }
  | { readonly type: "released"; readonly turnId: string; readonly reason: EndReason };

/** Options of {@link Floors}. */
export interface FloorsOptions {
  /** A holder that was not heard for this time is gone; 500 ms. */
  readonly silenceMs?: number;
  /** The same before the first sound; 3000 ms (a device may have to be woken, a microphone opened). */
  readonly firstSoundMs?: number;
  /** How long before the end of a turn that lasts too long its talker is told; 10 s. */
  readonly endingMs?: number;
  readonly maxQueue?: number;
}

interface Holding {
  request: FloorRequest;
  members: readonly string[];
  readonly sinceUs: number;
  lastHeardUs: number;
  heard: boolean;
  /** The talker was told that it ends soon. */
  warned: boolean;
}

type EndReason = "done" | "silent" | "too-long" | "do-not-disturb" | "gone";

/**
 * Floor control as in RFC 4582 and MCPTT: who may speak where. A pure state machine: time comes in as an argument, what
 * is to be done goes out as effects. It knows speakers only by name, and could decide for speakers of another hub.
 *
 * Rules: a speaker has at most one holder; a strictly higher priority takes it over, and from a turn with several
 * speakers it takes only those; equals wait or are refused; the line is served by priority, then by age; do-not-disturb
 * keeps normal and high out, never emergency; who is held while heard and falls silent loses the floor; a turn with a limit
 * ends there, and is told so before. A speaker that was asked for and becomes free joins the turn that goes on.
 */
export class Floors {
  #holdings = new Map<string, Holding>();
  #line: FloorRequest[] = [];
  #quiet = new Set<string>();
  readonly #silenceUs: number;
  readonly #firstSoundUs: number;
  readonly #endingUs: number;
  readonly #maxQueue: number;

  constructor(options: FloorsOptions = {}) {
    this.#silenceUs = (options.silenceMs ?? 500) * 1000;
    this.#firstSoundUs = (options.firstSoundMs ?? 3000) * 1000;
    this.#endingUs = (options.endingMs ?? 10_000) * 1000;
    this.#maxQueue = options.maxQueue ?? 64;
  }

  /** Who speaks through `member` at the moment. */
  holderOf(member: string): FloorHolder | undefined {
    for (const holding of this.#holdings.values()) if (holding.members.includes(member)) return holderOf(holding);
    return undefined;
  }

  /** All who hold a floor. */
  get holders(): readonly FloorHolder[] {
    return [...this.#holdings.values()].map(holderOf);
  }

  /** How many wait for `member`. */
  queuedFor(member: string): number {
    return this.#line.filter(({ members }) => members.includes(member)).length;
  }

  /** Asks for the floor. */
  ask(request: FloorRequest, nowUs: number): FloorEffect[] {
    const { turnId } = request;
    if (this.#holdings.has(turnId) || this.#line.some((waiting) => waiting.turnId === turnId)) {
      return [{ type: "refused", turnId, reason: "duplicate" }];
    }
    if (request.members.length === 0) return [{ type: "refused", turnId, reason: "nobody" }];
    const members = this.#reachable(request);
    if (members.length === 0) return [this.#undisturbed(request)];
    const strongest = this.#strongest(members);
    if (!strongest || strongest.priority < request.priority) return this.#grant(request, { members, nowUs });
    if (!request.queue) return [{ type: "refused", turnId, reason: "held", holder: strongest }];
    if (this.#line.length >= this.#maxQueue) {
      return [{ type: "refused", turnId, reason: "queue-full", holder: strongest }];
    }
    this.#line.push(request);
    return [{ type: "queued", turnId, position: this.#position(request), holder: strongest }];
  }

  /** The talker lets go, or leaves the line. Unknown turns are ignored. */
  release(turnId: string, nowUs: number): FloorEffect[] {
    return this.#end([turnId], { reason: "done", nowUs });
  }

  /** One speaker has played all that the turn has for it: others may have it, while the turn goes on at the rest. */
  played(turnId: string, at: { readonly member: string; readonly nowUs: number }): FloorEffect[] {
    const holding = this.#holdings.get(turnId);
    if (!holding?.members.some((member) => member !== at.member)) return [];
    const { request } = holding;
    holding.request = { ...request, members: request.members.filter((member) => member !== at.member) };
    holding.members = holding.members.filter((member) => member !== at.member);
    return this.#serveLine(at.nowUs);
  }

  /** Sound of the holder arrived. */
  heard(turnId: string, nowUs: number): void {
    const holding = this.#holdings.get(turnId);
    if (!holding) return;
    holding.lastHeardUs = Math.max(holding.lastHeardUs, nowUs);
    holding.heard = true;
  }

  /** What the turn means has changed: a device came into the area, was removed, lost its right. */
  retarget(turnId: string, change: { readonly members: readonly string[]; readonly nowUs: number }): FloorEffect[] {
    const { members, nowUs } = change;
    const holding = this.#holdings.get(turnId);
    if (!holding) {
      this.#line = this.#line.map((waiting) => (waiting.turnId === turnId ? { ...waiting, members } : waiting));
      return [...this.#dismissUnreachable(), ...this.#serveLine(nowUs)];
    }
    holding.request = { ...holding.request, members };
    const gone = holding.members.filter((member) => !members.includes(member));
    return [...this.#takeAway(holding, { members: gone, reason: "gone" }), ...this.#serveLine(nowUs)];
  }

  /** Time passes: holders that fell silent or spoke too long lose the floor, those that soon will are told. */
  tick(nowUs: number): FloorEffect[] {
    const holdings = [...this.#holdings.values()];
    const endsOf = (reason: "silent" | "too-long", due: (holding: Holding) => boolean) =>
      this.#end(
        holdings.filter(due).map(({ request }) => request.turnId),
        { reason, nowUs },
      );
    const silent = endsOf("silent", (holding) => this.#expiresUs(holding) <= nowUs);
    const tooLong = endsOf("too-long", (holding) => limitUs(holding) <= nowUs);
    return [...silent, ...tooLong, ...this.#warn(nowUs)];
  }

  /** When `tick` has something to do; undefined while nobody could fall silent or speak too long. */
  nextTickUs(): number | undefined {
    const timesOf = (holding: Holding) => [
      this.#expiresUs(holding),
      limitUs(holding) - (holding.warned ? 0 : this.#endingUs),
    ];
    const nextUs = Math.min(...[...this.#holdings.values()].flatMap(timesOf));
    return Number.isFinite(nextUs) ? nextUs : undefined;
  }

  #warn(nowUs: number): FloorEffect[] {
    const due = [...this.#holdings.values()].filter(
      (holding) => !holding.warned && limitUs(holding) - this.#endingUs <= nowUs,
    );
    return due.map((holding): FloorEffect => {
      holding.warned = true;
      return { type: "ending", turnId: holding.request.turnId, leftMs: (limitUs(holding) - nowUs) / 1000 };
    });
  }

  /** True while `member` does not want to be disturbed. */
  isQuiet(member: string): boolean {
    return this.#quiet.has(member);
  }

  /** Switches do-not-disturb; a turn of less than an emergency goes on without that speaker, or ends if it was the last. */
  setDoNotDisturb(member: string, state: { readonly on: boolean; readonly nowUs: number }): FloorEffect[] {
    if (!state.on) {
      this.#quiet.delete(member);
      return this.#serveLine(state.nowUs);
    }
    this.#quiet.add(member);
    const holding = [...this.#holdings.values()].find(({ members }) => members.includes(member));
    const disturbs = holding && holding.request.priority < 2;
    const left = disturbs ? this.#takeAway(holding, { members: [member], reason: "do-not-disturb" }) : [];
    return [...left, ...this.#dismissUnreachable(), ...this.#serveLine(state.nowUs)];
  }

  #reachable({ members, priority }: FloorRequest): string[] {
    return [...new Set(members)].filter((member) => priority === 2 || !this.#quiet.has(member));
  }

  #conflicts(members: readonly string[]): Holding[] {
    return [...this.#holdings.values()].filter((holding) => holding.members.some((one) => members.includes(one)));
  }

  #strongest(members: readonly string[]): FloorHolder | undefined {
    return this.#conflicts(members)
      .map(holderOf)
      .sort((a, b) => b.priority - a.priority)[0];
  }

  #grant(request: FloorRequest, how: { readonly members: readonly string[]; readonly nowUs: number }): FloorEffect[] {
    const { members, nowUs } = how;
    const { turnId } = request;
    const losing = this.#conflicts(members);
    const holding: Holding = { request, members, sinceUs: nowUs, lastHeardUs: nowUs, heard: false, warned: false };
    const holder = holderOf(holding);
    const lost = losing.flatMap((other) => this.#takeAway(other, { members, reason: "pre-empted", by: holder }));
    this.#holdings.set(turnId, holding);
    const freed = losing.length > 0 ? this.#serveLine(nowUs) : [];
    return [...lost, { type: "granted", turnId, holder }, ...freed];
  }

  /** Takes speakers from a turn, which ends when none is left. */
  #takeAway(
    holding: Holding,
    what: { readonly members: readonly string[]; readonly reason: LeftReason; readonly by?: FloorHolder },
  ): FloorEffect[] {
    const { turnId } = holding.request;
    const { reason, by } = what;
    const lost = holding.members.filter((member) => what.members.includes(member));
    holding.members = holding.members.filter((member) => !lost.includes(member));
    if (holding.members.length > 0) {
      return lost.map((member) => ({ type: "left", turnId, member, reason, ...(by && { by }) }));
    }
    this.#holdings.delete(turnId);
    if (reason !== "pre-empted") return [{ type: "released", turnId, reason }];
    return by ? [{ type: "pre-empted", turnId, by }] : [];
  }

  #end(turnIds: readonly string[], how: { readonly reason: EndReason; readonly nowUs: number }): FloorEffect[] {
    const effects: FloorEffect[] = [];
    for (const turnId of turnIds) {
      const waiting = this.#line.some((request) => request.turnId === turnId);
      this.#line = this.#line.filter((request) => request.turnId !== turnId);
      const held = this.#holdings.delete(turnId);
      if (held || waiting) effects.push({ type: "released", turnId, reason: how.reason });
    }
    return effects.length > 0 ? [...effects, ...this.#serveLine(how.nowUs)] : effects;
  }

  /** Grants, in the order of the line, whatever is free of equals and betters now; what is still free joins who asked. */
  #serveLine(nowUs: number): FloorEffect[] {
    const effects: FloorEffect[] = [];
    for (const request of this.#ordered()) {
      const members = this.#reachable(request);
      const blocked = (this.#strongest(members)?.priority ?? -1) >= request.priority;
      if (members.length === 0 || blocked || !this.#line.includes(request)) continue;
      this.#line = this.#line.filter((other) => other !== request);
      effects.push(...this.#grant(request, { members, nowUs }));
    }
    const joined = this.#joinFreed();
    if (effects.length === 0) return joined;
    const moved = this.#ordered().map((request): FloorEffect => {
      const holder = this.#strongest(this.#reachable(request));
      return { type: "queued", turnId: request.turnId, position: this.#position(request), ...(holder && { holder }) };
    });
    return [...effects, ...joined, ...moved];
  }

  #joinFreed(): FloorEffect[] {
    const holdings = [...this.#holdings.values()].sort((a, b) => b.request.priority - a.request.priority);
    return holdings.flatMap((holding) => {
      const { turnId } = holding.request;
      const free = this.#reachable(holding.request).filter((member) => !this.holderOf(member));
      if (free.length > 0) holding.members = [...holding.members, ...free];
      return free.map((member): FloorEffect => ({ type: "joined", turnId, member }));
    });
  }

  #dismissUnreachable(): FloorEffect[] {
    const lost = this.#line.filter((request) => this.#reachable(request).length === 0);
    this.#line = this.#line.filter((request) => !lost.includes(request));
    return lost.map((request) =>
      request.members.length > 0
        ? this.#undisturbed(request)
        : { type: "refused", turnId: request.turnId, reason: "nobody" },
    );
  }

  /** An emergency may be speaking there all the same. */
  #undisturbed({ turnId, members }: FloorRequest): FloorEffect {
    const holder = this.#strongest(members);
    return { type: "refused", turnId, reason: "do-not-disturb", ...(holder && { holder }) };
  }

  #ordered(): FloorRequest[] {
    return [...this.#line].sort((a, b) => b.priority - a.priority);
  }

  /** 1 for the next in line for any of the same speakers. */
  #position(request: FloorRequest): number {
    const rivals = this.#ordered().filter(({ members }) => members.some((member) => request.members.includes(member)));
    return rivals.indexOf(request) + 1;
  }

  #expiresUs({ request, heard, lastHeardUs }: Holding): number {
    if (request.holds === "until-released") return Number.POSITIVE_INFINITY;
    return lastHeardUs + (heard ? this.#silenceUs : this.#firstSoundUs);
  }
}

function limitUs({ request: { limitMs }, sinceUs }: Holding): number {
  return limitMs === undefined ? Number.POSITIVE_INFINITY : sinceUs + limitMs * 1000;
}

function holderOf({ request, members, sinceUs }: Holding): FloorHolder {
  const { turnId, name, priority } = request;
  return { turnId, name, priority, asked: request.members, members, sinceUs };
}
