import { Worker } from "node:worker_threads";
import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import type { Log } from "../../util/log.ts";
import type { Destination, FromPace, PaceData, TalkWriting, ToPace } from "./messages.ts";

export type { Destination, TalkWriting } from "./messages.ts";

/** What was sent of a talk. */
export interface TalkSent {
  readonly sent: number;
  /** Packets dropped because they came faster than they sound. */
  readonly dropped: number;
}

/** One talk on its way to stations. */
export interface PacedTalk {
  /** Resolves when all of it has left, the trail-out too, or the thread is gone. */
  readonly over: Promise<TalkSent>;
  /** One Opus packet of 20 ms, undefined for one that was lost before; it leaves at its turn. Never waits. */
  push(opus: Uint8Array | undefined): void;
  /** From now on it goes to these. */
  retarget(to: readonly Destination[]): void;
  /** The group has another key: the next packet is signed under it. */
  rekey(group: RoomGroupKey): void;
  /** What was pushed still leaves. */
  finish(): void;
  /** What was pushed and has not left is thrown away, and nothing follows. */
  cut(): void;
}

/** Options of {@link PaceThread}. */
export interface PaceThreadOptions {
  readonly log: Log;
}

interface Running {
  readonly over: PromiseWithResolvers<TalkSent>;
}

/**
 * The 20 ms clock of what is sent to room stations: a thread of its own, so that neither a busy hub nor a burst of a
 * talker's network makes it late. It starts with the first talk, or before.
 */
export class PaceThread implements AsyncDisposable {
  readonly #talks = new Map<number, Running>();
  readonly #options: PaceThreadOptions;
  #thread: Worker | undefined;
  #last = 0;
  readonly #bed = new Int32Array(new SharedArrayBuffer(4));

  constructor(options: PaceThreadOptions) {
    this.#options = options;
  }

  /** Starts the thread, which takes a tenth of a second: no first word needs to wait for it. */
  warm(): void {
    this.#thread ??= this.#start();
  }

  /** Begins a talk: its lead-in leaves at once. */
  begin(to: readonly Destination[], writing: TalkWriting): PacedTalk {
    const talk = ++this.#last;
    const over = Promise.withResolvers<TalkSent>();
    let words = 0;
    this.#talks.set(talk, { over });
    this.#tell({ type: "begin", talk, to, writing });
    return {
      over: over.promise,
      push: (opus) => {
        this.#tell({ type: "packet", talk, opus });
        if (words++ === 0) Atomics.notify(this.#bed, 0);
      },
      retarget: (now) => this.#tell({ type: "retarget", talk, to: now }),
      rekey: (group) => this.#tell({ type: "rekey", talk, group }),
      finish: () => this.#tell({ type: "finish", talk }),
      cut: () => this.#tell({ type: "cut", talk }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (!thread) return;
    const gone = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
    // Somebody waits for it now.
    thread.ref();
    thread.postMessage({ type: "close" } satisfies ToPace);
    await gone;
    this.#lose();
  }

  #tell(message: ToPace): void {
    if (message.type === "begin") this.warm();
    this.#thread?.postMessage(message);
  }

  #start(): Worker {
    const { log } = this.#options;
    const file = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
    const thread = new Worker(new URL(file, import.meta.url), {
      workerData: { bed: this.#bed } satisfies PaceData,
      execArgv: process.execArgv.filter((argument) => argument.startsWith("--disable-warning")),
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    thread.unref();
    thread.on("message", (message: FromPace) => this.#hear(message));
    const ended = (error: unknown) => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      log.error({ err: error }, "the clock of the room stations ended; it starts again with the next talk");
      this.#lose();
    };
    thread.on("error", ended);
    thread.on("exit", () => ended(new Error("it ended by itself")));
    return thread;
  }

  #hear(message: FromPace): void {
    if (message.type === "trouble") {
      const { address, message: why } = message;
      this.#options.log.warn({ address }, `cannot send to ${address}: ${why}`);
      return;
    }
    const { talk, sent, dropped } = message;
    this.#talks.get(talk)?.over.resolve({ sent, dropped });
    this.#talks.delete(talk);
  }

  #lose(): void {
    for (const { over } of this.#talks.values()) over.resolve({ sent: 0, dropped: 0 });
    this.#talks.clear();
  }
}
