import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseButton } from "../../endpoints/machine/button.ts";
import { parseRelay } from "../../endpoints/machine/relay.ts";
import { UsageError } from "../command.ts";
import { wholeNumber } from "../whole-number.ts";
import { clientIdOf, doorFlags, parseDoorFlags } from "./common.ts";

const flags = {
  ...doorFlags,
  "client-id": { type: "string", default: "intercom-1" },
  ring: { type: "boolean", default: false },
  "ring-at": { type: "string" },
  bell: { type: "string" },
  button: { type: "string" },
  relay: { type: "string" },
  "relay-ms": { type: "string", default: "3000" },
  on: { type: "string", multiple: true },
  state: { type: "string" },
  "no-token": { type: "boolean", default: false },
} as const;

/** The arguments of `door-station`, checked. */
export type DoorStationArguments = ReturnType<typeof parseStationArguments>;

/** Reads and checks the arguments; throws UsageError with one sentence for what is wrong. */
export function parseStationArguments(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options: flags, allowPositionals: false });
  const shared = parseDoorFlags(values);
  const clientId = clientIdOf(values["client-id"]);
  const bell = values.bell;
  if (!values.mic && values.in === undefined && shared.sound.sound !== "none") {
    throw new UsageError(
      "say --mic for the microphone, --in FILE for a file, or --sound none for a station without sound",
    );
  }
  const ringAtMs = wholeNumber(values["ring-at"], { flag: "--ring-at", min: 0, max: 2_000_000_000 });
  return {
    ...shared,
    clientId,
    bell,
    ringAtMs: ringAtMs ?? (values.ring ? 0 : undefined),
    hasSound: values.mic || values.in !== undefined,
    button: optional(
      values.button,
      (text) => parseButton(text) ?? wrong("--button", text, "key, gpio:LINE or gpio:CHIP/LINE"),
    ),
    relay: optional(values.relay, relayOf),
    relayMs: wholeNumber(values["relay-ms"], { flag: "--relay-ms", min: 50, max: 60_000 }) ?? 3000,
    programs: new Map((values.on ?? []).map(programOf)),
    statePath:
      values.state ?? join(stateFolder(), `door-${clientId.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase()}.json`),
    ownToken: !values["no-token"],
  };
}

function relayOf(text: string) {
  if (text === "print") return "print" as const;
  return parseRelay(text) ?? wrong("--relay", text, "gpio:LINE, gpio:CHIP/LINE or print");
}

function programOf(text: string): [string, string] {
  const [, command, program] = /^([\w.-]{1,128})=(.+)$/.exec(text) ?? [];
  if (!command || !program)
    throw new UsageError(`--on ${text}: write COMMAND=PROGRAM, e.g. unlock=/usr/local/bin/open`);
  if (command === "start_audio" || command === "stop_audio")
    throw new UsageError(`--on ${command}: that is the station's own`);
  return [command, program];
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

function wrong(flag: string, text: string, possible: string): never {
  throw new UsageError(`${flag} ${text}: it is ${possible}`);
}

function stateFolder(): string {
  return join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "doorward");
}
