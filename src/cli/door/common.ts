import type { DoorAddress, DoorState, DoorStreamCounters } from "../../endpoints/door/index.ts";
import { doorLimits } from "../../protocols/door/limits.ts";
import { readCertificate } from "../certificate-file.ts";
import { type CommandContext, UsageError } from "../command.ts";
import { parseSoundSystem } from "../open-sound.ts";
import { wholeNumber } from "../whole-number.ts";

/** Flags that station and client share. */
export const doorFlags = {
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string" },
  "client-id": { type: "string" },
  tls: { type: "boolean", default: false },
  ca: { type: "string" },
  mic: { type: "boolean", default: false },
  "sample-rate": { type: "string" },
  channels: { type: "string" },
  "frame-ms": { type: "string" },
  sound: { type: "string", default: "auto" },
  microphone: { type: "string" },
  loudspeaker: { type: "string" },
  "echo-cancel": { type: "boolean", default: false },
  in: { type: "string" },
  out: { type: "string" },
  "run-for": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** What {@link doorFlags} say. */
type DoorValues = {
  readonly [Flag in keyof typeof doorFlags]?: (typeof doorFlags)[Flag]["type"] extends "boolean" ? boolean : string;
};

/** What is shared of the arguments, checked. Throws UsageError with one sentence for what is wrong. */
export function parseDoorFlags(values: DoorValues) {
  const { minFrameMs, maxFrameMs, minRateHz, maxRateHz, maxChannels, port } = doorLimits;
  const whole = (flag: keyof DoorValues, min: number, max: number) =>
    wholeNumber(values[flag] as string | undefined, { flag: `--${flag}`, min, max });
  const sampleRateHz = whole("sample-rate", minRateHz.value, maxRateHz.value) ?? 16_000;
  if (sampleRateHz % 50 !== 0) {
    throw new UsageError(`--sample-rate ${sampleRateHz} is not possible: 20 ms of it are no whole number of samples`);
  }
  const address: DoorAddress = {
    host: values.host ?? "127.0.0.1",
    port: whole("port", 1, 65_535) ?? port.value,
    ...(values.tls && { tls: values.ca === undefined ? {} : { ca: readCertificate(values.ca) } }),
  };
  return {
    address,
    form: {
      sampleRateHz,
      channels: whole("channels", 1, maxChannels.value) ?? 1,
      frameMs: whole("frame-ms", minFrameMs.value, maxFrameMs.value) ?? 40,
    },
    sound: {
      in: values.in,
      out: values.out,
      sound: parseSoundSystem(values.sound ?? "auto"),
      devices: { microphone: values.microphone, loudspeaker: values.loudspeaker },
      echoCancel: values["echo-cancel"] ?? false,
    },
    runForMs: whole("run-for", 0, 2_000_000_000),
    json: values.json ?? false,
  };
}

/** A client id, checked. */
export function clientIdOf(text: string): string {
  if (/[\p{L}\p{N}]/u.test(text) && text.length <= doorLimits.nameChars.value) return text;
  throw new UsageError(
    `--client-id ${text} is not possible: it is a name of at most ${doorLimits.nameChars.value} letters`,
  );
}

/** Says something to people: on standard error, since standard output may be sound. */
export function tellOf(program: string, { stderr }: CommandContext): (text: string) => void {
  return (text) => {
    stderr.write(`doorward ${program}: ${text}\n`);
  };
}

/** Says how the link to the hub stands; the same trouble once. */
export function stateTeller(
  who: { readonly clientId: string; readonly address: DoorAddress },
  tell: (text: string) => void,
): (state: DoorState) => void {
  const { clientId, address } = who;
  const hub = `${address.host}:${address.port}`;
  let last = "";
  return (state) => {
    const text =
      state.state === "connected" ? `${clientId} is registered at ${hub}` : waitingText(state, { hub, clientId });
    if (text !== last) tell(text);
    last = text;
  };
}

function waitingText(
  { reason, message }: Extract<DoorState, { readonly state: "waiting" }>,
  { hub, clientId }: { readonly hub: string; readonly clientId: string },
): string {
  if (reason === "unreachable" || reason === "untrusted") return `${hub}: ${message}; it is tried again`;
  if (reason === "connection_lost") return `the connection to ${hub} was lost: ${message}; it is made again`;
  if (reason === "pending") {
    return `${clientId} waits to be let in: on the hub's page, or by "doorward enrol approve ${clientId}"`;
  }
  return `${hub} says ${reason}: ${message}; it is tried again`;
}

/** What a stream counted, in a few words. */
export function countersText({ sent, received, lost, underruns }: DoorStreamCounters): string {
  return `${sent} frames sent, ${received} received, ${lost} lost, ${underruns} times too late`;
}
