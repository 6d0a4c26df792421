import { parseArgs } from "node:util";
import { brokerUrl } from "../broker-url.ts";
import { UsageError } from "../command.ts";
import { clientIdOf, doorFlags, parseDoorFlags } from "./common.ts";

const flags = {
  ...doorFlags,
  "client-id": { type: "string", default: "ha-client-1" },
  station: { type: "string" },
  "no-auto-start": { type: "boolean", default: false },
  "stream-id": { type: "string" },
  "source-file": { type: "string" },
  "sink-file": { type: "string" },
  "mic-device": { type: "string" },
  "speaker-device": { type: "string" },
  tone: { type: "boolean", default: false },
  "tone-frequency": { type: "string", default: "440" },
  "tone-amplitude": { type: "string", default: "0.2" },
  mute: { type: "boolean", default: false },
  command: { type: "string", multiple: true },
  payload: { type: "string", default: "{}" },
  mqtt: { type: "string" },
  "mqtt-user": { type: "string" },
  topic: { type: "string", default: "intercom" },
  "log-level": { type: "string" },
} as const;

/** The arguments of `ha-client`, checked. */
export type DoorClientArguments = ReturnType<typeof parseClientArguments>;

/** Reads and checks the arguments; throws UsageError with one sentence for what is wrong. */
export function parseClientArguments(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options: flags, allowPositionals: false });
  const shared = parseDoorFlags({
    ...values,
    in: values.in ?? values["source-file"],
    out: values.out ?? values["sink-file"],
    microphone: values.microphone ?? values["mic-device"],
    loudspeaker: values.loudspeaker ?? values["speaker-device"],
  });
  const streamId = values["stream-id"];
  if (streamId === "") throw new UsageError("--stream-id is empty: it names the stream that is asked for");
  const tone = values.tone ? toneOf(values) : undefined;
  return {
    ...shared,
    clientId: clientIdOf(values["client-id"]),
    station: values.station,
    autoStart: !values["no-auto-start"] && values.mqtt === undefined,
    mqtt:
      values.mqtt === undefined
        ? undefined
        : { url: brokerUrl(values.mqtt), username: values["mqtt-user"], topic: topicOf(values.topic) },
    streamId,
    tone,
    records: values.mic,
    plays: !values.mute,
    commands: values.command ?? [],
    payload: payloadOf(values.payload),
  };
}

function toneOf(values: { readonly "tone-frequency": string; readonly "tone-amplitude": string }) {
  const [frequencyHz, amplitude] = [Number(values["tone-frequency"]), Number(values["tone-amplitude"])];
  if (!(frequencyHz >= 20 && frequencyHz <= 20_000))
    throw new UsageError("--tone-frequency is a number from 20 to 20000");
  if (!(amplitude >= 0 && amplitude <= 1)) throw new UsageError("--tone-amplitude is a number from 0 to 1");
  return { frequencyHz, amplitude };
}

function topicOf(text: string): string {
  if (text !== "" && !/[#+\0]/.test(text)) return text;
  throw new UsageError(`--topic ${text} is not possible: it is one topic, without # and +`);
}

function payloadOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new UsageError(`--payload ${text} is no JSON object, e.g. {"seconds":3}`);
}
