import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import { networkReason } from "../../util/network-reason.ts";

const connectMs = 5000;
/** A little less than the 10 s within which silence must be noticed. */
const silenceMs = 8000;
/** A peer that is gone is noticed by keep-alive where nothing is sent for long. */
const keepAliveMs = 10_000;

/** Options of {@link connect}. */
export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  /** What is expected, for messages: "video" by default. Silence is a fault in video only. */
  readonly media?: "video" | "sound" | "health";
  /** Sent as a line of its own before anything else. */
  readonly token?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** An open connection to one of a camera's ports. Its owner disposes it, which closes it at once. */
export interface StreamConnection extends AsyncDisposable {
  /**
   * What the camera sends, until the signal aborts. Throws RecoverableError `silent` after 8 s without a byte of video,
   * `closed` or `lost` when the camera ends the connection, FatalError `wrong-password` when it does so at once after
   * the token.
   */
  chunks(): AsyncGenerator<Uint8Array, void, void>;
  /** Sends bytes. A promise is back-pressure; it resolves when there is room again, or when the connection is gone. */
  write(bytes: Uint8Array): undefined | Promise<void>;
}

/**
 * Connects within 5 s. Throws RecoverableError `unreachable` or `timeout`. An abort gives a connection without chunks.
 */
export async function connect(options: ConnectOptions): Promise<StreamConnection> {
  const { host, port } = options;
  const alive = { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  const socket = createConnection({ host, port, noDelay: true, ...alive });
  const context = { ...options, where: `${host} port ${port}`, media: options.media ?? "video" };
  try {
    await opened(socket, context);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  if (options.token !== undefined) socket.write(`${options.token}\n`);
  return {
    chunks: () => readChunks(socket, context),
    write: (bytes) => (socket.write(bytes) ? undefined : drained(socket)),
    [Symbol.asyncDispose]: async () => {
      if (socket.closed) return;
      const closed = once(socket, "close");
      socket.destroy();
      await closed;
    },
  };
}

type Context = ConnectOptions & { readonly where: string; readonly media: string };

async function opened(socket: Socket, context: Context): Promise<void> {
  const limit = new AbortController();
  using _timer = context.clock.timer(connectMs, () => limit.abort());
  try {
    await once(socket, "connect", { signal: AbortSignal.any([limit.signal, context.signal]) });
  } catch (error) {
    if (context.signal.aborted) return;
    const code = limit.signal.aborted ? "timeout" : "unreachable";
    const reason = limit.signal.aborted ? `no answer within ${connectMs / 1000} s` : networkReason(error);
    throw new RecoverableError(`connecting to ${context.where} failed: ${reason}`, { code, cause: error });
  }
}

function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}

async function* readChunks(socket: Socket, context: Context): AsyncGenerator<Uint8Array, void, void> {
  const { clock, signal, where, media } = context;
  const silent = new RecoverableError(`no ${media} from ${where} for ${silenceMs / 1000} s`, { code: "silent" });
  const silence = () => (media === "video" ? clock.timer(silenceMs, () => socket.destroy(silent)) : undefined);
  const onAbort = () => socket.destroy();
  let watch = silence();
  let received = false;
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) socket.destroy();
  try {
    for await (const chunk of socket) {
      watch?.[Symbol.dispose]();
      watch = silence();
      received = true;
      yield chunk as Uint8Array;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error === silent) throw silent;
    if (received)
      throw new RecoverableError(`connection to ${where} lost: ${(error as Error).message}`, {
        code: "lost",
        cause: error,
      });
  } finally {
    watch?.[Symbol.dispose]();
    signal.removeEventListener("abort", onAbort);
  }
  if (!signal.aborted) throw endOf(context, received);
}

/** Why a camera that takes one viewer at a time, and perhaps wants a token, ends a connection. */
function endOf(context: Context, received: boolean): Error {
  const { where, media } = context;
  if (received) {
    return new RecoverableError(`${where} ended the stream: it restarts, or another viewer took it over`, {
      code: "closed",
    });
  }
  if (context.token !== undefined) {
    return new FatalError(`${where} refused the token, or this machine's address`, { code: "wrong-password" });
  }
  return new RecoverableError(`${where} closed before any ${media}: it may want a token`, { code: "closed" });
}
