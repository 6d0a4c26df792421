import { z } from "zod";
import { doorLimits } from "./limits.ts";
import type { DoorReasonWord } from "./reasons.ts";

/** What is noted beside the schema of a field: words for the page, and the reason that is told when the field is wrong. */
interface Notes {
  readonly says: string;
  readonly reason?: DoorReasonWord;
}

function field<S extends z.ZodType>(schema: S, { says, reason }: Notes): S {
  return schema.meta({ description: says, ...(reason !== undefined && { reason }) }) as S;
}

const name = z.string().min(1).max(doorLimits.nameChars.value);
const payload = z.record(z.string(), z.unknown());
const positive = z.int().min(1).max(1_000_000);

/** Who may connect. */
export const doorRoles = ["intercom", "home_assistant"] as const;

/** `intercom` is a door station, `home_assistant` a client. */
export type DoorRole = (typeof doorRoles)[number];

/** What a newer program may announce when it registers; each is used only with who announced it. */
export const doorFeatures = {
  ping: "it answers `ping`, so that the hub finds out at once that it is gone",
  binary: "it takes and sends sound as binary frames",
  stations:
    "a client that names the station which it means, is told from which one a message comes, and which there are",
  calls: "a client that is told what becomes of calls, and answers, declines and ends them",
} as const;

/** One of {@link doorFeatures}. */
export type DoorFeature = keyof typeof doorFeatures;

/** How the sound of a stream is written. */
const audioShape = {
  encoding: field(z.string().min(1).max(32), { says: "`pcm_s16le`", reason: "invalid_audio_encoding" }),
  sample_rate: field(positive, { says: "Hz", reason: "invalid_sample_rate" }),
  channels: field(positive, { says: "1, or 2 interleaved", reason: "invalid_channels" }),
};

const streamId = field(name, { says: "which stream", reason: "invalid_stream_id" });
const base64 = z
  .string()
  .min(4)
  .refine((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text), "base64");

const frameShape = {
  stream_id: streamId,
  sequence: field(z.int().min(0).optional(), {
    says: "0, 1, 2 ...; frames out of order are put right by it",
    reason: "invalid_sequence",
  }),
  ...audioShape,
  data: field(base64, { says: "the samples, base64", reason: "invalid_audio_data" }),
};

const stationField = field(name.optional(), {
  says: "which station is meant, or speaks; only with the feature `stations`",
  reason: "intercom_unavailable",
});

const reasonShape = {
  reason: field(z.string().min(1).max(256), { says: "one of the reasons below" }),
  details: field(payload.optional(), { says: "what it is about; absent when there is nothing to say" }),
};

/** Who sends a message. */
export type DoorSender = DoorRole | "both";

interface MessageKind {
  /** Whose message it is, towards the hub; to whom it goes, from the hub. */
  readonly who: DoorSender;
  readonly says: string;
  readonly schema: z.ZodObject;
}

function kinds<const T extends Readonly<Record<string, MessageKind>>>(table: T): T {
  return table;
}

const message = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), ...shape });

