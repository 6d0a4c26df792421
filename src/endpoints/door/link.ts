import type { DoorSound } from "../../protocols/door/binary.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import { FatalError, isAbort } from "../../util/errors.ts";
import { type ConnectionOptions, DoorConnection } from "./connection.ts";
import { DoorRefusal } from "./refusal.ts";

/** How a link to a hub stands. */
export type DoorState =
  | { readonly state: "connected" }
  /** Not there; it is tried again after `retryMs`. `reason` is for programs, `message` for people. */
  | { readonly state: "waiting"; readonly reason: string; readonly message: string; readonly retryMs: number };

/** Options of {@link DoorLink}. */
export interface LinkOptions extends Omit<ConnectionOptions, "onRegistered"> {
  readonly onConnected: (connection: DoorConnection) => void;
  readonly onLost: () => void;
  readonly onState: (state: DoorState) => void;
  /** Uniform random number in [0, 1); for tests. */
  readonly random?: (() => number) | undefined;
}

/** A connection that stood so long was a good one: the next tries begin with the short waits again. */
const goodUs = 10_000_000;
/** Who was refused, or waits for a person, does not ask each second. */
const patient: ReadonlySet<string> = new Set([
  "pending",
  "refused",
  "unauthorized",
  "disabled",
  "too_many_connections",
]);

/** A connection that is made again whenever it is lost. */
export class DoorLink {
  readonly #options: LinkOptions;
  #connection: DoorConnection | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The connection of now; undefined while there is none. */
  get connection(): DoorConnection | undefined {
    return this.#connection;
  }

  /** Keeps it up until the signal aborts. Throws FatalError, whose code is the reason, when trying again cannot help. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onState } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const beganUs = clock.nowUs();
      const why = await this.#serve(signal);
      if (signal.aborted) return;
      if (why.isHopeless) throw new FatalError(`${why.code}: ${why.message}`, { code: why.code, cause: why });
      if (why.code === "connection_lost" && clock.nowUs() - beganUs > goodUs) attempt = 0;
      const bounds = patient.has(why.code) ? { firstMs: 5000, maxMs: 60_000 } : { firstMs: 1000, maxMs: 30_000 };
      const retryMs = backoffDelayMs(attempt, { ...bounds, ...(random && { random }) });
      onState({ state: "waiting", reason: why.code, message: why.message, retryMs });
      await clock.sleep(retryMs, signal).catch(passOverAbort);
    }
  }

  /** One connection from its beginning to its end; gives why it ended, or did not begin. */
  async #serve(signal: AbortSignal): Promise<DoorRefusal> {
    const { onConnected, onLost, onState } = this.#options;
    const onRegistered = (registered: DoorConnection) => {
      this.#connection = registered;
      onConnected(registered);
      onState({ state: "connected" });
    };
    let connection: DoorConnection;
    try {
      connection = await DoorConnection.open({ ...this.#options, onRegistered }, signal);
    } catch (error) {
      if (error instanceof DoorRefusal || signal.aborted) return asRefusal(error);
      throw error;
    }
    const why = await connection.ended;
    this.#connection = undefined;
    onLost();
    return why;
  }

  /** Sends sound while there is a connection. */
  sendSound(sound: DoorSound): void {
    this.#connection?.sendSound(sound);
  }
}

function asRefusal(error: unknown): DoorRefusal {
  return error instanceof DoorRefusal ? error : new DoorRefusal("closed", { cause: error });
}

function passOverAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}
