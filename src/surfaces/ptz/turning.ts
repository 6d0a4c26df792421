import type { PtzVector } from "../../protocols/onvif/ptz.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { Serial } from "../../util/serial.ts";

/** A camera that turns until it is told to stop. */
export interface TurnedCamera {
  move(vector: PtzVector): Promise<void>;
  stop(): Promise<void>;
  /** Turns to one of its presets, and stands there. */
  goTo(token: string): Promise<void>;
}

/** Who turns it, by one press of a button. */
export interface Hold {
  /** Made at random for this press: it ends once, and nothing that is said of it later counts. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
}

/** Options of {@link Turning}. */
export interface TurningOptions {
  readonly deviceId: string;
  readonly camera: TurnedCamera;
  readonly clock: Clock;
  readonly log: Log;
}

/** Whoever holds says so again within this time, or the camera is stopped. */
export const deadManMs = 1000;
/** The camera stops by itself after some seconds: it is told to go on in time. */
const againUs = 2_000_000;
/** A stop that fails is tried again after these times. */
const stopAgainMs = [200, 800, 2000] as const;
/** Holds that are over, of which something may still come. */
const remembered = 32;

/**
 * One camera that people turn, one at a time. It stops when they let go, when nothing more is heard of them, and when this is
 * disposed; a stop that fails is tried again. What the camera is told is told in order, and only the newest.
 */
export class Turning implements AsyncDisposable {
  readonly #options: TurningOptions;
  readonly #line = new Serial();
  #hold: Hold | undefined;
  #wanted: PtzVector | undefined;
  #deadMan: Disposable | undefined;
  /** What the camera does as far as is known; undefined: it stands. */
  #moves: PtzVector | undefined;
  #toldUs = 0;
  #over: readonly string[] = [];

  constructor(options: TurningOptions) {
    this.#options = options;
  }

  /**
   * Turns it for a second, or on. True when this hold begins by it. Throws RecoverableError `ptz-held` while somebody else
   * turns it, and what the camera throws.
   */
  async move(hold: Hold, vector: PtzVector): Promise<boolean> {
    if (this.#over.includes(hold.id)) return false;
    this.#refuseOthers(hold.userId);
    const before = this.#hold;
    const begins = before?.id !== hold.id;
    if (before && begins) this.#remember(before.id);
    this.#hold = hold;
    this.#wanted = vector;
    this.#deadMan?.[Symbol.dispose]();
    this.#deadMan = this.#options.clock.timer(deadManMs, () => this.#lost());
    await this.#settle();
    return begins;
  }

  /** Ends a hold; resolves when the camera stands. Throws what the camera throws. */
  async stop(holdId: string): Promise<void> {
    this.#remember(holdId);
    if (this.#hold?.id === holdId) this.#letGo();
    await this.#settle();
  }

  /**
   * Turns it to a preset, when what it was told before is done; a hold of the same person ends by it. Throws RecoverableError
   * `ptz-held` while somebody else turns it, and what the camera throws.
   */
  async goTo(token: string, userId: string): Promise<void> {
    this.#refuseOthers(userId);
    await this.#line.run(async () => {
      this.#refuseOthers(userId); // who began meanwhile
      if (this.#hold) this.#remember(this.#hold.id);
      this.#letGo();
      await this.#stand();
      await this.#options.camera.goTo(token);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hold) this.#remember(this.#hold.id);
    this.#letGo();
    await this.#settle().catch(() => {});
  }

  #refuseOthers(userId: string): void {
    const hold = this.#hold;
    if (!hold || hold.userId === userId) return;
    const fields = { holder: hold.name };
    throw new RecoverableError(`${hold.name} turns it at the moment`, { code: "ptz-held", fields });
  }

  #lost(): void {
    const { log, deviceId } = this.#options;
    log.debug({ device: deviceId }, "nothing more was heard of whoever turned the camera: it is stopped");
    if (this.#hold) this.#remember(this.#hold.id);
    this.#letGo();
    background(this.#settle(), () => {}); // It was logged where it failed.
  }

  #letGo(): void {
    this.#deadMan?.[Symbol.dispose]();
    this.#deadMan = undefined;
    this.#hold = undefined;
    this.#wanted = undefined;
  }

  #remember(holdId: string): void {
    this.#over = [...this.#over, holdId].slice(-remembered);
  }

  /** Brings the camera to what is wanted of it when its turn comes. */
  #settle(): Promise<void> {
    return this.#line.run(async () => {
      const { camera, clock } = this.#options;
      const wanted = this.#wanted;
      if (!wanted) return await this.#stand();
      const isFresh = clock.nowUs() - this.#toldUs < againUs;
      if (isFresh && this.#moves && isSame(this.#moves, wanted)) return;
      // Also when it does not answer it may have begun to move.
      this.#moves = wanted;
      this.#toldUs = clock.nowUs();
      await camera.move(wanted);
    });
  }

  async #stand(): Promise<void> {
    const { camera, clock, log, deviceId } = this.#options;
    if (!this.#moves) return;
    for (const waitMs of [...stopAgainMs, undefined]) {
      try {
        await camera.stop();
        this.#moves = undefined;
        return;
      } catch (error) {
        if (waitMs === undefined) {
          log.warn({ device: deviceId }, `a camera that was turned does not take the stop: ${messageOf(error)}`);
          throw error;
        }
      }
      await clock.sleep(waitMs);
    }
  }
}

function isSame(a: PtzVector, b: PtzVector): boolean {
  return a.pan === b.pan && a.tilt === b.tilt && a.zoom === b.zoom;
}
