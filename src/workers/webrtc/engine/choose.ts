import type { Clock } from "../../../util/clock.ts";
import { DoorwardError, FatalError, messageOf } from "../../../util/errors.ts";
import type { Log } from "../../../util/log.ts";
import type { ChildLink } from "../../child-link.ts";
import type { FromChild, ToChild } from "../messages.ts";
import { startEngine } from "./link.ts";
import { type EngineProgram, enginePackage, findEngine } from "./program.ts";

/** Which child serves viewers: `auto` is the native engine wherever it can be. */
export type EngineChoice = "auto" | "native" | "node";

/** Options of {@link EngineChooser}. */
export interface EngineChooserOptions {
  readonly engine: EngineChoice;
  readonly iceServers: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Looks for the program; {@link findEngine} by default. */
  readonly find?: () => EngineProgram | undefined;
}

/** Decides at each start of the WebRTC worker which child it is. */
export class EngineChooser {
  /** Which child was started last. */
  opened: "native" | "node" = "node";
  #program: EngineProgram | undefined;
  /** A program that did not start is not tried again until another one stands there. */
  #broken: string | undefined;
  readonly #options: EngineChooserOptions;

  constructor(options: EngineChooserOptions) {
    this.#options = options;
  }

  /** Starts the native engine; undefined when the child in TypeScript is to serve. Throws FatalError `engine-missing`. */
  open(): ChildLink<ToChild, FromChild> | undefined {
    this.#program = this.#choose();
    this.opened = this.#program ? "native" : "node";
    return this.#program && startEngine({ program: this.#program.path, clock: this.#options.clock });
  }

  /** True when the worker did not start because of the engine, and another child is to be tried. */
  giveUp(error: unknown): boolean {
    const failed = error instanceof DoorwardError && error.code === "worker-start" && this.#program !== undefined;
    if (!failed || this.#options.engine === "native") return false;
    this.#broken = this.#program?.version;
    this.#options.log.warn(
      { program: this.#program?.path },
      `the WebRTC engine does not start (${messageOf(error)}): the part in TypeScript serves instead`,
    );
    return true;
  }

  #choose(): EngineProgram | undefined {
    const { engine, iceServers, find = findEngine } = this.#options;
    // The engine finds its way through NATs by itself, but asks for no relay.
    if (engine === "node" || (engine === "auto" && iceServers.some((server) => /^turns?:/.test(server))))
      return undefined;
    const found = find();
    if (found && found.version !== this.#broken) return found;
    if (engine === "auto") return undefined;
    throw new FatalError(
      `webrtc.engine is "native", but there is no engine for this machine (${enginePackage}): ` +
        'build it with "npm run engine", which needs Go, or set "auto"',
      { code: "engine-missing" },
    );
  }
}
