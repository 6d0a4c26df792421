import { parseArgs } from "node:util";
import type { ProfileChoice } from "../../drivers/yoosee/speaker.ts";
import { UsageError } from "../command.ts";

/** Where the sound comes from. */
export type TalkInput =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "microphone" }
  | { readonly kind: "text"; readonly text: string };

/** One camera of `--ip`. */
export interface TalkCamera {
  readonly host: string;
  readonly port: number;
  /** As the person wrote it: what messages call it. */
  readonly name: string;
}

/** The arguments of `doorward talk`, checked. */
export interface TalkArguments {
  readonly cameras: readonly TalkCamera[];
  readonly input: TalkInput;
  /** Undefined: the profile's own. */
  readonly rateHz: 8000 | 16000 | undefined;
  readonly volume: number;
  readonly profile: ProfileChoice;
  /** How often OPEN is repeated, ms; undefined: as the dialect needs it. */
  readonly reopenMs: number | undefined;
  readonly path: string;
  readonly autoExit: boolean;
  readonly loop: boolean;
  /** How long a camera that vanished is tried again, seconds. */
  readonly reconnectS: number;
  readonly json: boolean;
  readonly debug: boolean;
}

const flags = {
  ip: { type: "string", multiple: true },
  port: { type: "string", default: "554" },
  file: { type: "string" },
  mic: { type: "boolean", default: false },
  say: { type: "string" },
  rate: { type: "string" },
  vol: { type: "string", default: "0.5" },
  profile: { type: "string", default: "classic" },
  reopen: { type: "string" },
  path: { type: "string", default: "onvif1" },
  reconnect: { type: "string", default: "5" },
  "auto-exit": { type: "boolean", default: false },
  loop: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  debug: { type: "boolean", default: false },
} as const;

/** Reads and checks the arguments; throws UsageError with one sentence for what is wrong. */
export function parseTalkArguments(args: readonly string[]): TalkArguments {
  const { values } = parseArgs({ args: [...args], options: flags, allowPositionals: false });
  const input = inputOf(values);
  if (values.loop && input.kind !== "file" && input.kind !== "text")
    throw new UsageError("--loop needs a file or --say");
  return {
    cameras: camerasOf(values.ip ?? [], portOf(values.port)),
    input,
    rateHz: rateOf(values.rate),
    volume: numberOf(values.vol, { flag: "--vol", min: 0.1, max: 2, unit: "" }),
    profile: profileOf(values.profile),
    reopenMs: reopenOf(values.reopen),
    path: pathOf(values.path),
    autoExit: values["auto-exit"],
    loop: values.loop,
    reconnectS: numberOf(values.reconnect, { flag: "--reconnect", min: 0, max: 3600, unit: " seconds" }),
    json: values.json,
    debug: values.debug,
  };
}

function inputOf(values: { readonly file?: string; readonly mic: boolean; readonly say?: string }): TalkInput {
  const told = [values.file !== undefined, values.mic, values.say !== undefined].filter(Boolean).length;
  if (told > 1) throw new UsageError("--file, --mic and --say exclude each other");
  if (values.mic) return { kind: "microphone" };
  if (values.say !== undefined) {
    if (values.say.trim() === "") throw new UsageError("--say needs words");
    return { kind: "text", text: values.say };
  }
  const path = values.file ?? "music.mp3";
  if (path === "") throw new UsageError("--file needs a path, or - for standard input");
  return path === "-" ? { kind: "stdin" } : { kind: "file", path };
}

function camerasOf(lists: readonly string[], port: number): TalkCamera[] {
  const names = new Set(
    lists.flatMap((list) => list.split(",").map((name) => name.trim())).filter((name) => name !== ""),
  );
  if (names.size === 0) throw new UsageError("--ip is missing: the camera's address, or several with commas between");
  return [...names].map((name) => cameraOf(name, port));
}

function cameraOf(name: string, defaultPort: number): TalkCamera {
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/i.exec(name);
  const bareIpv6 = /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(name);
  if (bareIpv6) return { host: name, port: defaultPort, name };
  const host = match?.[1] ?? match?.[2];
  if (!host) throw new UsageError(`--ip ${name} is not an address: write e.g. 192.168.1.100`);
  return { host, port: match?.[3] ? portOf(match[3]) : defaultPort, name };
}

function portOf(text: string): number {
  return numberOf(text, { flag: "--port", min: 1, max: 65_535, unit: "", whole: true });
}

function rateOf(text: string | undefined): 8000 | 16000 | undefined {
  if (text === undefined) return undefined;
  if (text === "8000") return 8000;
  if (text === "16000") return 16000;
  throw new UsageError(`--rate ${text} is not possible: these cameras play 8000 or 16000`);
}

function profileOf(text: string): ProfileChoice {
  if (text === "classic" || text === "gwell" || text === "auto") return text;
  throw new UsageError(`--profile ${text} is unknown: it is classic, gwell or auto`);
}

function reopenOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return 1000 * numberOf(text, { flag: "--reopen", min: 0, max: 60, unit: " seconds" });
}

function pathOf(text: string): string {
  const path = text.replace(/^\//, "");
  if (!/^[\w./-]{1,64}$/.test(path)) throw new UsageError(`--path ${text} is not a path: write e.g. onvif1`);
  return path;
}

function numberOf(
  text: string,
  limits: {
    readonly flag: string;
    readonly min: number;
    readonly max: number;
    readonly unit: string;
    readonly whole?: boolean;
  },
): number {
  const value = /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : Number.NaN;
  const { flag, min, max, unit } = limits;
  if (value >= min && value <= max && (!limits.whole || Number.isInteger(value))) return value;
  throw new UsageError(`${flag} ${text} is not possible: it is a number from ${min} to ${max}${unit}`);
}
