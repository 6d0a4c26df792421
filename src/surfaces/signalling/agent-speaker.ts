import { once } from "node:events";
import type { AskedPublisher } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { until } from "../../util/until.ts";
import { TrackSpeaker } from "../webrtc/track-speaker.ts";

/** Options of {@link AgentSpeaker}. */
export interface AgentSpeakerOptions {
  readonly deviceId: string;
  readonly echoCancelling: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** An agent that is asked for its picture first takes a second; through a relay, some. */
const readyMs = 8000;

/**
 * The loudspeaker of a camera agent: Opus on the connection by which the hub fetches its picture, from the moment on at which
 * somebody speaks, and only while they do.
 */
export class AgentSpeaker extends TrackSpeaker {
  readonly #changed = new EventTarget();
  readonly #options: AgentSpeakerOptions;
  #session: AskedPublisher | undefined;
  #audible: boolean | undefined;

  constructor(options: AgentSpeakerOptions) {
    const { deviceId, echoCancelling, clock } = options;
    const id = `agent/${deviceId}`;
    super({ id, echoCancelling, clock, ready: (signal) => this.#ready(signal), check: () => this.#check() });
    this.#options = options;
  }

  /** The hub fetches its picture now. */
  begins(session: AskedPublisher): void {
    this.#session = session;
    this.#audible = undefined;
    background(
      session.audible.then((audible) => {
        if (this.#session === session) this.#become(audible);
      }),
      (err) => this.#options.log.error({ err }, "an agent's loudspeaker failed"),
    );
  }

  /** And now no longer. */
  ends(): void {
    this.#session = undefined;
    this.#become(undefined);
  }

  #become(audible: boolean | undefined): void {
    this.#audible = audible;
    this.#changed.dispatchEvent(new Event("change"));
  }

  async #ready(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const error = () => new RecoverableError("cannot play yet: its agent is connecting", { code: "connecting" });
    const deadline = new AbortController();
    using _timer = clock.timer(readyMs, () => deadline.abort());
    const over = AbortSignal.any([signal, deadline.signal]);
    while (this.#audible === undefined) {
      if (deadline.signal.aborted) throw error();
      await until(once(this.#changed, "change", { signal: over }), { signal }).catch((cause: unknown) => {
        if (!deadline.signal.aborted) throw cause;
      });
    }
    this.#check();
  }

  #check(): void {
    if (this.#audible === true) return;
    if (this.#audible === false) {
      throw new RecoverableError("its agent takes no sound at the moment", { code: "no-speaker" });
    }
    throw new RecoverableError("the connection to its agent was lost", { code: "connecting" });
  }
}
