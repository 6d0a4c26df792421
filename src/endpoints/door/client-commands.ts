import { randomUUID } from "node:crypto";
import { doorLimits } from "../../protocols/door/limits.ts";
import type { FromHub } from "../../protocols/door/messages.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorCommandError } from "./command-error.ts";
import type { DoorConnection } from "./connection.ts";

/** A command that is given. */
export interface GivenCommand {
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Which station; only where the host knows several. */
  readonly station?: string | undefined;
}

/** What an answer holds. */
export type AnswerPayload = Readonly<Record<string, unknown>>;

interface Pending {
  readonly answered: PromiseWithResolvers<AnswerPayload>;
  readonly timer: Disposable;
}

/** Somewhat longer than the hub waits for the station: it answers by itself then, the original's host never does. */
const answerMs = doorLimits.commandMs.value + 5000;

/** The commands of a client that wait for their answers. */
export class ClientCommands {
  readonly #connection: () => DoorConnection | undefined;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  constructor(options: { readonly connection: () => DoorConnection | undefined; readonly clock: Clock }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
  }

  /** Gives a command; resolves with the payload of its answer. Throws {@link DoorCommandError}. */
  async give({ command, payload, station }: GivenCommand): Promise<AnswerPayload> {
    const connection = this.#connection();
    if (!connection) throw new DoorCommandError("connection_lost");
    const commandId = randomUUID();
    const answered = Promise.withResolvers<AnswerPayload>();
    const timer = this.#clock.timer(answerMs, () => this.fail(commandId, new DoorCommandError("timeout")));
    this.#pending.set(commandId, { answered, timer });
    const names = connection.features.has("stations") && station !== undefined && { station };
    connection.send({ type: "command", command, payload, command_id: commandId, ...names });
    return answered.promise;
  }

  /** An answer came. One to a command that waits no more is passed over. */
  answered({ command_id: commandId, status, payload }: FromHub<"response">): void {
    const { reason } = payload;
    if (status === "ok") this.#take(commandId)?.answered.resolve(payload);
    else this.fail(commandId, new DoorCommandError(typeof reason === "string" ? reason : "error", payload));
  }

  fail(commandId: string, error: DoorCommandError): void {
    this.#take(commandId)?.answered.reject(error);
  }

  failAll(error: DoorCommandError): void {
    for (const commandId of [...this.#pending.keys()]) this.fail(commandId, error);
  }

  #take(commandId: string): Pending | undefined {
    const pending = this.#pending.get(commandId);
    this.#pending.delete(commandId);
    pending?.timer[Symbol.dispose]();
    return pending;
  }
}
