import type { Can } from "./abilities.ts";
import type { Loan } from "./loan.ts";
import type { Loss } from "./supervise.ts";

/**
 * Where a device's media comes from: a driver under supervision, or a connection that arrived. Owned by the hub's
 * device, which disposes it.
 */
export interface DeviceSource extends AsyncDisposable {
  /** The driver's kind, or the arrival's. */
  readonly kind: string;
  /** What every device of this kind can do, or cannot, where that is sure. */
  readonly can?: Partial<Can> | undefined;
  /** What the device is while nothing is lent and nothing is under way. */
  readonly atRest: "idle" | "away";
  /** Whether anybody wants the device now. A source that is called follows at once; one that arrives ignores it. */
  want(wanted: boolean): void;
  /** Whether people look at it: one that is called waits less then, and none at all when somebody has just come. */
  watched(watched: boolean): void;
  /** Lets go of the device and begins again where it is wanted; resolves when it has let go. */
  restart(): Promise<void>;
}

/** What a source borrows from its device, and tells it. */
export interface SourceHost {
  /** Lends the device to one run or one connection; whatever was lent before ends. */
  lend(signal: AbortSignal, hooks?: { readonly ready?: () => void }): Loan;
  /** A run begins, or is about to. */
  connecting(): void;
  /** Nothing is lent any more, on purpose. */
  rested(): void;
  /** A run failed. */
  lost(loss: Loss): void;
}

/** Makes the source of one device. */
export type MakeSource = (host: SourceHost) => DeviceSource;
