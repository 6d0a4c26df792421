import type { Converter } from "../media/convert.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError, isAbort, messageOf } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, HubTalks, Talk, TalkRequest, TalkState } from "./api.ts";
import { Floor, type FloorEffect, type FloorHolder } from "./floor.ts";
import type { HolderInfo } from "./state.ts";
import { speak } from "./talk.ts";
import { withoutAddress } from "./trouble.ts";

/** Options of {@link Route}. */
export interface RouteOptions {
  readonly device: (id: string) => HubDevice | undefined;
  readonly converter: Converter;
  readonly clock: Clock;
  readonly log: Log;
  /** Floor control; one with the usual times unless given. */
  readonly floor?: Floor;
}

interface Turn {
  readonly talkerId: string;
  readonly request: TalkRequest;
  /** Stops the sound at once. */
  readonly stop: AbortController;
  readonly done: PromiseWithResolvers<void>;
  started: boolean;
}

/** How long a turn that ended may go on playing what was said before, when the next one waits. */
const drainMs = 500;
/** A recording is heard for as long as its speakers play it: the hub itself is the talker. */
const recordedHeartbeatMs = 200;

/**
 * Brings talkers to speakers: asks the floor, converts once, feeds the speakers, and tells the talker how it goes.
 * The policy (may they?) is asked by the surface before.
 */
export class Route implements HubTalks {
  #floor: Floor;
  #turns = new Map<string, Turn>();
  #playing = new Map<string, { readonly done: Promise<void>; readonly stop: AbortController }>();
  #count = 0;
  #tick: Disposable | undefined;
  readonly #options: RouteOptions;
  readonly #changes: Listeners<string>;

  constructor(options: RouteOptions) {
    this.#options = options;
    this.#floor = options.floor ?? new Floor();
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of talks failed"));
  }

  onChange(listener: (deviceId: string) => void): Disposable {
    return this.#changes.add(listener);
  }

  holder(deviceId: string): { readonly holder?: HolderInfo; readonly queued: number } {
    const holder = this.#floor.holderOf(deviceId);
    return { holder: holder && this.#holderInfo(holder), queued: this.#floor.queuedFor(deviceId) };
  }

  /** Switches do-not-disturb of one device's speaker. */
  setDoNotDisturb(deviceId: string, on: boolean): void {
    if (this.#floor.isQuiet(deviceId) === on) return;
    this.#apply(this.#floor.setDoNotDisturb(deviceId, { on, nowUs: this.#nowUs() }));
    this.#changes.emit(deviceId);
  }

  take(request: TalkRequest): Talk {
    const turn: Turn = {
      talkerId: `${request.talker.id}#${++this.#count}`,
      request,
      stop: new AbortController(),
      done: Promise.withResolvers<void>(),
      started: false,
    };
    const known = request.devices.filter((id) => this.#options.device(id));
    if (known.length === 0) this.#refuse(turn, { state: "refused", reason: "offline" });
    else {
      this.#turns.set(turn.talkerId, turn);
      const [first = ""] = known;
      this.#apply(
        this.#floor.take(
          {
            talkerId: turn.talkerId,
            name: request.talker.name,
            priority: request.priority,
            channel: { id: request.channel ?? `device:${first}`, members: known },
            queue: request.queue,
          },
          this.#nowUs(),
        ),
      );
    }
    const end = () => this.#apply(this.#floor.release(turn.talkerId, this.#nowUs()));
    const cancel = () => {
      turn.stop.abort();
      end();
    };
    return { done: turn.done.promise, finish: end, cancel, [Symbol.dispose]: cancel };
  }

  #apply(effects: readonly FloorEffect[]): void {
    try {
      for (const effect of effects) this.#applyOne(effect);
    } finally {
      this.#schedule();
    }
  }

