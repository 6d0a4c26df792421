import { DoorwardError, FatalError, messageOf, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { until } from "../../util/until.ts";
import { ControlConnection, type ControlOptions } from "./control.ts";
import type { Profile } from "./profile.ts";
import {
  type ControlVerb,
  controlCseq,
  controlRequest,
  optionsRequest,
  RecordEncoder,
  type Reply,
  type RequestTarget,
} from "./wire.ts";

/** A camera's speaker and the dialect it understands. */
export interface TalkTarget extends RequestTarget {
  readonly profile: Profile;
}

/** Options of {@link openTalk}. */
export interface TalkOptions extends Omit<ControlOptions, "host" | "port" | "timeoutMs"> {
  readonly log: Log;
  /** For connecting and for the answer to OPEN; default 10 s. */
  readonly timeoutMs?: number;
  /** Numbers in [0, 1) for the RTP header's starting values. */
  readonly random?: () => number;
}

const openTimeoutMs = 10_000;
/** How long an abort waits for the answer to OPEN, ms. */
const giveBackMs = 500;
/** How long the camera may take to answer CLOSE, ms. */
const closeTimeoutMs = 2000;
/** How long a camera is given to stop at once before a second connection asks it too, ms. */
const hushPatienceMs = 60;

/**
 * Opens a camera's speaker on a connection of its own. Throws RecoverableError `unreachable`, `no-answer`, `lost`,
 * `refused` (with the camera's status), or FatalError `not-a-camera`, `no-talk`. The caller disposes what it gets.
 */
export async function openTalk(target: TalkTarget, options: TalkOptions): Promise<TalkConnection> {
  if (target.profile.probes) await probe(target, options);
  const connection = new TalkConnection(await connectTo(target, options), target, options);
  const opening = connection.open();
  try {
    await until(opening, options);
    return connection;
  } catch (error) {
    if (options.signal?.aborted) await giveBack(opening, connection, options);
    connection[Symbol.dispose]();
    throw error;
  }
}

/** One opened speaker: sound in blocks of 320 bytes of PCM, and its control. */
export class TalkConnection implements Disposable {
  readonly #control: ControlConnection;
  readonly #target: TalkTarget;
  readonly #options: TalkOptions;
  readonly #records: RecordEncoder;
  #cseq = 0;
  #roundTripMs = 0;

  /** Made by {@link openTalk}. */
  constructor(control: ControlConnection, target: TalkTarget, options: TalkOptions) {
    this.#control = control;
    this.#target = target;
    this.#options = options;
    this.#records = new RecordEncoder(target.profile, options.random);
  }

  get profile(): Profile {
    return this.#target.profile;
  }

  /** Time from the last OPEN to its answer. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Aborts with the error as its reason when the camera is gone. */
  get lost(): AbortSignal {
    return this.#control.lost;
  }

  /** Sends OPEN, or repeats it, and checks the answer. Gives the round trip in ms. */
  async open(): Promise<number> {
    const sentUs = this.#options.clock.nowUs();
    accepted(await this.#ask("OPEN"), this.#target);
    this.#roundTripMs = (this.#options.clock.nowUs() - sentUs) / 1000;
    return this.#roundTripMs;
  }

  /** Sends one block; a promise is back-pressure. Throws RecoverableError `lost`. */
  write(pcm: Uint8Array): undefined | Promise<void> {
    return this.#control.write(this.#records.encode(pcm));
  }

  /**
   * Closes the speaker after what was sent has been heard; false when the camera did not confirm it. Falls back to a
   * fresh connection when this one fails, because the speaker would otherwise stay open on some firmwares.
   */
  async close(): Promise<boolean> {
    try {
      const reply = await this.#ask("CLOSE", closeTimeoutMs);
      this.#control.end();
      return reply.status < 300;
    } catch (error) {
      if (!(error instanceof DoorwardError) || error.code === "no-answer") return false;
      return await closeAfresh(this.#target, this.#options);
    }
  }

  /** Silences the camera now: CLOSE here and, if that is not confirmed at once, on a fresh connection. */
  async hush(): Promise<void> {
    try {
      await this.#ask("CLOSE", hushPatienceMs);
    } catch {
      await closeAfresh(this.#target, this.#options);
    } finally {
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#control[Symbol.dispose]();
  }

  async #ask(verb: ControlVerb, timeoutMs?: number): Promise<Reply> {
    const { profile } = this.#target;
    const cseq = ++this.#cseq;
    return await this.#control.request(controlRequest(verb, { profile, target: this.#target, cseq }), {
      cseq: controlCseq(verb, { profile, cseq }),
      timeoutMs,
    });
  }
}

/**
 * CLOSE on a connection of its own: some firmwares keep one speaker state for all connections, which an unclean end
 * leaves open. Best effort: false when the camera cannot be reached or does not confirm.
 */
export async function closeAfresh(target: TalkTarget, options: TalkOptions): Promise<boolean> {
  const { profile } = target;
  try {
    using control = await connectTo(target, { ...options, timeoutMs: closeTimeoutMs, signal: undefined });
    const reply = await control.request(controlRequest("CLOSE", { profile, target, cseq: 1 }), {
      cseq: controlCseq("CLOSE", { profile, cseq: 1 }),
    });
    return reply.status < 300;
  } catch (error) {
    options.log.debug({ error: messageOf(error) }, "speaker could not be closed after an unclean end");
    return false;
  }
}

async function connectTo(target: TalkTarget, options: TalkOptions): Promise<ControlConnection> {
  const { host, port } = target;
  const { clock, signal, timeoutMs = openTimeoutMs } = options;
  return await ControlConnection.connect({ host, port, clock, timeoutMs, signal });
}

/** Throws FatalError `no-talk` when the camera lists its methods and USER_CMD_SET is not among them. */
async function probe(target: TalkTarget, options: TalkOptions): Promise<void> {
  using control = await connectTo(target, options);
  const reply = await until(control.request(optionsRequest({ target, cseq: 1 }), { cseq: 1 }), options);
  const methods = reply.headers.get("public");
  if (reply.status >= 300 || methods === undefined || methods.toUpperCase().includes("USER_CMD_SET")) return;
  throw new FatalError(`camera ${target.host}:${target.port} has no talk by USER_CMD_SET: it knows ${methods}`, {
    code: "no-talk",
  });
}

function accepted(reply: Reply, target: TalkTarget): void {
  if (reply.status >= 200 && reply.status < 300) return;
  const { host, port, profile } = target;
  const answer = `${reply.status} ${reply.reason}`.trim();
  throw new RecoverableError(`camera ${host}:${port} refused to open its speaker: ${answer}`, {
    code: "refused",
    fields: { host, port, status: reply.status, profile: profile.name },
  });
}

/** Was aborted before OPEN was answered: if the camera opens its speaker after all, it gets it back closed. */
async function giveBack(opening: Promise<unknown>, connection: TalkConnection, options: TalkOptions): Promise<void> {
  const patience = options.clock.sleep(giveBackMs).then(() => "late");
  const outcome = await Promise.race([opening.then(() => "open").catch(() => "refused"), patience]);
  if (outcome === "open") await connection.hush();
}
