import { readFile, stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { maxUploadBytes } from "../surfaces/http/routes/uploaded-sound.ts";
import { FatalError, messageOf } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";
import { playThrough, requireWhom, type Wish } from "./play.ts";

const usage = `usage: doorward say WORDS --to CHANNEL [--to CHANNEL]... [options]
       doorward say --file NAME --to CHANNEL [--to CHANNEL]... [options]
       doorward say --url ADDRESS --to CHANNEL [--to CHANNEL]... [options]
       doorward say --upload PATH --to CHANNEL [--to CHANNEL]... [options]

Says something through the devices of a running hub, and tells while it is said who hears it. Ctrl+C stops it.

  --to CHANNEL       what a device, an area or a group is called, all, or plainly device:ID, area:NAME, group:NAME;
                     may be repeated
  --file NAME        a sound instead of words: a file of the hub's sounds folder
  --url ADDRESS      a sound at an http(s) address, of a host that an administrator lists at the hub
  --upload PATH      a sound file of this machine (WAV, MP3, ...; at most 16 MiB), sent to the hub
  --voice NAME       voice that speaks the words, as espeak-ng calls it (de, en-us)
  --volume N         how loud, beside what each device is set to: 0.5 is half as loud, at most 4 (1)
  --at-once          be refused while somebody else speaks there, instead of waiting in line
  --priority N       0 normal, 1 takes the floor from others, 2 emergency, also where nobody wants to be disturbed (0)
${hubApiHelp}
  --json             tell it in lines of JSON

exit code: 0 somebody heard it, 1 nobody did or it was refused, 2 wrong usage
`;

/** `doorward say`: words or a sound through the devices of a running hub. */
export function createSayCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "say",
    summary: "say words or play a sound through the devices of a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createSayCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { env } = how;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: "string", multiple: true, default: [] },
      file: { type: "string" },
      url: { type: "string" },
      upload: { type: "string" },
      volume: { type: "string" },
      voice: { type: "string" },
      priority: { type: "string", default: "0" },
      "at-once": { type: "boolean", default: false },
      ...hubApiFlags(env),
      json: { type: "boolean", default: false },
    },
  });
  const { hub, token, json } = values;
  const wish = await wishOf({ ...values, text: positionals.join(" ") });
  return await playThrough(wish, { ...how, hub, token, json });
}

async function wishOf(values: Parameters<typeof bodyOf>[0] & { readonly upload?: string | undefined }): Promise<Wish> {
  const { upload, file, url, text, to, priority } = values;
  if (upload === undefined) {
    return { path: "/api/v1/say", body: bodyOf(values) };
  }
  if (file !== undefined || url !== undefined || text !== "") throw eitherOr();
  requireWhom(values);
  const query = new URLSearchParams([...to.map((channel) => ["to", channel]), ["priority", priority]]);
  if (values["at-once"]) query.set("queue", "false");
  if (values.volume !== undefined) query.set("volume", String(volumeOf(values.volume)));
  return { path: `/api/v1/say/sound?${query}`, body: await readSound(upload) };
}

async function readSound(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size > maxUploadBytes) throw new FatalError(`${path}: larger than ${maxUploadBytes / 2 ** 20} MiB`);
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new FatalError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function bodyOf(values: {
  readonly to: readonly string[];
  readonly file?: string | undefined;
  readonly url?: string | undefined;
  readonly volume?: string | undefined;
  readonly voice?: string | undefined;
  readonly priority: string;
  readonly "at-once": boolean;
  readonly text: string;
}): Record<string, unknown> {
  const { to, file, url, voice, text, volume } = values;
  requireWhom(values);
  if ([file, url, text || undefined].filter((one) => one !== undefined).length !== 1) throw eitherOr();
  const whom = {
    to,
    priority: Number(values.priority),
    ...(volume !== undefined && { volume: volumeOf(volume) }),
    ...(values["at-once"] && { queue: false }),
  };
  if (url !== undefined) return { ...whom, url };
  return file === undefined ? { ...whom, text, ...(voice && { voice }) } : { ...whom, file };
}

function eitherOr(): UsageError {
  return new UsageError("give either words, --file, --url or --upload");
}

function volumeOf(text: string): number {
  const volume = Number(text);
  if (!(volume > 0 && volume <= 4))
    throw new UsageError("--volume is more than 0 and at most 4; 1 is as each device is set");
  return volume;
}
