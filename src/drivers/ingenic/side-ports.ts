import type { Device } from "../../device/driver.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, isAbort } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { fetchHealth } from "./health.ts";
import { serveSound } from "./sound.ts";

/** How long until a port beside the picture's is asked again, whether it was lost or (health) read. */
const againMs = 10_000;

/** Options of {@link startSidePorts}. */
export interface SidePortsOptions {
  readonly host: string;
  readonly soundPort?: number;
  readonly healthPort?: number;
  readonly token?: string;
  readonly echoCancelling: boolean;
}

/** Sound and health beside a picture. Disposing ends them and waits until they have let go. */
export interface SidePorts extends AsyncDisposable {
  /** Aborts when the device is to be let go of, or a side port failed in a way that is our own fault. */
  readonly signal: AbortSignal;
  /** The first picture came: the address and the token are right, so that the other ports are worth asking. */
  pictureCame(): void;
}

/** Serves the hook's other ports for as long as there is a picture. Their trouble never costs the picture. */
export function startSidePorts(device: Device, options: SidePortsOptions): SidePorts {
  const over = new AbortController();
  const signal = AbortSignal.any([device.signal, over.signal]);
  const { host, token, soundPort, healthPort, echoCancelling } = options;
  const { clock, log } = device;
  const running: Promise<void>[] = [];
  const keep = (name: string, run: (works: () => void) => Promise<void>) => {
    const kept = again(run, { name, clock, log, signal });
    kept.catch(() => over.abort());
    running.push(kept);
  };
  return {
    signal,
    pictureCame: () => {
      if (soundPort !== undefined) {
        keep("sound", (works) =>
          serveSound(device, { host, port: soundPort, token, echoCancelling, signal, onServed: works }),
        );
      }
      if (healthPort !== undefined) {
        keep("health", async (works) => {
          const values = await fetchHealth({ host, port: healthPort, token, clock, signal });
          if (!values) return;
          works();
          device.emit({ type: "health", values });
        });
      }
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.all(running);
    },
  };
}

/**
 * Runs a port's part again and again, 10 s apart, until `signal` aborts. Trouble is logged when it begins and when it
 * ends. Throws only what is no DoorwardError.
 */
async function again(
  run: (works: () => void) => Promise<void>,
  options: { readonly name: string; readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const { name, clock, log, signal } = options;
  let failures = 0;
  const works = () => {
    if (failures > 0) log.info({ failures }, `${name} is back`);
    failures = 0;
  };
  try {
    while (!signal.aborted) {
      try {
        await run(works);
      } catch (error) {
        if (!(error instanceof DoorwardError)) throw error;
        if (failures++ === 0) log.warn({ code: error.code, err: error }, `no ${name}: ${error.message}`);
      }
      await clock.sleep(againMs, signal);
    }
  } catch (error) {
    if (!signal.aborted || !isAbort(error)) throw error;
  }
}
