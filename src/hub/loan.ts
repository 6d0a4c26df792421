import type {
  Command,
  Device,
  DeviceEvent,
  DeviceMemory,
  DriverPhase,
  Speaker,
  TrackWriter,
} from "../device/driver.ts";
import type { Format } from "../media/format.ts";
import type { Clock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { DeviceStatus } from "./device-status.ts";
import type { DeviceTracks } from "./device-tracks.ts";

/** Options of {@link Loan}. */
export interface LoanOptions {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: DeviceMemory;
  readonly status: DeviceStatus;
  readonly tracks: DeviceTracks;
  /** Speaker or tracks changed. */
  readonly onChange: () => void;
  /** Its borrower offered a speaker, perhaps again. Called after `onChange`. */
  readonly onSpeaker: () => void;
  readonly onEvent: (event: DeviceEvent) => void;
  readonly onReady: () => void;
  /** Called once, when nothing of this loan counts any more. */
  readonly onEnd: (loan: Loan) => void;
}

const maxCommands = 32;

type PublishOptions = NonNullable<Parameters<Device["publish"]>[1]>;

/**
 * A `Device` lent to one run of a driver or to one connection. What was lent belongs to the loan: speaker, commands, the
 * writers of its tracks, readiness, the watch over its picture. It ends with its signal or when it is disposed; from then
 * on nothing that its borrower does has an effect, so that an old loan's end changes nothing of a newer one.
 */
export class Loan implements Disposable {
  readonly device: Device;
  #speaker: Speaker | undefined;
  #speakerless = false;
  readonly #over = new AbortController();
  readonly #commands: AsyncQueue<Command>;
  readonly #unanswered = new Set<(error: Error) => void>();
  readonly #pictures = new Set<string>();
  readonly #watch: Disposable;
  readonly #options: LoanOptions;

  constructor(options: LoanOptions) {
    this.#options = options;
    const { id, clock, log, memory, status, onEvent, onReady } = options;
    this.#watch = status.watch();
    this.#commands = new AsyncQueue<Command>({
      max: maxCommands,
      onDrop: (command) => command.failed(new RecoverableError("command dropped: too many are waiting")),
    });
    const whileLent =
      <Args extends unknown[]>(act: (...args: Args) => void) =>
      (...args: Args) => {
        if (this.open) act(...args);
      };
    this.device = {
      id,
      signal: AbortSignal.any([options.signal, this.#over.signal]),
      clock,
      log: log.child({ device: id }),
      memory,
      commands: this.#commands,
      publish: (format, how) => this.#publish(format, { label: "main", sparse: false, alone: false, ...how }),
      offerSpeaker: whileLent((speaker: Speaker | undefined) => this.#offer(speaker)),
      emit: whileLent(onEvent),
      phase: whileLent((phase: DriverPhase) => {
        status.phase = phase;
      }),
      ready: whileLent(onReady),
    };
    options.signal.addEventListener("abort", () => this[Symbol.dispose](), { once: true, signal: this.#over.signal });
    if (options.signal.aborted) this[Symbol.dispose]();
  }

  /** False once it has ended. */
  get open(): boolean {
    return !this.#over.signal.aborted;
  }

  /** The speaker that its borrower offered. */
  get speaker(): Speaker | undefined {
    return this.open ? this.#speaker : undefined;
  }

  /** Its borrower has found that there is no speaker. */
  get speakerless(): boolean {
    return this.open && this.#speakerless;
  }

  /**
   * Gives the borrower a command and resolves with the answer. Throws RecoverableError `lost` when the loan ends before
   * there is one, and what the device answers.
   */
  command(name: string, what: Pick<Command, "payload" | "expiresMs">): Promise<Readonly<Record<string, unknown>>> {
    const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    if (!this.open) reject(lost(name));
    else {
      this.#unanswered.add(reject);
      this.#commands.push({ name, ...what, done: (result) => resolve(result ?? {}), failed: reject });
    }
    return promise.finally(() => this.#unanswered.delete(reject));
  }

  [Symbol.dispose](): void {
    if (!this.open) return;
    this.#over.abort();
    this.#watch[Symbol.dispose]();
    this.#commands.cancel();
    for (const reject of this.#unanswered) reject(lost("command"));
    this.#options.tracks.interrupt();
    this.#options.onEnd(this);
  }

  #offer(speaker: Speaker | undefined): void {
    this.#speaker = speaker;
    this.#speakerless = speaker === undefined;
    this.#options.onChange();
    this.#options.onSpeaker();
  }

  #publish(
    format: Format,
    { label, sparse, alone, wantKeyFrame }: Required<Omit<PublishOptions, "wantKeyFrame">> & PublishOptions,
  ): TrackWriter {
    if (!this.open) return { write: () => {}, updateFormat: () => {}, interrupt: () => {} };
    const { tracks, status, onChange } = this.#options;
    const track = tracks.open(format, label);
    track.alone = alone;
    track.onKeyFrameWanted = wantKeyFrame && (() => this.open && wantKeyFrame());
    if (format.kind === "video") this.#pictures.add(label);
    onChange();
    return {
      write: (frame) => {
        if (!this.open) return;
        track.write(frame);
        // The picture decides whether a device is live; where there is none, the sound.
        if (format.kind === "video" || !(sparse || this.#pictures.has(label))) status.alive();
      },
      updateFormat: (next) => {
        if (!this.open) return;
        track.updateFormat(next);
        onChange();
      },
      interrupt: () => {
        if (this.open) track.interrupt();
      },
    };
  }
}

function lost(name: string): RecoverableError {
  return new RecoverableError(`${name} not answered: the device went away`, { code: "lost" });
}
