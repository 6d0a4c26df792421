import { PeerConnection } from "node-datachannel";
import type { Clock } from "../../../util/clock.ts";

/** Options of {@link openConnection} and {@link watchConnection}. */
export interface ConnectionOptions {
  readonly name: string;
  readonly port: number;
  readonly iceServers: readonly string[];
  readonly clock: Clock;
  /** The gathered answer. */
  readonly onAnswer: (sdp: string) => void;
}

const connectMs = 20_000;
const returnMs = 4000;

/** A connection on the one UDP port of all peers, which answers only. Throws Error when the library refuses. */
export function openConnection({ name, port, iceServers }: ConnectionOptions): PeerConnection {
  return new PeerConnection(name, {
    iceServers: [...iceServers],
    enableIceUdpMux: true,
    portRangeBegin: port,
    portRangeEnd: port,
    disableAutoNegotiation: true,
  });
}

/**
 * Tells the answer when it is gathered, and calls `end` with the reason when the connection does not come about within 20 s,
 * stays away for 4 s, or ends. Disposed, it tells nothing more.
 */
export function watchConnection(
  connection: PeerConnection,
  options: ConnectionOptions & { readonly end: (reason: string) => void },
): Disposable {
  const { clock, onAnswer, end } = options;
  let watching = true;
  let deadline = clock.timer(connectMs, () => end("failed"));
  const allow = (delayMs: number, reason: string) => {
    deadline[Symbol.dispose]();
    deadline = clock.timer(delayMs, () => end(reason));
  };
  connection.onGatheringStateChange((state) => {
    const local = state === "complete" && watching ? connection.localDescription() : null;
    if (local) onAnswer(local.sdp);
  });
  connection.onStateChange((state) => {
    if (!watching) return;
    if (state === "connected") deadline[Symbol.dispose]();
    else if (state === "disconnected") allow(returnMs, "disconnected");
    else if (state === "failed" || state === "closed") end(state);
  });
  return {
    [Symbol.dispose]: () => {
      watching = false;
      deadline[Symbol.dispose]();
    },
  };
}