/** All that the hub takes. */
export const toHub = kinds({
  register: {
    who: "both",
    says: "The first message of every connection. The hub answers `registered`, or `error` and ends the connection.",
    schema: message("register", {
      role: field(z.enum(doorRoles), { says: "`intercom` or `home_assistant`", reason: "invalid_role" }),
      client_id: field(name, {
        says: "its name; a station's is the id of its device at the hub (lower case, `-` for anything else)",
        reason: "invalid_client_id",
      }),
      token: field(z.string().max(256).optional(), {
        says: "a station's own token (`dwd_...`), or a person's token for programs (`dwt_...`)",
        reason: "unauthorized",
      }),
      features: field(z.array(z.string().max(32)).max(16).optional(), {
        says: "what it can beyond the original protocol; unknown words are passed over",
        reason: "invalid_register",
      }),
      audio: field(
        z
          .object({
            sample_rate: z.int().min(doorLimits.minRateHz.value).max(doorLimits.maxRateHz.value),
            channels: z.int().min(1).max(doorLimits.maxChannels.value),
            frame_ms: z.int().min(doorLimits.minFrameMs.value).max(doorLimits.maxFrameMs.value).optional(),
          })
          .optional(),
        { says: "a station's own sound: `sample_rate`, `channels`, `frame_ms`", reason: "invalid_register" },
      ),
    }),
  },
  command: {
    who: "home_assistant",
    says: "Asks the station to do something. The hub answers `command_ack`, later `response`; or `error` with the `command_id`.",
    schema: message("command", {
      command: field(name, { says: "`start_audio`, `stop_audio`, or any other name", reason: "invalid_command" }),
      payload: field(payload.default({}), { says: "what belongs to it", reason: "invalid_payload" }),
      command_id: field(name.optional(), {
        says: "comes back in acknowledgement and answer; the hub makes one if there is none",
        reason: "invalid_command_id",
      }),
      station: stationField,
    }),
  },
  response: {
    who: "intercom",
    says: "The station's answer to a command.",
    schema: message("response", {
      command_id: field(name, { says: "the command's", reason: "missing_command_id" }),
      status: field(z.enum(["ok", "error"]), { says: "`ok` or `error`", reason: "invalid_response_status" }),
      payload: field(payload.default({}), {
        says: "of an error: `reason`, and perhaps `details`",
        reason: "invalid_payload",
      }),
    }),
  },
  event: {
    who: "intercom",
    says: "Something happened at the station: its bell was pressed, a contact opened.",
    schema: message("event", {
      event: field(name, { says: "`ring`, or any other name", reason: "invalid_event" }),
      payload: field(payload.default({}), {
        says: "what belongs to it; of a ring `bell`, where the station has several, and `press_id`, which is the same when the same press is told by two ways",
        reason: "invalid_payload",
      }),
    }),
  },
  call: {
    who: "home_assistant",
    says: "What a client does about a call of which it was told. Only with the feature `calls`.",
    schema: message("call", {
      call_id: field(name, { says: "which call", reason: "invalid_call" }),
      action: field(z.enum(["ringing", "answer", "decline", "end"]), {
        says: "`ringing`: it can be heard ringing here; `answer`; `decline`: everybody falls silent; `end`: it hangs up",
        reason: "invalid_call",
      }),
      reply: field(z.string().max(500).optional(), {
        says: "of a decline: what is said to the visitor",
        reason: "invalid_call",
      }),
    }),
  },
  audio_frame: {
    who: "both",
    says: "Sound of a stream, from 10 to 400 ms of it.",
    schema: message("audio_frame", frameShape),
  },
  error: {
    who: "both",
    says: "Something went wrong at this end: `audio_stream_failed` with `details.stream_id` ends that stream. Never answered.",
    schema: message("error", reasonShape),
  },
  ping: { who: "both", says: "Answered with `pong`.", schema: message("ping", {}) },
  pong: { who: "both", says: "The answer to the hub's `ping`.", schema: message("pong", {}) },
  close: { who: "both", says: "Ends the connection.", schema: message("close", {}) },
});

const frameDown = {
  ...frameShape,
  direction: field(z.enum(["intercom_to_client", "client_to_intercom"]), { says: "which way it goes" }),
  origin_id: field(name, { says: "who sent it" }),
};

