/** Times and sizes of the camera agents' signalling (seed 002), shared by hub and agent. */
export const signallingLimits = {
  /** An agent and a viewer say that they are there this often. */
  heartbeatMs: 30_000,
  /** Who was not heard of for so long is gone. */
  silenceMs: 90_000,
  /** A WebSocket ping this often: proxies end what is quiet for a minute. */
  pingMs: 25_000,
  /** A connection says who it is within this time. */
  helloMs: 10_000,
  /** A watch session that was not answered after so long is over at both ends. */
  pendingMs: 60_000,
  /** Life of a pairing code. */
  pairingMs: 300_000,
  messageBytes: 64 * 1024,
  /** Longest session description. */
  sdpChars: 32_768,
} as const;

/** How connections are closed (RFC 6455, 7.4). */
export const signallingCloses = {
  /** Nothing was heard for 90 s. */
  silent: 1001,
  /** What was said is not allowed; the reason says what. */
  refused: 1008,
  /** Another connection of the same device came, or is there: a person has to decide which of the two is meant. */
  replaced: 4001,
  /** The device waits to be let in by an administrator. */
  pending: 4003,
} as const;
