/**
 * The room intercom's numbers: the one place for them. The C header of the stations' firmware and `docs/rooms.md` are made
 * from it ("npm run docs"), so that hub and stations cannot drift apart.
 *
 * Source: the intercom protocol's specification, 1.0.0, and what its firmware (2.8.4 to 2.9.4) does on the wire.
 */

/** One number, or one text, of the protocol. */
export interface RoomConstant {
  readonly value: number | string;
  readonly says: string;
}

function constants<const T extends Readonly<Record<string, RoomConstant>>>(table: T): T {
  return table;
}

/** How stations find and hear each other. */
export const transport = constants({
  group: { value: "224.0.0.100", says: "multicast group of a talk to all rooms, as specified" },
  otherGroup: { value: "239.255.0.100", says: "the group that newer firmware uses instead" },
  port: { value: 5005, says: "UDP port of sound, for the group and for one station alike" },
  timeToLive: { value: 1, says: "a talk never leaves its network" },
  renewSeconds: { value: 60, says: "membership of the group is renewed by leaving and joining again" },
});

/** One packet: header, then one Opus packet. */
export const packetLayout = constants({
  senderBytes: { value: 8, says: "who sends: [0-7]" },
  sequenceAt: { value: 8, says: "[8-11], 32 bits, big-endian; goes on from talk to talk" },
  priorityAt: { value: 12, says: "[12]: 0 normal, 1 high, 2 emergency; anything else counts as 0" },
  headerBytes: { value: 13, says: "what comes before the Opus packet" },
  maxBytes: { value: 256, says: "the longest packet that a station takes" },
  probeBytes: { value: 1, says: "a station's question at its start whether the group works; no sound" },
  pcmBytes: { value: 653, says: "a packet of the successor: the same header and 20 ms of plain samples" },
  silenceBytes: {
    value: 10,
    says: "an Opus packet shorter than this is silence: it takes no floor and starts no playout",
  },
});

/** What is in a packet. */
export const codec = constants({
  sampleRateHz: { value: 16_000, says: "mono" },
  frameMs: { value: 20, says: "of sound in one packet" },
  frameSamples: { value: 320, says: "the same in samples" },
  bitrateBps: { value: 32_000, says: "variable" },
  complexity: { value: 5, says: "of the encoder" },
  expectedLossPercent: { value: 10, says: "for which packets carry a coarse copy of their predecessor (in-band FEC)" },
});

/** Who may speak when. */
export const floor = constants({
  releaseMs: { value: 500, says: "without a packet, after which the floor is free" },
  longestTalkMs: { value: 120_000, says: "after which a talk ends" },
  warningMs: { value: 10_000, says: "before that end, a tone tells the talker" },
  leadInFrames: { value: 15, says: "of silence before the words, so that every station has woken up" },
  trailOutFrames: { value: 10, says: "of silence behind them, with the talk's own priority" },
  afterCallMs: { value: 2000, says: "for which the talk button does nothing after a call was sent" },
});

/** A station's buffers. */
export const playout = constants({
  queueFrames: { value: 15, says: "that may wait to be played" },
  prefillFrames: { value: 2, says: "that are there before the first one sounds" },
  writeTimeoutMs: { value: 20, says: "for which writing to the loudspeaker may take" },
  maxFecGap: { value: 1, says: "missing packet is made from the copy in the next one" },
  maxConcealedGap: { value: 4, says: "missing packets at most are invented; more are silence" },
});

/** Authentic packets: see authentic.ts. */
export const authenticity = constants({
  tagBytes: { value: 10, says: "of HMAC-SHA-256 over header and Opus packet" },
  groupBytes: { value: 11, says: "of the group's tag: the id of its key, then as many bytes of HMAC as the other" },
  windowPackets: { value: 64, says: "by which packets may come late without counting as replayed" },
});

/** Raised whenever older firmware could misunderstand. */
export const roomProtocolVersion = 1;