/** All that the hub says. */
export const fromHub = kinds({
  registered: {
    who: "both",
    says: "The registration counts.",
    schema: message("registered", {
      status: field(z.literal("ok"), { says: "always `ok`" }),
      role: field(z.enum(doorRoles), { says: "as it was asked for" }),
      client_id: field(name, { says: "as it was asked for" }),
      features: field(z.array(z.string()).optional(), {
        says: "which of the announced features are used from now on; absent when none was announced",
      }),
    }),
  },
  command_ack: {
    who: "home_assistant",
    says: "The command is on its way to the station.",
    schema: message("command_ack", {
      command_id: field(name, { says: "the client's own, or the one that the hub made" }),
      generated: field(z.boolean(), { says: "true when the hub made it" }),
    }),
  },
  command: {
    who: "intercom",
    says: "Somebody asks for something. Each comes once; the station answers each with `response`.",
    schema: message("command", {
      command: field(name, { says: "what to do" }),
      payload: field(payload, { says: "what belongs to it" }),
      command_id: field(name, { says: "the hub's own, different for each command" }),
      origin_id: field(name, { says: "the client that asks, or `hub`" }),
      expires_ms: field(z.int().optional(), {
        says: "of a command that opens a door: it must not be carried out later than this after it came",
      }),
    }),
  },
  response: {
    who: "home_assistant",
    says: "The answer to a command: the station's, or the hub's for it.",
    schema: message("response", {
      command_id: field(name, { says: "the client's own" }),
      status: field(z.enum(["ok", "error"]), { says: "`ok` or `error`" }),
      payload: field(payload, { says: "the station's; of an error `reason`" }),
      station: stationField,
    }),
  },
  event: {
    who: "home_assistant",
    says: "Something happened at a station. All presses of one bell within 3 s, and while it rings, are one.",
    schema: message("event", {
      event: field(name, { says: "as the station named it" }),
      payload: field(payload, { says: "as the station sent it" }),
      station: stationField,
    }),
  },
  audio_frame: { who: "both", says: "Sound of a stream.", schema: message("audio_frame", frameDown) },
  error: {
    who: "both",
    says: "Something was wrong, or changed. One about a command carries its `command_id`.",
    schema: message("error", {
      ...reasonShape,
      command_id: field(name.optional(), { says: "the client's command that was refused" }),
    }),
  },
  stations: {
    who: "home_assistant",
    says: "Which stations there are for this client; told after the registration and at each change. Only with the feature `stations`.",
    schema: message("stations", {
      stations: field(z.array(z.object({ id: name, name: z.string(), online: z.boolean() })), {
        says: "each with `id`, `name`, `online`",
      }),
    }),
  },
  call: {
    who: "home_assistant",
    says: "Something happened to a call that this client may answer, or takes part in. Only with the feature `calls`.",
    schema: message("call", {
      call_id: field(name, { says: "which call" }),
      change: field(z.string(), {
        says: "`ringing`, `answered`, `joined`, `left`, `declined`, `missed` (nobody answered in time) or `ended`",
      }),
      state: field(z.enum(["ringing", "answered", "ended"]), { says: "how it is now" }),
      name: field(z.string(), { says: "who calls, for people" }),
      station: field(name.optional(), { says: "the device that calls; absent when a person does" }),
      bell: field(z.string().optional(), { says: "which bell, where there are several" }),
      lock: field(z.boolean(), { says: "true when a door can be opened there" }),
      by: field(z.string().optional(), { says: "who did it" }),
      reason: field(z.string().optional(), { says: "of an end: why" }),
    }),
  },
  ping: { who: "both", says: "Only with the feature `ping`: to be answered with `pong`.", schema: message("ping", {}) },
  pong: { who: "both", says: "The answer to `ping`.", schema: message("pong", {}) },
  close: {
    who: "both",
    says: "The hub ends the connection: it is shutting down. Connect again later.",
    schema: message("close", {}),
  },
});

/** The types of messages that go to the hub. */
export type ToHubType = keyof typeof toHub;
/** The types of messages that the hub sends. */
export type FromHubType = keyof typeof fromHub;

/** A message to the hub, as it is after the check. */
export type ToHub<Type extends ToHubType = ToHubType> = {
  [Each in Type]: z.output<(typeof toHub)[Each]["schema"]>;
}[Type];

/** A message of the hub. */
export type FromHub<Type extends FromHubType = FromHubType> = {
  [Each in Type]: z.output<(typeof fromHub)[Each]["schema"]>;
}[Type];

/** The payload with which a station answers `start_audio`. */
export const startedSchema = z.object({
  stream_id: field(name.optional(), {
    says: "the one that was asked for, or the station's own if none was",
    reason: "missing_stream_id",
  }),
  ...audioShape,
});

/** {@link startedSchema} */
export type Started = z.output<typeof startedSchema>;

/** The payload of `start_audio`; none of it has to be there. */
export const startSchema = z.object({
  stream_id: field(name.optional(), { says: "how the stream is to be called", reason: "invalid_stream_id" }),
  encoding: field(z.unknown().optional(), { says: "`pcm_s16le`; a station refuses what it does not have" }),
  sample_rate: field(z.unknown().optional(), { says: "Hz; a station refuses what it does not have" }),
  channels: field(z.unknown().optional(), { says: "1 or 2; a station refuses what it does not have" }),
  direction: field(z.undefined().optional(), {
    says: "must not be there: sound always goes both ways",
    reason: "audio_direction_unsupported",
  }),
});

/** The payload of `stop_audio`. */
export const stopSchema = z.object({ stream_id: streamId });
