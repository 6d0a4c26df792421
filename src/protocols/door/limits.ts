/** One number of the protocol. */
export interface DoorLimit {
  readonly value: number;
  readonly says: string;
}

function limits<const T extends Readonly<Record<string, DoorLimit>>>(table: T): T {
  return table;
}

/** The numbers of the door stations' protocol: the one place for them. `docs/door-protocol.md` is made from it. */
export const doorLimits = limits({
  port: { value: 8765, says: "TCP port of the hub, unless its configuration says another" },
  registerMs: { value: 10_000, says: "for the first whole message of a connection, which is `register`" },
  firstLineBytes: { value: 8192, says: "the longest line before the registration" },
  lineBytes: { value: 163_840, says: "the longest line after it (160 KiB): 48 kHz stereo at 400 ms is 102,531 bytes" },
  depth: { value: 16, says: "objects and lists within each other" },
  nameChars: { value: 128, says: "of a client id, stream id, command id, command or event" },
  minFrameMs: { value: 10, says: "the shortest frame of sound" },
  maxFrameMs: { value: 400, says: "the longest frame of sound" },
  minRateHz: { value: 8000, says: "the lowest sample rate" },
  maxRateHz: { value: 48_000, says: "the highest sample rate" },
  maxChannels: { value: 2, says: "channels, interleaved" },
  commandMs: { value: 10_000, says: "for an answer to a command; then the hub answers `timeout` for the station" },
  unlockMs: {
    value: 5000,
    says: "the same for a command that opens a door: after that it must not be carried out any more",
  },
  answerKeptMs: {
    value: 60_000,
    says: "for which the same client repeating the same command id gets the same answer, and the station nothing",
  },
  pingMs: {
    value: 15_000,
    says: "between two pings of the hub; after two of them without a byte the connection is over",
  },
});
