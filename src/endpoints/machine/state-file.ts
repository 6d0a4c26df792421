import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { background } from "../../util/background.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import { Serial } from "../../util/serial.ts";
import { writeFileDurably } from "../../util/write-file.ts";

/** Options of {@link StateFile}. */
export interface StateFileOptions<State> {
  /** Nothing is kept without one. */
  readonly path: string | undefined;
  /** Takes an empty object too: that is what there is at first. */
  readonly schema: z.ZodType<State>;
  readonly onError: (error: unknown) => void;
}

/** The file of what a station keeps, readable by its owner alone, since a token stands in it. */
export class StateFile<State extends object> {
  readonly #options: StateFileOptions<State>;
  readonly #writes = new Serial();
  #state: State;

  /** Reads it; one that is not there is empty. Throws FatalError for one that cannot be read. */
  constructor(options: StateFileOptions<State>) {
    this.#options = options;
    this.#state = readState(options);
  }

  get state(): State {
    return this.#state;
  }

  /** Changes something and writes it, one write after the other. */
  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    background(this.flushed(), this.#options.onError);
  }

  /** Resolves when the state of this moment is on the disk. */
  flushed(): Promise<void> {
    const { path } = this.#options;
    return this.#writes.run(async () => {
      if (path === undefined) return;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      await writeFileDurably(path, `${JSON.stringify(this.#state, undefined, 2)}\n`);
    });
  }
}

function readState<State>({ path, schema }: StateFileOptions<State>): State {
  if (path === undefined) return schema.parse({});
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return schema.parse({});
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new FatalError(`${path} cannot be read: ${why}; remove it to begin anew`, { code: "bad-state", cause });
  }
}
