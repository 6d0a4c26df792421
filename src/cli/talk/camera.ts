import type { DeviceMemory } from "../../device/driver.ts";
import { matchRate, openWithProfile } from "../../drivers/yoosee/speaker.ts";
import { playTurn, type TurnResult } from "../../drivers/yoosee/turn.ts";
import type { Frame } from "../../media/frame.ts";
import { backoffDelayMs } from "../../util/backoff.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import type { CommandContext } from "../command.ts";
import type { TalkArguments, TalkCamera } from "./arguments.ts";
import type { TalkDisplay } from "./display.ts";
import type { TalkSource } from "./source.ts";

/** Options of {@link playTo}. */
export interface PlayOptions extends Pick<CommandContext, "clock" | "log" | "signal"> {
  readonly args: TalkArguments;
  readonly source: TalkSource;
  readonly frames: AsyncIterable<Frame>;
  readonly display: TalkDisplay;
}

/**
 * Plays `frames` through one camera. One that vanishes while it speaks is tried again for `--reconnect` seconds, and
 * the sound goes on where it was. Throws what ended it for good.
 */
export async function playTo(camera: TalkCamera, options: PlayOptions): Promise<TurnResult> {
  const { clock, signal, display, args } = options;
  const frames = resumable(options.frames);
  const memory: DeviceMemory = new Map();
  let lostUs = Number.NEGATIVE_INFINITY;
  for (let attempt = 0; ; attempt++) {
    const opened = Promise.withResolvers<void>();
    const attemptEnded = playOnce(camera, { ...options, frames: frames.share(), memory, onOpened: opened.resolve });
    const spoke = await Promise.race([
      opened.promise.then(() => true),
      attemptEnded.then(
        () => true,
        () => false,
      ),
    ]);
    try {
      return await attemptEnded;
    } catch (error) {
      if (spoke) {
        lostUs = clock.nowUs();
        attempt = 0;
      }
      const patient = clock.nowUs() - lostUs < args.reconnectS * 1e6;
      if (signal.aborted || !patient || !mayReturn(error)) {
        frames.leave();
        throw error;
      }
      if (spoke) display.tell({ event: "lost", camera: camera.name, message: messageOf(error) });
      await clock.sleep(backoffDelayMs(attempt, { firstMs: 250, maxMs: 2000 }), signal);
    }
  }
}

type OnceOptions = PlayOptions & { readonly memory: DeviceMemory; readonly onOpened: () => void };

async function playOnce(camera: TalkCamera, options: OnceOptions): Promise<TurnResult> {
  const { args, source, display, clock, log, signal, memory } = options;
  const target = { host: camera.host, port: camera.port, path: args.path };
  using connection = await openWithProfile({
    target,
    profile: args.profile,
    reopenMs: args.reopenMs,
    memory,
    clock,
    log,
    signal,
  });
  const { profile, roundTripMs } = connection;
  options.onOpened();
  display.tell({ event: "opened", camera: camera.name, profile: profile.name, roundTripMs });
  const sound = matchRate({ frames: options.frames, format: source.format }, args.rateHz ?? profile.rateHz);
  return await playTurn(connection, sound.frames, {
    format: sound.format,
    live: source.live,
    target: { ...target, profile },
    clock,
    log,
    signal,
    onReport: (report) => display.progress(camera.name, report),
  });
}

function mayReturn(error: unknown): boolean {
  return error instanceof DoorwardError && ["lost", "no-answer", "unreachable"].includes(error.code);
}

interface Resumable<T> {
  /** The rest of the stream; whoever stops reading it leaves it where it is. */
  share(): AsyncIterable<T>;
  /** Lets the stream go for good. */
  leave(): void;
}

function resumable<T>(items: AsyncIterable<T>): Resumable<T> {
  const iterator = items[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<T>> | undefined;
  const next = () => {
    pending ??= iterator.next();
    const step = pending;
    return step.then((result) => {
      if (pending === step) pending = undefined;
      return result;
    });
  };
  return {
    share: () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
    leave: () => {
      next().then(
        () => iterator.return?.(),
        () => {},
      );
    },
  };
}
