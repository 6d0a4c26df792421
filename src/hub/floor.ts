/** 0 normal, 1 high, 2 emergency. */
export type Priority = 0 | 1 | 2;

/** What a floor request is about: one speaker, one room, a group, everybody. */
export interface Channel {
  readonly id: string;
  /** The speakers that it reaches; a speaker has one holder at a time, whatever channel took it. */
  readonly members: readonly string[];
}

/** Somebody who wants the floor. `talkerId` is unique for one turn at one channel. */
export interface FloorRequest {
  readonly talkerId: string;
  readonly name: string;
  readonly priority: Priority;
  readonly channel: Channel;
  /** Wait in line if it is held. */
  readonly queue: boolean;
}

/** Somebody who has the floor. */
export interface FloorHolder {
  readonly talkerId: string;
  readonly name: string;
  readonly priority: Priority;
  readonly channelId: string;
  /** The channel's members but for those that do not want to be disturbed. */
  readonly members: readonly string[];
  /** µs, of the time that was passed in. */
  readonly sinceUs: number;
}

/** What follows from a step; in order. */
export type FloorEffect =
  | { readonly type: "granted"; readonly holder: FloorHolder }
  | { readonly type: "queued"; readonly talkerId: string; readonly position: number; readonly holder?: FloorHolder }
  | {
      readonly type: "refused";
      readonly talkerId: string;
      readonly reason: "held" | "do-not-disturb" | "queue-full" | "duplicate";
      readonly holder?: FloorHolder;
    }
  | { readonly type: "pre-empted"; readonly talkerId: string; readonly by: FloorHolder }
  | { readonly type: "released"; readonly talkerId: string; readonly reason: "done" | "silent" | "do-not-disturb" };

/** Options of {@link Floor}. */
export interface FloorOptions {
  /** A holder that was not heard for so long is gone; 500 ms. */
  readonly silenceMs?: number;
  /** The same before the first sound; 3000 ms (a device may have to be woken, a microphone opened). */
  readonly firstSoundMs?: number;
  readonly maxQueue?: number;
}

interface Holding {
  readonly holder: FloorHolder;
  lastHeardUs: number;
  heard: boolean;
}

/**
 * Floor control as in RFC 4582 and MCPTT: who may speak on which channel. A pure state machine: time comes in as an
 * argument, what is to be done goes out as effects. It knows speakers only by name.
 *
 * Rules: a speaker has at most one holder; a strictly higher priority takes it over; equals wait or are refused; the
 * line is served by priority, then by age; do-not-disturb keeps normal and high out, never emergency; a holder that
 * falls silent loses the floor.
 */
export class Floor {
  #holdings = new Map<string, Holding>();
  #line: FloorRequest[] = [];
  #quiet = new Set<string>();
  readonly #silenceUs: number;
  readonly #firstSoundUs: number;
  readonly #maxQueue: number;

  constructor(options: FloorOptions = {}) {
    this.#silenceUs = (options.silenceMs ?? 500) * 1000;
    this.#firstSoundUs = (options.firstSoundMs ?? 3000) * 1000;
    this.#maxQueue = options.maxQueue ?? 16;
  }

