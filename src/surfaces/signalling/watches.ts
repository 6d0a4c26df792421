import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { signallingLimits } from "../../protocols/signalling/limits.ts";
import type { fromViewer } from "../../protocols/signalling/messages.ts";
import type { Clock } from "../../util/clock.ts";

/** A candidate, or null for the end of them. */
export type Candidate = z.output<(typeof fromViewer)["signal_ice"]>["candidate"];

/** Why a session is over, as both ends are told; the first two are the seed's. */
export type WatchEnd =
  | "viewer_disconnected"
  | "device_disconnected"
  | "user_ended"
  | "timeout"
  | "rights_changed"
  | "error";

/** One end of watch sessions: a viewer's connection, an agent's, or the hub in place of either. */
export interface WatchEndpoint {
  /** The other end's session description: an offer to the agent's end, an answer to the viewer's. */
  description(watch: Watch, sdp: string): void;
  candidate(watch: Watch, candidate: Candidate): void;
  ended(watch: Watch, reason: WatchEnd): void;
}

/** A session: from the request to watch until either end leaves. */
export interface Watch {
  /** Not to be guessed; known to both ends only. */
  readonly id: string;
  readonly deviceId: string;
  readonly viewer: WatchEndpoint;
  readonly agent: WatchEndpoint;
}

/** Options of {@link Watches}. */
export interface WatchesOptions {
  readonly clock: Clock;
}

interface Open extends Watch {
  /** Until it was answered. */
  readonly pending: Disposable;
}

/**
 * All watch sessions. A message counts only from the two ends of its session: any other one asks about a session that does
 * not exist. A session that was not answered in time is over at both ends.
 */
export class Watches implements Disposable {
  readonly #open = new Map<string, Open>();
  readonly #clock: Clock;

  constructor({ clock }: WatchesOptions) {
    this.#clock = clock;
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  begin(watch: Omit<Watch, "id">): Watch {
    const id = randomUUID();
    const pending = this.#clock.timer(signallingLimits.pendingMs, () => this.end(id, "timeout"));
    const open = { ...watch, id, pending };
    this.#open.set(id, open);
    return open;
  }

  /** It was answered: from now on it lasts as long as both ends do. */
  answered(id: string): void {
    this.#open.get(id)?.pending[Symbol.dispose]();
  }

  /** Ends a session; both ends are told, but for the one that asked. */
  end(id: string, reason: WatchEnd, by?: WatchEndpoint): void {
    const watch = this.#open.get(id);
    if (!watch) return;
    this.#open.delete(id);
    watch.pending[Symbol.dispose]();
    for (const one of [watch.viewer, watch.agent]) if (one !== by) one.ended(watch, reason);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#open.keys()]) this.end(id, "error");
  }
}
