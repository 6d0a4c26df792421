import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseButton } from "../../endpoints/machine/button.ts";
import { isAllRooms } from "../../protocols/room/topics.ts";
import { brokerUrl } from "../broker-url.ts";
import { UsageError } from "../command.ts";
import { parseSoundSystem } from "../open-sound.ts";
import { wholeNumber } from "../whole-number.ts";

const flags = {
  name: { type: "string" },
  hub: { type: "string" },
  mqtt: { type: "string" },
  user: { type: "string" },
  "mqtt-version": { type: "string", default: "3.1.1" },
  discovery: { type: "boolean", default: false },
  group: { type: "string" },
  port: { type: "string" },
  interface: { type: "string" },
  peer: { type: "string", multiple: true },
  sound: { type: "string", default: "auto" },
  microphone: { type: "string" },
  loudspeaker: { type: "string" },
  "echo-cancel": { type: "boolean", default: false },
  button: { type: "string" },
  target: { type: "string" },
  priority: { type: "string" },
  volume: { type: "string" },
  state: { type: "string" },
  in: { type: "string" },
  out: { type: "string" },
  "talk-at": { type: "string" },
  "talk-for": { type: "string", default: "5000" },
  "call-at": { type: "string" },
  "answer-after": { type: "string" },
  "hang-up-at": { type: "string" },
  "run-for": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** The arguments, checked. */
export type StationArguments = ReturnType<typeof parseStationArguments>;

/** Reads and checks the arguments; throws UsageError with one sentence for what is wrong. */
export function parseStationArguments(args: readonly string[]) {
  const { values } = parseArgs({ args: [...args], options: flags, allowPositionals: false });
  const { hub, mqtt, target } = values;
  if (hub !== undefined && !/^https?:$/.test(URL.parse(hub)?.protocol ?? "")) {
    throw new UsageError(`--hub ${hub} is no http(s) address`);
  }
  const room = nameOf(values.name);
  const priority = wholeNumber(values.priority, { flag: "--priority", min: 0, max: 2 }) as 0 | 1 | 2 | undefined;
  const volume = wholeNumber(values.volume, { flag: "--volume", min: 0, max: 100 });
  return {
    room,
    hub,
    mqtt: mqtt === undefined ? undefined : brokerUrl(mqtt),
    user: values.user,
    version: versionOf(values["mqtt-version"]),
    discovery: values.discovery,
    group: groupOf(values.group),
    port: wholeNumber(values.port, { flag: "--port", min: 1, max: 65_535 }),
    interface: values.interface,
    peers: Object.fromEntries((values.peer ?? []).map(peerOf)),
    sound: parseSoundSystem(values.sound),
    devices: { microphone: values.microphone, loudspeaker: values.loudspeaker },
    echoCancel: values["echo-cancel"],
    button: buttonOf(values.button),
    settings: {
      ...(target !== undefined && { target: isAllRooms(target) ? "All Rooms" : target }),
      ...(priority !== undefined && { priority }),
      ...(volume !== undefined && { volume }),
    },
    statePath: values.state ?? join(stateFolder(), `${room.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase()}.json`),
    in: values.in,
    out: values.out,
    talkAtMs: durationOf(values["talk-at"], "--talk-at"),
    talkForMs: durationOf(values["talk-for"], "--talk-for") ?? 0,
    callAtMs: durationOf(values["call-at"], "--call-at"),
    answerAfterMs: durationOf(values["answer-after"], "--answer-after"),
    hangUpAtMs: durationOf(values["hang-up-at"], "--hang-up-at"),
    runForMs: durationOf(values["run-for"], "--run-for"),
    json: values.json,
  };
}

function stateFolder(): string {
  return join(process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state"), "doorward");
}

function nameOf(name: string | undefined): string {
  if (name === undefined || name.trim() === "")
    throw new UsageError("--name is missing: the room's name, e.g. Kitchen");
  if (Buffer.byteLength(name) > 32) throw new UsageError(`--name ${name} is too long: a room's name has 32 bytes`);
  return name.trim();
}

function versionOf(text: string): 4 | 5 {
  if (text === "5") return 5;
  if (text === "3.1.1") return 4;
  throw new UsageError(`--mqtt-version ${text} is not possible: it is 3.1.1 or 5`);
}

function groupOf(text: string | undefined): string | undefined {
  const first = Number(/^(\d{1,3})(?:\.\d{1,3}){3}$/.exec(text ?? "")?.[1]);
  if (text === undefined || (first >= 224 && first <= 239)) return text;
  throw new UsageError(`--group ${text} is no multicast address: they go from 224.0.0.0 to 239.255.255.255`);
}

function peerOf(text: string): [string, string] {
  const [, room, ip] = /^(.+)=(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text) ?? [];
  if (!room || !ip) throw new UsageError(`--peer ${text}: write ROOM=ADDRESS, e.g. Office=192.168.1.9`);
  return [room, ip];
}

function buttonOf(text: string | undefined) {
  const button = text === undefined ? undefined : parseButton(text);
  if (text !== undefined && !button) throw new UsageError(`--button ${text}: it is key, gpio:LINE or gpio:CHIP/LINE`);
  return button;
}

function durationOf(text: string | undefined, flag: string): number | undefined {
  return wholeNumber(text, { flag, min: 0, max: 2_000_000_000 });
}
