import WebSocket from "ws";
import type { z } from "zod";
import { readMessage, writeMessage } from "../../protocols/signalling/envelope.ts";
import { signallingCloses, signallingLimits } from "../../protocols/signalling/limits.ts";
import { type fromAgent, type MessageOf, toAgent } from "../../protocols/signalling/messages.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, isAbort, messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { networkReason } from "../../util/network-reason.ts";

/** How the connection to the backend stands. */
export type BackendState =
  | { readonly state: "connected" }
  /** Not there: tried again after `retryMs`. `person` is true where only a person can mend it. */
  | { readonly state: "waiting"; readonly why: string; readonly retryMs: number; readonly person: boolean };

/** What an agent says. */
export type AgentSays = <Type extends keyof typeof fromAgent>(
  type: Type,
  payload: z.input<(typeof fromAgent)[Type]>,
) => void;

/** Options of {@link Backend}. */
export interface BackendOptions {
  /** `ws://host:8000/ws/device`. */
  readonly url: string;
  readonly deviceId: string;
  readonly name: string | undefined;
  readonly token: string | undefined;
  /** The token was made by this agent itself. */
  readonly claims: boolean;
  /** What it plays sound by, where it does. */
  readonly speaker?: { readonly echoCancelling: boolean } | undefined;
  readonly onMessage: (message: MessageOf<typeof toAgent>) => void;
  /** The connection is gone, with all sessions. */
  readonly onLost: () => void;
  readonly onState: (state: BackendState) => void;
  readonly clock: Clock;
  readonly random?: () => number;
}

const quick = { firstMs: 1000, maxMs: 60_000 } as const;
/** What only a person can mend is not asked for each second. */
const patient = { firstMs: 30_000, maxMs: 60_000 } as const;

interface Ended {
  readonly why: string;
  readonly person: boolean;
  /** It was let in before. */
  readonly accepted: boolean;
}

/** The agent's connection to its backend, made again whenever it is lost: after 1 s, then twice that, at most a minute. */
export class Backend {
  readonly #options: BackendOptions;
  #socket: WebSocket | undefined;

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  /** Tells the backend something, if it is there. */
  readonly say: AgentSays = (type, payload) => {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    const wallMs = this.#options.clock.wallMs();
    socket.send(writeMessage<typeof fromAgent, typeof type>(type, payload, { wallMs }));
  };

  /** Keeps it up until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onState, onLost } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const { why, person, accepted } = await this.#connect(signal);
      onLost();
      if (signal.aborted) return;
      // Only an accepted hello shows that the backend is well: the waits begin anew.
      if (accepted) attempt = 0;
      const retryMs = backoffDelayMs(attempt, { ...(person ? patient : quick), ...(random && { random }) });
      onState({ state: "waiting", why, retryMs, person });
      await clock.sleep(retryMs, signal).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    }
  }

  #connect(signal: AbortSignal): Promise<Ended> {
    const { url, clock } = this.#options;
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { handshakeTimeout: 10_000, maxPayload: signallingLimits.messageBytes });
      this.#socket = socket;
      using held = new DisposableStack();
      let [accepted, heardUs, refusal] = [false, clock.nowUs(), ""];
      const stop = () => socket.close(1000);
      signal.addEventListener("abort", stop, { once: true });
      const owned = held.move();
      owned.use(
        every(clock, signallingLimits.heartbeatMs, () => {
          if (clock.nowUs() - heardUs > signallingLimits.silenceMs * 1000) socket.terminate();
          else this.say("heartbeat", {});
        }),
      );
      socket.on("open", () => this.#greet());
      socket.on("ping", () => {
        heardUs = clock.nowUs();
      });
      socket.on("message", (data) => {
        heardUs = clock.nowUs();
        const message = this.#read(String(data));
        if (message?.type === "error") refusal = message.payload.message;
        if (message?.type === "hello_ack" && !accepted) {
          accepted = true;
          this.#options.onState({ state: "connected" });
        }
        if (message && accepted) this.#options.onMessage(message);
      });
      socket.on("error", (error) => {
        refusal ||= networkReason(error) ?? messageOf(error);
      });
      socket.once("close", (code, reason) => {
        owned.dispose();
        signal.removeEventListener("abort", stop);
        const person = Object.values<number>(signallingCloses).includes(code);
        const why = (code === signallingCloses.replaced && String(reason)) || refusal || String(reason);
        resolve({ why: why || "the connection was closed", person, accepted });
      });
    });
  }

  #greet(): void {
    const { deviceId, name, token, claims, speaker } = this.#options;
    this.say("hello", {
      device_id: deviceId,
      ...(name !== undefined && { device_name: name }),
      ...(token !== undefined && { token, claims }),
      ...(speaker && { speaker: true, echo_cancelling: speaker.echoCancelling }),
    });
  }

  #read(text: string): MessageOf<typeof toAgent> | undefined {
    try {
      return readMessage(text, toAgent);
    } catch (error) {
      if (!(error instanceof DoorwardError)) throw error;
      return undefined; // of a backend that is newer, or wrong
    }
  }
}