  #applyOne(effect: FloorEffect): void {
    const talkerId = effect.type === "granted" ? effect.holder.talkerId : effect.talkerId;
    const turn = this.#turns.get(talkerId);
    if (!turn) return;
    this.#tellDevices(turn);
    if (effect.type === "granted") this.#start(turn, effect.holder);
    else if (effect.type === "queued") {
      const holder = effect.holder && this.#holderInfo(effect.holder);
      this.#tell(turn, { state: "queued", position: effect.position, holder });
    } else if (effect.type === "refused") {
      const reason = effect.reason === "do-not-disturb" ? "do-not-disturb" : "held";
      const holder = effect.holder && this.#holderInfo(effect.holder);
      this.#refuse(turn, { state: "refused", reason, holder });
    } else if (effect.type === "pre-empted") {
      turn.stop.abort();
      this.#over(turn, { state: "pre-empted", holder: this.#holderInfo(effect.by) });
    } else {
      const cancelled = turn.stop.signal.aborted || effect.reason === "do-not-disturb";
      if (effect.reason === "do-not-disturb") turn.stop.abort();
      const reason = effect.reason === "silent" ? "silent" : cancelled ? "cancelled" : "done";
      this.#over(turn, { state: "released", reason });
    }
  }

  #refuse(turn: Turn, state: TalkState): void {
    this.#turns.delete(turn.talkerId);
    this.#tell(turn, state);
    turn.done.resolve();
  }

  /** The floor is free again; what was said may still be playing. */
  #over(turn: Turn, state: TalkState): void {
    this.#turns.delete(turn.talkerId);
    this.#tell(turn, state);
    if (!turn.started) turn.done.resolve();
    this.#tellDevices(turn);
  }

  #start(turn: Turn, holder: FloorHolder): void {
    turn.started = true;
    this.#tell(turn, { state: "granted" });
    const before = holder.members.map((id) => this.#playing.get(id)).filter((playing) => playing !== undefined);
    const done = this.#play(turn, { holder, before });
    for (const id of holder.members) this.#playing.set(id, { done, stop: turn.stop });
    const ended = () => {
      for (const id of holder.members) if (this.#playing.get(id)?.done === done) this.#playing.delete(id);
      turn.done.resolve();
    };
    done.then(ended, ended);
  }

  async #play(
    turn: Turn,
    how: {
      readonly holder: FloorHolder;
      readonly before: readonly { readonly done: Promise<void>; readonly stop: AbortController }[];
    },
  ): Promise<void> {
    const { clock, converter, device, log } = this.#options;
    let silentSoFar = true;
    const heard = () => {
      this.#floor.heard(turn.talkerId, this.#nowUs());
      if (silentSoFar) this.#schedule();
      silentSoFar = false;
    };
    const release = () => this.#apply(this.#floor.release(turn.talkerId, this.#nowUs()));
    const over = new AbortController();
    const finished = this.#whenReleased(turn);
    try {
      await this.#settle(how.before);
      const source = turn.request.source;
      if (!source.live) {
        const signal = AbortSignal.any([over.signal, turn.stop.signal]);
        background(keepAlive({ clock, heard, signal }), (err) => log.error({ err }, "recording not kept on the floor"));
      }
      await speak({
        devices: how.holder.members.map(device).filter((found) => found !== undefined),
        source,
        converter,
        signal: turn.stop.signal,
        finished,
        onSound: heard,
        onEnd: release,
        onError: (error) => log.warn({ err: error }, `talk disturbed: ${messageOf(error)}`),
      });
      release();
    } catch (error) {
      if (!isAbort(error)) this.#failed(turn, { error, log });
    } finally {
      over.abort();
      if (this.#turns.has(turn.talkerId)) release(); // whatever happened: the floor is never left held
    }
  }

  #failed(turn: Turn, what: { readonly error: unknown; readonly log: Log }): void {
    const { error, log } = what;
    const code = error instanceof DoorwardError ? error.code : "error";
    log.warn({ err: error, talker: turn.request.talker.name, code }, `talk failed: ${messageOf(error)}`);
    if (this.#turns.has(turn.talkerId)) {
      this.#tell(turn, { state: "failed", reason: this.#say(error, turn) });
    }
    this.#turns.delete(turn.talkerId);
    this.#apply(this.#floor.release(turn.talkerId, this.#nowUs()));
    this.#tellDevices(turn);
  }

  /** A talker need not know where the speakers stand; the log has it. */
  #say(error: unknown, turn: Turn): string {
    const addresses = turn.request.devices.map((id) => this.#options.device(id)?.info().address);
    return addresses.reduce(withoutAddress, messageOf(error));
  }

  /** Waits until the speakers have played what was said before, then makes them stop. */
  async #settle(before: readonly { readonly done: Promise<void>; readonly stop: AbortController }[]): Promise<void> {
    for (const { done, stop } of before) {
      using _timer = this.#options.clock.timer(drainMs, () => stop.abort());
      await done;
    }
  }

  #whenReleased(turn: Turn): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = this.#changes.add(() => {
      if (this.#turns.has(turn.talkerId)) return;
      check[Symbol.dispose]();
      resolve();
    });
    return promise;
  }

  /** The one place where a talker's observer is called: what it throws is its own trouble and unwinds nothing here. */
  #tell(turn: Turn, state: TalkState): void {
    try {
      turn.request.onState(state);
    } catch (err) {
      this.#options.log.error({ err, talker: turn.request.talker.name, state: state.state }, "a talker was not told");
    }
  }

  #tellDevices(turn: Turn): void {
    for (const id of turn.request.devices) this.#changes.emit(id);
  }

  #holderInfo(holder: FloorHolder): HolderInfo {
    const agoMs = (this.#nowUs() - holder.sinceUs) / 1000;
    return {
      talkerId: holder.talkerId,
      name: holder.name,
      priority: holder.priority,
      sinceMs: Math.round(this.#options.clock.wallMs() - agoMs),
    };
  }

  #schedule(): void {
    this.#tick?.[Symbol.dispose]();
    this.#tick = undefined;
    const atUs = this.#floor.nextTickUs();
    if (atUs === undefined) return;
    const delayMs = Math.max(1, (atUs - this.#nowUs()) / 1000);
    this.#tick = this.#options.clock.timer(delayMs, () => this.#apply(this.#floor.tick(this.#nowUs())));
  }

  #nowUs(): number {
    return this.#options.clock.nowUs();
  }
}

async function keepAlive(options: {
  readonly clock: Clock;
  readonly heard: () => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  while (!options.signal.aborted) {
    options.heard();
    await options.clock.sleep(recordedHeartbeatMs, options.signal).catch(() => {});
  }
}
