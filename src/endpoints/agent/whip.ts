import { z } from "zod";
import type { Track } from "../../media/track.ts";
import type { Receiver, SendWorker } from "../../media/viewer.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, FatalError, isAbort, messageOf, RecoverableError } from "../../util/errors.ts";
import { networkReason } from "../../util/network-reason.ts";
import { until } from "../../util/until.ts";
import { isUntrusted, untrustedText } from "../../util/untrusted.ts";
import type { BackendState } from "./backend.ts";
import type { AgentSource } from "./source.ts";
import { deleteSession, postOffer, type WhipCaller } from "./whip-call.ts";

/** Options of {@link WhipAgent}. */
export interface WhipAgentOptions extends WhipCaller {
  /** `https://hub.example.org/whip/shed`. */
  readonly url: URL;
  readonly source: AgentSource;
  /** What it hears; the sound of the source where there is no microphone. */
  readonly microphone?: Track | undefined;
  readonly sender: Pick<SendWorker, "send">;
  readonly onState: (state: BackendState) => void;
  readonly clock: Clock;
  readonly random?: () => number;
}

const quick = { firstMs: 1000, maxMs: 60_000 } as const;
/** What only a person can mend is not asked for each second. */
const patient = { firstMs: 30_000, maxMs: 60_000 } as const;
/** Of our hub, and of others. */
const told = z.object({ error: z.string().min(1).max(500) });
/** The name of its one viewer. */
const server = "whip";

/** Publishes a source by WHIP (RFC 9725), all the time and again whenever it was lost: after 1 s, then twice that, at most a minute. */
export class WhipAgent {
  readonly #options: WhipAgentOptions;
  #lastWhy = "";

  constructor(options: WhipAgentOptions) {
    this.#options = options;
  }

  /** Publishes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#publish(signal, () => {
          attempt = 0;
          this.#lastWhy = "";
          this.#options.onState({ state: "connected" });
        });
      } catch (error) {
        if (signal.aborted) return;
        await clock.sleep(this.#waiting(error, attempt), signal).catch((cause: unknown) => {
          if (!isAbort(cause)) throw cause;
        });
      }
    }
  }

  /** Tells why, and for how long it waits. */
  #waiting(error: unknown, attempt: number): number {
    const { onState, random } = this.#options;
    const person = error instanceof FatalError || isUntrusted(error);
    const reason = error instanceof DoorwardError ? messageOf(error) : (networkReason(error) ?? messageOf(error));
    const why = isUntrusted(error) ? untrustedText : reason;
    const retryMs = backoffDelayMs(attempt, { ...(person ? patient : quick), ...(random && { random }) });
    onState({ state: "waiting", why, retryMs, person, news: !person || why !== this.#lastWhy });
    this.#lastWhy = why;
    return retryMs;
  }

  /** Throws when it was refused or lost, or told to end. */
  async #publish(signal: AbortSignal, onAccepted: () => void): Promise<never> {
    const { source } = this.#options;
    await using held = new AsyncDisposableStack();
    held.use(source.demand());
    held.defer(() => source.left?.(server));
    const receiver = held.use(await this.#offer(signal));
    const session = await this.#post(receiver, signal);
    if (session) held.defer(() => deleteSession(session, this.#options));
    onAccepted();
    const reason = await until(receiver.closed, { signal });
    throw new RecoverableError(`the connection to the server ended: ${reason}`, { code: "lost" });
  }

  async #offer(signal: AbortSignal): Promise<Receiver> {
    const { source, microphone, sender } = this.#options;
    const { video, audio } = await source.tracks(signal);
    const sound = microphone ?? audio;
    const { heard } = source;
    if (heard) source.heard?.(server, { type: "key-frame" });
    return await sender.send({
      ...(video && { video }),
      ...(sound && { audio: sound }),
      ...(heard && { onFeedback: (feedback) => source.heard?.(server, feedback) }),
    });
  }

  /** Where the session is, if the server said so. */
  async #post(receiver: Receiver, signal: AbortSignal): Promise<URL | undefined> {
    const { url, token, ca } = this.#options;
    const { status, text, location } = await postOffer(url, { token, ca, offerSdp: receiver.offerSdp, signal });
    if (status !== 201) throw refusal(status, text);
    try {
      await receiver.answered(text);
      return location;
    } catch (error) {
      if (location) await deleteSession(location, { token, ca, url });
      throw error;
    }
  }
}

function refusal(status: number, text: string): DoorwardError {
  let why = "";
  try {
    why = `: ${told.parse(JSON.parse(text)).error}`;
  } catch {
    // It says it in another way, or not at all.
  }
  if (status === 404 && !why) return new FatalError("nothing takes a camera at this address (404)", { code: "whip" });
  const person = status >= 300 && status < 500 && status !== 408 && status !== 429 && status !== 409;
  const sentence = `the server refuses the picture (${status})${why}`;
  return person ? new FatalError(sentence, { code: "whip" }) : new RecoverableError(sentence, { code: "whip" });
}
