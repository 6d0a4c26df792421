import { connect } from "node:net";
import type { Clock } from "../util/clock.ts";

/** Where cameras serve their pictures. */
export const rtspPorts: readonly number[] = [554, 8554];

/** At most so many connections are under way at once, and so many begin a second. */
const atOnce = 128;
const perSecond = 400;
const patienceMs = 700;

/** Options of {@link sweep}. */
export interface SweepOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A connection stood, and was closed again. */
  readonly onOpen: (host: string, port: number) => void;
  /** So many of all were tried. */
  readonly onTried: (tried: number, all: number) => void;
}

/** Tries the ports of hosts, one port of all after the other, with a bounded rate. Throws AbortError. */
export async function sweep(hosts: readonly string[], ports: readonly number[], options: SweepOptions): Promise<void> {
  const { clock, signal, onOpen, onTried } = options;
  const all = ports.flatMap((port) => hosts.map((host) => ({ host, port })));
  const beganUs = clock.nowUs();
  let [next, tried] = [0, 0];
  const work = async () => {
    for (let at = next++; at < all.length; at = next++) {
      const one = all[at];
      if (!one) return;
      const earlyMs = (at * 1000) / perSecond - (clock.nowUs() - beganUs) / 1000;
      if (earlyMs > 0) await clock.sleep(earlyMs, signal);
      if (await isOpen(one, options)) onOpen(one.host, one.port);
      onTried(++tried, all.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, work));
}

/** Whether a connection stands in time. Throws AbortError. */
export async function isOpen(
  at: { readonly host: string; readonly port: number },
  { clock, signal }: Pick<SweepOptions, "clock" | "signal">,
): Promise<boolean> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = connect(at);
  using _timer = clock.timer(patienceMs, () => resolve(false));
  const aborted = () => reject(signal.reason);
  signal.addEventListener("abort", aborted, { once: true });
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", aborted);
    socket.destroy();
  }
}
