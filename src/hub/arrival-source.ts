import type { Device } from "../device/driver.ts";
import { FatalError, RecoverableError } from "../util/errors.ts";
import { arrivalAbilities, isArrivalKind } from "./arrival-kinds.ts";
import type { Loan } from "./loan.ts";
import type { DeviceSource, SourceHost } from "./source.ts";

/**
 * A source that calls the hub: the connection that arrived last has the device. A newer one takes it over, or is refused
 * while the first is there; the end of an old one changes nothing of a newer one.
 */
export class ArrivalSource implements DeviceSource {
  readonly atRest = "away";
  readonly kind: string;
  readonly can: DeviceSource["can"];
  #loan: Loan | undefined;
  #closed = false;
  #wanted = false;
  /** Tells the connection that has the device. */
  #tell: ((wanted: boolean) => void) | undefined;
  readonly #host: SourceHost;

  constructor(host: SourceHost, kind: string) {
    this.#host = host;
    this.kind = kind;
    this.can = isArrivalKind(kind) ? arrivalAbilities[kind] : undefined;
  }

  /** True while a connection has the device. */
  get present(): boolean {
    return this.#loan !== undefined;
  }

  /** A device that calls cannot be called, but it may be told: one that sends when somebody watches. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#tell?.(wanted);
  }

  /** It comes when it comes. */
  watched(): void {}

  /**
   * Lends the device to a connection until `signal` aborts; the device's own signal aborts when the connection is to end.
   * Throws FatalError `taken` when another has the device and is not to be replaced, RecoverableError `closing`, and
   * `hung-up` when the signal has aborted: whoever is gone takes nothing from whoever is there. `onWanted` is told whether
   * anybody wants the device: soon, and at each change while it is lent.
   */
  admit(
    signal: AbortSignal,
    how: { readonly takeOver: boolean; readonly onWanted?: ((wanted: boolean) => void) | undefined },
  ): Device {
    this.refuseTaken(how);
    if (signal.aborted) throw new RecoverableError("the device hung up before it was let in", { code: "hung-up" });
    this.#loan = undefined;
    const loan = this.#host.lend(signal);
    this.#loan = loan;
    this.#host.connecting();
    loan.device.signal.addEventListener("abort", () => this.#left(loan), { once: true });
    const tell = (wanted: boolean) => {
      if (loan.open) how.onWanted?.(wanted);
    };
    this.#tell = tell;
    queueMicrotask(() => this.#wanted && tell(true));
    return loan.device;
  }

  /** Throws what {@link admit} would throw now for a new connection; changes nothing. */
  refuseTaken({ takeOver }: { readonly takeOver: boolean }): void {
    if (this.#closed) throw new RecoverableError("the device is being changed: call again", { code: "closing" });
    if (this.#loan && !takeOver) {
      throw new FatalError("refused: another connection has this device", { code: "taken" });
    }
  }

  /** Ends the present connection; it calls again or not. */
  hangUp(): void {
    this.#loan?.[Symbol.dispose]();
  }

  async restart(): Promise<void> {
    this.hangUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.hangUp();
  }

  #left(loan: Loan): void {
    if (this.#loan !== loan) return;
    this.#loan = undefined;
    this.#host.rested();
  }
}
