/** Why an `error` is sent, or a `response` says `error`. */
export interface DoorReason {
  readonly says: string;
  /** Where it stands: in an `error` that ends the connection, in one that does not, or as `reason` in a response's payload. */
  readonly in: "ends" | "error" | "response";
}

function reasons<const T extends Readonly<Record<string, DoorReason>>>(table: T): T {
  return table;
}

/** Every reason that the hub gives. The first part is the original protocol's own; `docs/door-protocol.md` is made from it. */
export const doorReasons = reasons({
  registration_timeout: { in: "ends", says: "no whole `register` came in time" },
  connection_closed: { in: "ends", says: "the connection ended before it registered" },
  expected_register: { in: "ends", says: "the first message is no `register`" },
  invalid_role: { in: "ends", says: "`role` is neither `intercom` nor `home_assistant`" },
  invalid_client_id: { in: "ends", says: "`client_id` is no text, empty, too long, or has no letter or digit" },
  intercom_already_registered: {
    in: "ends",
    says: "another connection has this station, and the hub is set to keep it",
  },
  duplicate_client_id: { in: "ends", says: "somebody else is connected under this `client_id`" },
  empty_message: { in: "error", says: "a line without a message" },
  message_not_object: { in: "error", says: "a message that is no JSON object" },
  invalid_json: { in: "error", says: "a line that is no JSON, no UTF-8, or nested too deeply" },
  unsupported_message: {
    in: "error",
    says: "a type that nobody knows or this role may not send; `:` and the type follow",
  },
  invalid_command: { in: "error", says: "`command` is no text, empty, or too long" },
  invalid_payload: { in: "error", says: "`payload` is no object" },
  invalid_command_id: { in: "error", says: "`command_id` is no text, empty, or too long" },
  intercom_unavailable: { in: "error", says: "the station is not there, or this client may not use it" },
  invalid_stream_id: { in: "error", says: "`stream_id` is no text, empty, or too long" },
  stream_id_in_use: { in: "error", says: "`start_audio` names a stream that the station has already" },
  audio_session_exists: { in: "error", says: "this client has as many audio sessions as one may have" },
  unknown_stream_id: {
    in: "error",
    says: "a stream that never was; frames of one that ended are passed over in silence",
  },
  audio_direction_unsupported: { in: "error", says: "`direction` in a payload: sound always goes both ways" },
  missing_command_id: { in: "error", says: "a response without `command_id`" },
  invalid_response_status: { in: "error", says: "`status` is neither `ok` nor `error`" },
  unknown_command_id: {
    in: "error",
    says: "a response to a command that nobody gave; a late one is passed over in silence",
  },
  missing_stream_id: { in: "error", says: "the answer to `start_audio` names no stream" },
  invalid_audio_encoding: { in: "error", says: "`encoding` is no text, or none that is spoken here" },
  invalid_sample_rate: { in: "error", says: "`sample_rate` is no whole number above 0, or out of range" },
  invalid_channels: { in: "error", says: "`channels` is no whole number above 0, or out of range" },
  duplicate_stream_id: { in: "error", says: "the answer to `start_audio` names a stream that runs already" },
  invalid_event: { in: "error", says: "`event` is no text, empty, or too long" },
  invalid_audio_data: {
    in: "error",
    says: "`data` is no base64, or no whole samples, or of no length that is allowed",
  },
  invalid_sequence: { in: "error", says: "`sequence` is no whole number" },
  stream_not_owned: { in: "error", says: "a frame for somebody else's stream" },
  destination_unavailable: { in: "error", says: "the other end of the stream is not there; `details.stream_id`" },
  origin_client_disconnected: {
    in: "error",
    says: "to the station: who gave a command is gone; `details.client_id`, `details.command_id`",
  },
  audio_client_disconnected: {
    in: "error",
    says: "to the station: the stream is over; `details.client_id`, `details.stream_id`",
  },
  audio_intercom_disconnected: {
    in: "error",
    says: "to a client: the station is gone, the stream is over; `details.stream_id`, `details.encoding`",
  },
  internal_error: { in: "ends", says: "the hub failed; its log says more" },
  // From here on: ours.
  unauthorized: { in: "ends", says: "no token, or one that does not count; `details.message` says what to do" },
  pending: { in: "ends", says: "an administrator has to let this station in first; call again later" },
  refused: { in: "ends", says: "an administrator did not let it in, or its token is another one" },
  disabled: { in: "ends", says: "the station is switched off at the hub" },
  too_many_connections: { in: "ends", says: "too many connections, in all or from one address" },
  too_many_errors: { in: "ends", says: "one malformed message after the other" },
  too_slow: { in: "ends", says: "what it was sent was not read for too long" },
  invalid_binary_frame: {
    in: "ends",
    says: "a binary frame whose lengths cannot be: what follows cannot be told apart",
  },
  plain_connection: { in: "ends", says: "this hub takes only TLS here" },
  replaced: { in: "ends", says: "a newer connection came in its place" },
  revoked: { in: "ends", says: "its token or its rights were taken away or changed; connect again" },
  invalid_register: { in: "ends", says: "an optional field of `register` is malformed" },
  line_too_long: { in: "error", says: "a line over the limit; it was passed over up to its newline" },
  forbidden: { in: "error", says: "this client may not do that; `details.right` names what is missing" },
  too_many_commands: { in: "error", says: "too many commands of this client wait for an answer" },
  invalid_call: { in: "error", says: "a field of `call` is malformed" },
  call_refused: {
    in: "error",
    says: "a call is not there for that; `details.call_id`, `details.why` (`over`, `answered`, `busy` ...), `details.by`",
  },
  audio_stream_failed: { in: "error", says: "the other end's sound failed, the stream is over; `details.stream_id`" },
  audio_dropped: {
    in: "error",
    says: "this connection was too slow: its oldest sound was left out; `details.stream`, `details.frames`. The stream goes on",
  },
  audio_held: {
    in: "error",
    says: "what is said is not passed on, because somebody else speaks there or it is not to be disturbed; `details.stream`. The stream goes on",
  },
  intercom_disconnected: { in: "response", says: "the station went away before it answered" },
  timeout: { in: "response", says: "the station did not answer in time" },
  legacy_station: {
    in: "response",
    says: "a door is not opened by a station that was let in by its address alone (`locks.legacyStations`)",
  },
  superseded: { in: "response", says: "the audio session was over before the station answered" },
});

/** One of {@link doorReasons}, which the protocol may follow with `:` and a detail. */
export type DoorReasonWord = keyof typeof doorReasons;

/** Reasons that the original's station gives in the payload of a `response`; a station may give any other. */
export const stationReasons: Readonly<Record<string, string>> = {
  unknown_command: "a command that it does not know",
  exception: "it failed; `details`",
  missing_origin: "a command without `origin_id`",
  stream_exists: "the stream runs already",
  unsupported_encoding: "it has no such encoding",
  unsupported_sample_rate: "it has another sample rate",
  unsupported_channels: "it has another number of channels",
  audio_init_failed: "microphone or loudspeaker could not be opened; `details`",
  connection_lost: "its connection was lost meanwhile",
  invalid_stream_id: "`stop_audio` without a stream",
  unknown_stream_id: "no such stream",
};
