import type { Driver } from "../device/driver.ts";
import type { HubDevice } from "../hub/api.ts";
import { LocalDevice } from "../hub/device.ts";
import { type ResolvedDevice, resolveDevice } from "../hub/device-input.ts";
import type { DeviceInput } from "../hub/device-settings.ts";
import { driverSource } from "../hub/driver-source.ts";
import { openSub } from "../hub/open-sub.ts";
import type { TrackInfo } from "../hub/state.ts";
import { FatalError, isAbort, messageOf, RecoverableError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import type { CommandContext } from "./command.ts";

/** Options of {@link lookAtDevice}. */
export interface LookOptions {
  readonly drivers: readonly Driver[];
  /** Opens a sealed password; the identity for a plain one. */
  readonly unseal: (text: string) => string;
  /** The longest wait for its first picture or sound. */
  readonly timeoutMs: number;
  readonly context: Pick<CommandContext, "clock" | "signal" | "log">;
  /** Everything that the driver does is logged; otherwise only its outcome counts. */
  readonly verbose?: boolean;
}

/** A device that sends; the caller disposes it, which lets go of it. */
export interface LookedAt extends AsyncDisposable {
  readonly device: HubDevice;
  readonly resolved: ResolvedDevice;
  readonly firstFrameMs: number;
}

/** The same answer so often is the answer: trying longer would not change it. */
const sameAnswers = 2;

/**
 * Connects to a device by its own driver, as the hub would, and resolves when it sends. Throws FatalError at once for what only
 * a person can mend, RecoverableError when the same trouble came twice or nothing came in time; the message says why.
 */
export async function lookAtDevice(input: DeviceInput, options: LookOptions): Promise<LookedAt> {
  const { drivers, unseal, context, verbose = false } = options;
  const { clock } = context;
  const log = verbose ? context.log : silentLog;
  const resolved = resolveDevice({ ...input, id: "probe" }, { drivers, unseal, permanent: false, preview: false });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // It may fail after the first picture: then nobody asks any more.
  const driver = telling(resolved.driver, failed.reject);
  const beganUs = clock.nowUs();
  await using opened = new AsyncDisposableStack();
  const memory = new Map<string, unknown>();
  const device = new LocalDevice({
    ...resolved,
    memory,
    sub: openSub(resolved, { memory, clock, log }),
    source: driverSource({ ...resolved, driver, clock, log }),
    clock,
    log,
  });
  opened.defer(() => device.close());
  opened.use(device.demand("viewer"));
  await Promise.race([failed.promise, firstFrame(device, options)]);
  const held = opened.move();
  return {
    device,
    resolved,
    firstFrameMs: Math.round((clock.nowUs() - beganUs) / 1000),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What a device that was looked at is, in a line: "rtsp: h264 640x360, pcma 8000 Hz, a speaker; first in 120 ms". */
export function describeSeen({ device, resolved, firstFrameMs }: LookedAt): string {
  const tracks = device.info().tracks.map(({ codec, widthPx, heightPx, sampleRateHz }) => {
    if (sampleRateHz !== undefined) return `${codec} ${sampleRateHz} Hz`;
    return widthPx === undefined ? codec : `${codec} ${widthPx}x${heightPx}`;
  });
  const speaker = device.info().speaker ? ["a speaker"] : [];
  const picture = device.info().tracks.find(({ kind }) => kind === "video");
  const converted = picture && forBrowsers(picture);
  const seen = `${resolved.driver.kind}: ${[...tracks, ...speaker].join(", ")}; first in ${firstFrameMs} ms`;
  return converted === undefined ? seen : `${seen}; ${converted}`;
}

/** What browsers are shown of a picture that not all of them can show as it comes. */
function forBrowsers({ codec, reordered, withoutKeys }: TrackInfo): string | undefined {
  if (codec === "mjpeg") return "MJPEG is converted for browsers";
  if (reordered) return "its B-frames are converted for browsers";
  if (withoutKeys) return "it sends no key frames and is converted for browsers";
  return codec === "h265" ? "H.265 is converted for browsers that cannot show it" : undefined;
}

/** The same driver, that tells what is no use to be tried again. */
function telling(driver: Driver, tell: (error: Error) => void): Driver {
  const times = new Map<string, number>();
  return {
    ...driver,
    run: async (device, config) => {
      try {
        await driver.run(device, config);
      } catch (error) {
        const message = messageOf(error);
        const count = (times.get(message) ?? 0) + 1;
        times.set(message, count);
        if (error instanceof FatalError) tell(error);
        else if (count >= sameAnswers && !isAbort(error)) tell(new RecoverableError(message, { cause: error }));
        throw error;
      }
    },
  };
}

/** Resolves at the first frame; rejects after the time-out, and when `signal` aborts. */
function firstFrame(device: HubDevice, { timeoutMs, context }: LookOptions): Promise<void> {
  const { clock, signal } = context;
  return new Promise((resolve, reject) => {
    const look = () => device.state.phase === "live" && settle(resolve);
    const listener = device.onChange(look);
    const timer = clock.timer(timeoutMs, () => {
      const why = device.state.error?.message ?? "it sent nothing that can be shown";
      settle(() => reject(new RecoverableError(`no picture within ${timeoutMs / 1000} s: ${why}`)));
    });
    const onAbort = () => settle(() => reject(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (done: () => void) => {
      listener[Symbol.dispose]();
      timer[Symbol.dispose]();
      signal.removeEventListener("abort", onAbort);
      done();
    };
  });
}
