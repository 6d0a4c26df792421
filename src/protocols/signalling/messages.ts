import { z } from "zod";
import { signallingLimits } from "./limits.ts";

const id = z.string().min(1).max(128);
const candidate = z
  .object({
    candidate: z.string().max(1024),
    sdpMid: z.string().max(64).nullish(),
    sdpMLineIndex: z.int().min(0).max(64).nullish(),
  })
  .nullable();
const description = <Kind extends "offer" | "answer">(type: Kind) =>
  z.object({ type: z.literal(type), sdp: z.string().min(1).max(signallingLimits.sdpChars) });

/** One server that helps to find a way (WebRTC's `RTCIceServer`). */
export const iceServerSchema = z.object({
  urls: z.union([z.string(), z.array(z.string())]),
  username: z.string().optional(),
  credential: z.string().optional(),
  credentialType: z.literal("password").optional(),
});

/** One of {@link iceServerSchema}. */
export type SignalIceServer = z.infer<typeof iceServerSchema>;

const offer = z.object({ session_id: id, sdp: description("offer") });
const answer = z.object({ session_id: id, sdp: description("answer") });
const ice = z.object({ session_id: id, candidate });
const nothing = z.looseObject({});

/** What a device's agent says. */
export const fromAgent = {
  hello: z.looseObject({
    device_id: id.optional(),
    /** Not of the seed: what lets it in. */
    token: z.string().max(128).optional(),
    /** Not of the seed: what people may call it. */
    device_name: z.string().max(256).optional(),
    /** Not of the seed: it made its token itself, to be let in with that. */
    claims: z.boolean().optional(),
    /** Not of the seed: it was replaced before, and takes the place of nobody who is there. */
    yields: z.boolean().optional(),
    /** Not of the seed: it plays what it is sent, and whether it keeps that out of its microphone. */
    speaker: z.boolean().optional(),
    echo_cancelling: z.boolean().optional(),
  }),
  heartbeat: nothing,
  signal_answer: answer,
  signal_ice: ice,
  /** Not of the seed: it ends a session. */
  end_watch: z.object({ session_id: id, reason: z.string().max(256).optional() }),
  device_presence: nothing,
} as const;

/** What a viewer says. */
export const fromViewer = {
  hello: z.looseObject({ token: z.string().max(128).optional() }),
  heartbeat: nothing,
  watch_request: z.looseObject({
    device_id: id,
    /** Not of the seed: how it wishes to watch an agent, through the hub or peer to peer. */
    relayed: z.boolean().optional(),
  }),
  signal_offer: offer,
  signal_ice: ice,
  end_watch: z.object({ session_id: id }),
  /** Not of the seed: of a relayed session: it begins to speak there, and lets go. A direct one is heard by the agent itself. */
  talk_request: z.object({ session_id: id }),
  talk_end: z.object({ session_id: id }),
} as const;

/** What the hub says to an agent. */
export const toAgent = {
  hello_ack: z.object({ device_id: id, server_time: z.string() }),
  heartbeat_ack: nothing,
  watch_request: z.object({
    session_id: id,
    user_id: z.string(),
    ice_servers: z.array(iceServerSchema),
    /** Not of the seed: whether who watches may speak there. */
    talk: z.boolean().optional(),
    /** Not of the seed: it is the hub itself, which decides who speaks. */
    hub: z.boolean().optional(),
  }),
  signal_offer: offer,
  signal_ice: ice,
  watch_ended: z.object({ session_id: id, reason: z.string() }),
  error: z.object({ message: z.string(), code: z.string().optional() }),
} as const;

/** What the hub says to a viewer. */
export const toViewer = {
  hello_ack: z.object({ user_id: z.string(), server_time: z.string() }),
  heartbeat_ack: nothing,
  watch_ready: z.object({
    session_id: id,
    ice_servers: z.array(iceServerSchema),
    /** Not of the seed: the hub stands in the agent's place. */
    relayed: z.boolean().optional(),
  }),
  signal_answer: answer,
  signal_ice: ice,
  watch_ended: z.object({ session_id: id, reason: z.string() }),
  /** Not of the seed: how a talk stands: `granted`, `queued`, `refused`, `pre-empted`, `ending`, `released`, `failed`. */
  talk_state: z.object({ session_id: id, state: z.string(), reason: z.string().optional() }),
  error: z.object({ message: z.string(), code: z.string().optional(), session_id: id.optional() }),
} as const;

/** A table of messages: schema of the payload by type. */
export type MessageTable = Readonly<Record<string, z.ZodObject>>;

/** A message of a table, read. */
export type MessageOf<Table extends MessageTable> = {
  readonly [Type in keyof Table & string]: {
    readonly type: Type;
    readonly payload: z.output<Table[Type]>;
    /** Given back in the answer. */
    readonly requestId?: string;
  };
}[keyof Table & string];
