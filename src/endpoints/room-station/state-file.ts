import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { background } from "../../util/background.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import { Serial } from "../../util/serial.ts";
import { writeFileDurably } from "../../util/write-file.ts";
import { stationSettingsSchema } from "./settings.ts";

const stateSchema = z.object({
  settings: stationSettingsSchema.prefault({}),
  /** By which the hub knows it; secret. */
  token: z.string().max(128).optional(),
  /** The hub's own certificate authority (PEM). */
  ca: z.string().max(16_384).optional(),
});

/** What a station keeps over restarts. */
export type StationState = z.output<typeof stateSchema>;

/** Options of {@link StateFile}. */
export interface StateFileOptions {
  /** Nothing is kept without one. */
  readonly path: string | undefined;
  readonly onError: (error: unknown) => void;
}

/** The file of what a station keeps, readable by its owner alone, since a token stands in it. */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #writes = new Serial();
  #state: StationState;

  /** Reads it; one that is not there is empty. Throws FatalError for one that cannot be read. */
  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#state = readState(options.path);
  }

  get state(): StationState {
    return this.#state;
  }

  /** Changes something and writes it, one write after the other. */
  set(change: Partial<StationState>): void {
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

function readState(path: string | undefined): StationState {
  if (path === undefined) return stateSchema.parse({});
  try {
    return stateSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return stateSchema.parse({});
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
    throw new FatalError(`${path} cannot be read: ${why}; remove it to begin anew`, { code: "bad-state", cause });
  }
}
