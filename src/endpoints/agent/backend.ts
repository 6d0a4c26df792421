import type { IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { z } from "zod";
import { readMessage, writeMessage } from "../../protocols/signalling/envelope.ts";
import { signallingCloses, signallingLimits } from "../../protocols/signalling/limits.ts";
import { type fromAgent, type MessageOf, toAgent } from "../../protocols/signalling/messages.ts";
import { background } from "../../util/background.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, isAbort } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { networkReason } from "../../util/network-reason.ts";
import { isUntrusted, untrustedText } from "../../util/untrusted.ts";
import { refusalOf } from "./upgrade-refusal.ts";

/** How the connection to the backend stands. */
export type BackendState = { readonly state: "connected" } | BackendWaiting;

/** Not there: tried again after `retryMs`. */
export interface BackendWaiting {
  readonly state: "waiting";
  readonly why: string;
  readonly retryMs: number;
  /** True where only a person can mend it. */
  readonly person: boolean;
  /** False where the same was told the time before, and only a person can mend it: to be said once. */
  readonly news: boolean;
}

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
  /** Certificate authorities (PEM) in place of the system's. */
  readonly ca?: string | undefined;
  readonly onMessage: (message: MessageOf<typeof toAgent>) => void;
  /** The connection is gone, with all sessions. */
  readonly onLost: () => void;
  readonly onState: (state: BackendState) => void;
  readonly clock: Clock;
  readonly random?: () => number;
}

const quick = { firstMs: 1000, maxMs: 60_000 } as const;
/** Closes that only a person can do something about. */
const personal: readonly number[] = [signallingCloses.refused, signallingCloses.replaced, signallingCloses.pending];
/** What only a person can mend is not asked for each second. */
const patient = { firstMs: 30_000, maxMs: 60_000 } as const;

interface Ended {
  readonly why: string;
  readonly person: boolean;
  /** It was let in before. */
  readonly accepted: boolean;
}

/** What becomes known of one connection while it lasts. */
interface Course {
  accepted: boolean;
  heardUs: number;
  /** Why it ended, or will. */
  refusal: string;
  person: boolean;
}

/** The agent's connection to its backend, made again whenever it is lost: after 1 s, then twice that, at most a minute. */
export class Backend {
  readonly #options: BackendOptions;
  #socket: WebSocket | undefined;
  /** Another agent of its name took its place: it does not take it back. */
  #yields = false;

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
    let said: string | undefined;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const { why, person, accepted } = await this.#connect(signal);
      onLost();
      if (signal.aborted) return;
      // Only an accepted hello shows that the backend is well: the waits begin anew.
      if (accepted) attempt = 0;
      const retryMs = backoffDelayMs(attempt, { ...(person ? patient : quick), ...(random && { random }) });
      onState({ state: "waiting", why, retryMs, person, news: accepted || !person || why !== said });
      said = why;
      await clock.sleep(retryMs, signal).catch((error: unknown) => {
        if (!isAbort(error)) throw error;
      });
    }
  }

  #connect(signal: AbortSignal): Promise<Ended> {
    const { url, clock, ca } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const socket = new WebSocket(url, {
      handshakeTimeout: 10_000,
      maxPayload: signallingLimits.messageBytes,
      ...(ca !== undefined && { ca }),
    });
    this.#socket = socket;
    const course: Course = { accepted: false, heardUs: clock.nowUs(), refusal: "", person: false };
    const held = new DisposableStack();
    const stop = () => socket.close(1000);
    signal.addEventListener("abort", stop, { once: true });
    held.defer(() => signal.removeEventListener("abort", stop));
    held.use(every(clock, signallingLimits.heartbeatMs, () => this.#beat(socket, course)));
    this.#listen(socket, course);
    socket.once("close", (code, reason) => {
      held.dispose();
      if (code === signallingCloses.replaced) this.#yields = true;
      resolve(endOf(course, { code, reason: String(reason) }));
    });
    return promise;
  }

  #listen(socket: WebSocket, course: Course): void {
    const { clock } = this.#options;
    socket.on("open", () => this.#greet());
    socket.on("ping", () => {
      course.heardUs = clock.nowUs();
    });
    socket.on("message", (data) => {
      course.heardUs = clock.nowUs();
      this.#receive(String(data), course);
    });
    socket.on("unexpected-response", (_request, response: IncomingMessage) => {
      const told = refusalOf(response).then(({ why, person }) => {
        course.refusal = why;
        course.person = person;
      });
      background(
        told.finally(() => socket.terminate()),
        () => {}, // the answer broke off: as good as none
      );
    });
    socket.on("error", (error) => {
      course.refusal ||= isUntrusted(error) ? untrustedText : networkReason(error);
      course.person ||= isUntrusted(error);
    });
  }

  #receive(text: string, course: Course): void {
    const message = this.#read(text);
    if (message?.type === "error" && !course.accepted) course.refusal = message.payload.message;
    if (message?.type === "hello_ack" && !course.accepted) {
      course.accepted = true;
      this.#yields = false;
      this.#options.onState({ state: "connected" });
    }
    if (message && course.accepted) this.#options.onMessage(message);
  }

  #beat(socket: WebSocket, { heardUs }: Course): void {
    if (this.#options.clock.nowUs() - heardUs > signallingLimits.silenceMs * 1000) socket.terminate();
    else this.say("heartbeat", {});
  }

  #greet(): void {
    const { deviceId, name, token, claims, speaker } = this.#options;
    this.say("hello", {
      device_id: deviceId,
      ...(name !== undefined && { device_name: name }),
      ...(token !== undefined && { token, claims }),
      ...(this.#yields && { yields: true }),
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

/** Why it is over. A close code that refuses, and a certificate or an answer that does, are a person's to mend. */
function endOf(
  { accepted, refusal, person }: Course,
  { code, reason }: { readonly code: number; readonly reason: string },
): Ended {
  const refused = personal.includes(code);
  // A refusal has told more by its message; once it was let in, what closes it says why.
  const why = (accepted && reason) || refusal || reason || "the connection was closed";
  return { why, person: person || refused, accepted };
}
