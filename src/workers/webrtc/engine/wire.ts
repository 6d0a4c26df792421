/**
 * What the hub and the native engine say to each other over its standard input and output: the one place for its numbers.
 * `native/engine/WIRE.md` and the engine's constants are made from it ("npm run docs").
 */

/** Changes whenever an old engine could misunderstand a new hub. */
export const wireVersion = 2;

/** One kind of message. */
export interface MessageKind {
  readonly code: number;
  /** Its fields in order, as WIRE.md explains them. */
  readonly fields: string;
  readonly says: string;
}

/** Hub to engine. */
export const toEngine = {
  configure: {
    code: 1,
    fields: "i64 nowUs",
    says: "the hub's clock now; the first message",
  },
  bind: {
    code: 2,
    fields: "u16 port",
    says: "open the one UDP port of all viewers, 0 for any free one; answered by bound or notBound",
  },
  stunServers: {
    code: 3,
    fields: "u8 count, count × address",
    says: "ask these for our public address, from the viewers' own port, and again every 20 s",
  },
  track: { code: 16, fields: "u32 track, u8 kind, u32 latencyUs", says: "a track begins; kind is 0 video, 1 audio" },
  frame: {
    code: 17,
    fields: "u32 track, i64 timestampUs, u8 flags, u16 count, count × (u16 bytes, u8 marker, u32 offset), payloads",
    says: "one frame cut into RTP payloads; offset is added to its RTP timestamp; flags: 1 key, 2 replay",
  },
  trackEnd: { code: 18, fields: "u32 track", says: "a track ends for viewers to come" },
  view: {
    code: 32,
    fields:
      "u32 viewer, u8 flags, text ufrag, text pwd, text remoteUfrag, text remotePwd, u8 hash, text fingerprint, " +
      "u8 microphone, u8 count, count × (u32 track, u8 payloadType, u32 clockRateHz, u32 ssrc, text cname)",
    says:
      "a viewer comes; flags: 1 we are DTLS' client, 2 it is ICE-lite; hash: bits of SHA-2 / 8 of its certificate's " +
      "fingerprint; microphone: payload type that it may send, 255 for none",
  },
  candidate: { code: 33, fields: "u32 viewer, u32 priority, address", says: "where the viewer may be reached" },
  microphone: { code: 34, fields: "u32 viewer, u8 wanted", says: "whether its sound is to be handed up" },
  stats: { code: 35, fields: "u32 viewer, u32 request", says: "answered by stats" },
  close: { code: 36, fields: "u32 viewer", says: "the viewer is over; answered by closed" },
  turn: {
    code: 37,
    fields: "u32 viewer, u32 track",
    says: "its picture is this one, of the same codec, from the next key frame on; answered by turned when that comes",
  },
} as const satisfies Record<string, MessageKind>;

/** Engine to hub. */
export const fromEngine = {
  ready: {
    code: 129,
    fields: "u8 version, text fingerprint, text sandbox",
    says: "it runs: its certificate's SHA-256, and what it has locked itself into",
  },
  bound: { code: 130, fields: "u16 port", says: "the UDP port is open" },
  notBound: { code: 131, fields: "long message", says: "it is not" },
  publicAddress: { code: 132, fields: "address", says: "as a STUN server sees us" },
  closed: { code: 160, fields: "u32 viewer, text reason", says: "the viewer is over" },
  sound: { code: 161, fields: "u32 viewer, rest packet", says: "an RTP packet of its microphone, in the clear" },
  turned: { code: 164, fields: "u32 viewer, u32 track", says: "from here on it is sent that picture" },
  stats: {
    code: 162,
    fields:
      "u32 viewer, u32 request, u64 packets, u64 bytes, u32 dropped, u32 nacks, u32 keyFrameRequests, u8 flags, " +
      "u32 packetsLost, u32 roundTrip",
    says: "flags: 1 packetsLost is known, 2 roundTrip is (in 0.1 ms)",
  },
  trouble: { code: 163, fields: "long message", says: "something for the log" },
} as const satisfies Record<string, MessageKind>;

/** Both ways between the hub and the child in TypeScript, which hears of tracks as the engine does. */
export const said = {
  code: 240,
  fields: "rest value",
  says: "any other message (messages.ts), in the serialisation of V8",
} as const satisfies MessageKind;

/** Bounds that both sides hold. */
export const wireLimits = {
  messageBytes: 32 * 1024 * 1024,
  payloadBytes: 1400,
  payloadsPerFrame: 32_768,
  tracks: 4096,
  viewers: 16_384,
  tracksPerViewer: 4,
  candidatesPerViewer: 32,
  stunServers: 8,
} as const;

/** Kinds of a track. */
export const trackKinds = { video: 0, audio: 1 } as const;
/** Bits of a frame's flags. */
export const frameFlags = { key: 1, replay: 2 } as const;
/** Bits of a view's flags. */
export const viewFlags = { dtlsClient: 1, iceLite: 2 } as const;
/** Bits of the flags of stats. */
export const statsFlags = { packetsLost: 1, roundTrip: 2 } as const;
/** Payload type of a viewer that may not send sound. */
export const noMicrophone = 255;
