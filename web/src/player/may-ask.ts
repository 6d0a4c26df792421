import type { PageDevice } from "../api.ts";
import { askingKey, isWorthAsking, type Refusal, refusalHoldsMs } from "../pure/asking.ts";

/** What the hub says of a device, and when it says something new. */
export interface AskingOptions {
  /** Undefined where the hub is not told what is looked at, as in a call: its word of the device decides nothing then. */
  readonly device: () => PageDevice | undefined;
  /** Dispatches `device` whenever that is another. */
  readonly changes: EventTarget;
  readonly signal: AbortSignal;
}

/** Waits until the hub says something that makes asking for a picture worth while. */
export async function mayAsk(refusal: Refusal | undefined, options: AskingOptions): Promise<void> {
  const { device, changes, signal } = options;
  if (!device()) return;
  const before = askingKey(device());
  const holdsMs = refusal === undefined ? 0 : refusalHoldsMs(refusal);
  const untilMs = holdsMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + holdsMs;
  const ready = () =>
    isWorthAsking(device()) && (performance.now() >= untilMs || (refusal !== "busy" && askingKey(device()) !== before));
  while (!signal.aborted && !ready()) await somethingNew(changes, { ms: untilMs - performance.now(), signal });
}

/** Resolves when the hub says something of the device, after `ms`, or when `signal` aborts. */
function somethingNew(
  changes: EventTarget,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
): Promise<void> {
  const over = new AbortController();
  return new Promise<void>((resolve) => {
    const once = { signal: over.signal };
    const done = () => resolve();
    changes.addEventListener("device", done, once);
    signal.addEventListener("abort", done, once);
    if (ms > 0 && Number.isFinite(ms)) AbortSignal.timeout(ms).addEventListener("abort", done, once);
  }).finally(() => over.abort());
}
