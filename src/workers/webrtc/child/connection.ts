import { PeerConnection, type Track } from "node-datachannel";
import type { IceCandidate } from "../../../media/viewer.ts";
import type { Clock } from "../../../util/clock.ts";

/** Options of {@link openConnection} and {@link watchConnection}. */
export interface ConnectionOptions {
  readonly name: string;
  readonly port: number;
  readonly iceServers: readonly string[];
  readonly clock: Clock;
  /** It takes candidates after the answer: the answer waits for none that a server must tell. */
  readonly trickles: boolean;
  /** The answer, with the candidates that are known by then. */
  readonly onAnswer: (sdp: string) => void;
  /** One that was found afterwards; null when there are no more. */
  readonly onCandidate: (candidate: IceCandidate | null) => void;
}

const connectMs = 20_000;
/** Longest wait for servers, of a peer that takes the answer only. A server that is there has answered by then. */
const serversMs = 500;
const returnMs = 4000;
/** Who takes the answer only is looked after so often: the machine's own addresses are known within some ms. */
const gatheringMs = 2;
/** A track opens a moment after its connection stands; the pauses between looks are doubled, up to the last. */
const openingMs = { first: 1, last: 2048 };

/** True where a relay is among the servers. The library asks for one only on a port of the connection's own. */
export function hasRelay(iceServers: readonly string[]): boolean {
  return iceServers.some((server) => /^turns?:/i.test(server));
}

/**
 * A connection on the one UDP port of all peers, or on its own where a relay helps, which answers only. Throws Error when the
 * library refuses.
 */
export function openConnection({ name, port, iceServers }: ConnectionOptions): PeerConnection {
  return new PeerConnection(name, {
    iceServers: [...iceServers],
    ...(!hasRelay(iceServers) && { enableIceUdpMux: true, portRangeBegin: port, portRangeEnd: port }),
    disableAutoNegotiation: true,
  });
}

/**
 * Calls `opened` once when the track may be sent on; its connection has just been established. Looked after instead of subscribed
 * to: each subscription is a handle that the event loop walks over at every word of any peer, for as long as the peer is there.
 * It looks until it is disposed: a track that opens late on a busy machine is no reason for a viewer without a picture.
 */
export function whenOpen(
  track: Track,
  { clock, opened }: { readonly clock: Clock; readonly opened: () => void },
): Disposable {
  let next: Disposable | undefined;
  const look = (pauseMs: number) => {
    if (track.isOpen()) opened();
    else next = clock.timer(pauseMs, () => look(Math.min(pauseMs * 2, openingMs.last)));
  };
  look(openingMs.first);
  return { [Symbol.dispose]: () => next?.[Symbol.dispose]() };
}

/**
 * Tells the answer, then what is found later, and calls `end` with the reason when the connection does not come about within 20 s,
 * stays away for 4 s, or ends, and `connected` whenever it stands. Disposed, it tells nothing more.
 */
export function watchConnection(
  connection: PeerConnection,
  options: ConnectionOptions & { readonly connected?: () => void; readonly end: (reason: string) => void },
): Disposable {
  const { clock, end } = options;
  let watching = true;
  let deadline = clock.timer(connectMs, () => end("failed"));
  const allow = (delayMs: number, reason: string) => {
    deadline[Symbol.dispose]();
    deadline = clock.timer(delayMs, () => end(reason));
  };
  const answer = new GatheredAnswer(connection, options);
  connection.onStateChange((state) => {
    if (!watching) return;
    if (state === "connected") {
      deadline[Symbol.dispose]();
      options.connected?.();
    } else if (state === "disconnected") allow(returnMs, "disconnected");
    else if (state === "failed" || state === "closed") end(state);
  });
  return {
    [Symbol.dispose]: () => {
      watching = false;
      answer[Symbol.dispose]();
      deadline[Symbol.dispose]();
    },
  };
}

/** Tells the answer as soon as it may be told: servers that cannot be reached would hold it up for 24 s. */
class GatheredAnswer implements Disposable {
  readonly #connection: PeerConnection;
  readonly #options: ConnectionOptions;
  #told: string | undefined;
  readonly #patience: Disposable;
  #look: Disposable | undefined;
  #over = false;

  constructor(connection: PeerConnection, options: ConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#patience = options.clock.timer(serversMs, () => this.#tell());
    if (options.trickles) {
      connection.onLocalCandidate((candidate, sdpMid) => this.#found({ candidate, sdpMid }));
      connection.onGatheringStateChange((state) => this.#gathering(state));
    } else this.#lookAgain();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#patience[Symbol.dispose]();
    this.#look?.[Symbol.dispose]();
  }

  /** Of a peer that takes the answer only: until it has been told. */
  #lookAgain(): void {
    this.#look = this.#options.clock.timer(gatheringMs, () => {
      if (this.#connection.gatheringState() === "complete") this.#gathering("complete");
      else if (this.#told === undefined) this.#lookAgain();
    });
  }

  #gathering(state: string): void {
    const { trickles, onCandidate } = this.#options;
    if (this.#over) return;
    if (state === "complete") {
      this.#tell();
      onCandidate(null);
    } else if (state === "in-progress") {
      // The machine's own are known by now.
      if (trickles) this.#tell();
    }
  }

  #tell(): void {
    if (this.#told !== undefined) return;
    this.#patience[Symbol.dispose]();
    const local = this.#connection.localDescription();
    if (!local) return;
    this.#told = local.sdp;
    this.#options.onAnswer(local.sdp);
  }

  #found({ candidate, sdpMid }: IceCandidate): void {
    const line = candidate.replace(/^a=/, "");
    if (this.#over || this.#told === undefined || this.#told.includes(line)) return;
    this.#options.onCandidate({ candidate: line, sdpMid });
  }
}