  /** Who speaks through `member` at the moment. */
  holderOf(member: string): FloorHolder | undefined {
    for (const { holder } of this.#holdings.values()) if (holder.members.includes(member)) return holder;
    return undefined;
  }

  /** All who hold a floor. */
  get holders(): readonly FloorHolder[] {
    return [...this.#holdings.values()].map(({ holder }) => holder);
  }

  /** How many wait for `member`. */
  queuedFor(member: string): number {
    return this.#line.filter(({ channel }) => channel.members.includes(member)).length;
  }

  /** Asks for the floor. */
  take(request: FloorRequest, nowUs: number): FloorEffect[] {
    const { talkerId } = request;
    if (this.#holdings.has(talkerId) || this.#line.some((waiting) => waiting.talkerId === talkerId)) {
      return [{ type: "refused", talkerId, reason: "duplicate" }];
    }
    const members = this.#reachable(request);
    if (members.length === 0) return [this.#undisturbed(request)];
    const conflicts = this.#conflicts(members);
    const strongest = byPriority(conflicts)[0];
    if (!strongest || strongest.priority < request.priority) return this.#grant(request, { members, nowUs, conflicts });
    if (!request.queue) return [{ type: "refused", talkerId, reason: "held", holder: strongest }];
    if (this.#line.length >= this.#maxQueue) {
      return [{ type: "refused", talkerId, reason: "queue-full", holder: strongest }];
    }
    this.#line.push(request);
    return [{ type: "queued", talkerId, position: this.#position(request), holder: strongest }];
  }

  /** The talker lets go, or leaves the line. Unknown talkers are ignored. */
  release(talkerId: string, nowUs: number): FloorEffect[] {
    return this.#end([talkerId], { reason: "done", nowUs });
  }

  /** Sound of the holder arrived. */
  heard(talkerId: string, nowUs: number): void {
    const holding = this.#holdings.get(talkerId);
    if (!holding) return;
    holding.lastHeardUs = Math.max(holding.lastHeardUs, nowUs);
    holding.heard = true;
  }

  /** Time passes: holders that fell silent lose the floor. */
  tick(nowUs: number): FloorEffect[] {
    const silent = [...this.#holdings.values()].filter((holding) => this.#expiresUs(holding) <= nowUs);
    return this.#end(
      silent.map(({ holder }) => holder.talkerId),
      { reason: "silent", nowUs },
    );
  }

  /** When `tick` has something to do; undefined while nobody holds a floor. */
  nextTickUs(): number | undefined {
    let next: number | undefined;
    for (const holding of this.#holdings.values()) {
      const atUs = this.#expiresUs(holding);
      if (next === undefined || atUs < next) next = atUs;
    }
    return next;
  }

  /** True while `member` does not want to be disturbed. */
  isQuiet(member: string): boolean {
    return this.#quiet.has(member);
  }

  /** Switches do-not-disturb; who speaks there with less than emergency loses the floor. */
  setDoNotDisturb(member: string, state: { readonly on: boolean; readonly nowUs: number }): FloorEffect[] {
    if (!state.on) {
      this.#quiet.delete(member);
      return this.#serveLine(state.nowUs);
    }
    this.#quiet.add(member);
    const holder = this.holderOf(member);
    const ended =
      holder && holder.priority < 2
        ? this.#end([holder.talkerId], { reason: "do-not-disturb", nowUs: state.nowUs })
        : [];
    return [...ended, ...this.#dismissUnreachable()];
  }

  #reachable(request: FloorRequest): string[] {
    const members = [...new Set(request.channel.members)];
    return request.priority === 2 ? members : members.filter((member) => !this.#quiet.has(member));
  }

  #conflicts(members: readonly string[]): FloorHolder[] {
    return this.holders.filter((holder) => holder.members.some((member) => members.includes(member)));
  }

  #grant(
    request: FloorRequest,
    how: { readonly members: readonly string[]; readonly nowUs: number; readonly conflicts: readonly FloorHolder[] },
  ): FloorEffect[] {
    const { talkerId, name, priority, channel } = request;
    const holder: FloorHolder = {
      talkerId,
      name,
      priority,
      channelId: channel.id,
      members: how.members,
      sinceUs: how.nowUs,
    };
    for (const conflict of how.conflicts) this.#holdings.delete(conflict.talkerId);
    this.#holdings.set(talkerId, { holder, lastHeardUs: how.nowUs, heard: false });
    const preempted = how.conflicts.map(
      (lost) => ({ type: "pre-empted", talkerId: lost.talkerId, by: holder }) as const,
    );
    const freed = how.conflicts.length > 0 ? this.#serveLine(how.nowUs) : [];
    return [...preempted, { type: "granted", holder }, ...freed];
  }

  #end(
    talkerIds: readonly string[],
    how: { readonly reason: "done" | "silent" | "do-not-disturb"; readonly nowUs: number },
  ): FloorEffect[] {
    const effects: FloorEffect[] = [];
    for (const talkerId of talkerIds) {
      const waiting = this.#line.some((request) => request.talkerId === talkerId);
      this.#line = this.#line.filter((request) => request.talkerId !== talkerId);
      const held = this.#holdings.delete(talkerId);
      if (held || waiting) effects.push({ type: "released", talkerId, reason: how.reason });
    }
    return effects.length > 0 ? [...effects, ...this.#serveLine(how.nowUs)] : effects;
  }

  /** Grants, in the order of the line, whatever is free of equals and betters now. */
  #serveLine(nowUs: number): FloorEffect[] {
    const effects: FloorEffect[] = [];
    for (const request of this.#ordered()) {
      const members = this.#reachable(request);
      const conflicts = this.#conflicts(members);
      const blocked = conflicts.some(({ priority }) => priority >= request.priority);
      if (members.length === 0 || blocked || !this.#line.includes(request)) continue;
      this.#line = this.#line.filter((other) => other !== request);
      effects.push(...this.#grant(request, { members, nowUs, conflicts }));
    }
    if (effects.length === 0) return effects;
    const moved = this.#ordered().map((request): FloorEffect => {
      const holder = byPriority(this.#conflicts(this.#reachable(request)))[0];
      return { type: "queued", talkerId: request.talkerId, position: this.#position(request), holder };
    });
    return [...effects, ...moved];
  }

  #dismissUnreachable(): FloorEffect[] {
    const lost = this.#line.filter((request) => this.#reachable(request).length === 0);
    this.#line = this.#line.filter((request) => !lost.includes(request));
    return lost.map((request) => this.#undisturbed(request));
  }

  /** An emergency may be speaking there all the same. */
  #undisturbed({ talkerId, channel }: FloorRequest): FloorEffect {
    const holder = byPriority(this.#conflicts(channel.members))[0];
    return { type: "refused", talkerId, reason: "do-not-disturb", ...(holder && { holder }) };
  }

  #ordered(): FloorRequest[] {
    return [...this.#line].sort((a, b) => b.priority - a.priority);
  }

  /** 1 for the next in line for any of the same speakers. */
  #position(request: FloorRequest): number {
    const rivals = this.#ordered().filter(({ channel }) =>
      channel.members.some((member) => request.channel.members.includes(member)),
    );
    return rivals.indexOf(request) + 1;
  }

  #expiresUs(holding: Holding): number {
    return holding.lastHeardUs + (holding.heard ? this.#silenceUs : this.#firstSoundUs);
  }
}

function byPriority(holders: readonly FloorHolder[]): FloorHolder[] {
  return [...holders].sort((a, b) => b.priority - a.priority);
}
