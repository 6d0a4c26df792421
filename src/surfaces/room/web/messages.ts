import { z } from "zod";
import { codec, floor } from "../../../protocols/room/constants.ts";
import { priorityWords } from "../../../protocols/room/topics.ts";

/** What a client may be called: its name for people, and its room for those who speak to it. */
export const clientIdSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N} _.-]+$/u, "letters, digits, blanks, _ - .")
  .regex(/[\p{L}\p{N}]/u, "at least one letter or digit");

const room = z.string().max(64);
const percent = z.number().min(0).max(100);

const priority = z
  .unknown()
  .optional()
  .transform((value): 0 | 1 | 2 => {
    const at = priorityWords.findIndex((word, index) => index === value || word.toLowerCase() === lower(value));
    return at === 1 || at === 2 ? at : 0;
  });

/** What a client may say, one JSON object each; what a message has besides is passed over. */
export const clientMessages = {
  identify: z
    .object({
      client_id: clientIdSchema.describe("Its name. Two connections with one name are one device."),
      token: z
        .string()
        .max(128)
        .optional()
        .describe("A person's or a device's token, where the connection showed none as `Authorization: Bearer`."),
    })
    .describe("Says who it is. From then on others can speak to it."),
  get_state: z.object({}).describe("Asks for `state`, `targets` and `chimes`."),
  set_target: z
    .object({ target: room.describe("A room, or all.") })
    .describe("Tells whom the next press is meant for. Only what a press itself says counts."),
  ptt_start: z
    .object({
      target: room
        .optional()
        .describe("A room of `targets`, any device, area or group, or `all`; never everybody by mistake."),
      priority: priority.describe("Normal (also when absent), High, Emergency."),
    })
    .describe("The button is pressed. The answer is `state` transmitting, `busy`, or `error`, at once."),
  ptt_stop: z.object({}).describe("The button is let go."),
  call: z.object({ target: room.describe("A room, or all.") }).describe("Rings there with the chosen chime."),
  set_chime: z
    .object({ chime: z.string().max(128).describe("One of `chimes`.") })
    .describe("Chooses the chime for calls, for all clients."),
  volume: z.object({ volume: percent.describe("0 to 100.") }).describe("How loud it is here."),
  mute: z.object({ muted: z.boolean().describe("True: muted.") }).describe("Nothing is played here but emergencies."),
  dnd: z
    .object({ enabled: z.boolean().describe("True: only emergencies.") })
    .describe("Do not disturb: only emergencies may speak here."),
} as const satisfies Readonly<Record<string, z.ZodObject>>;

const status = z.enum(["idle", "transmitting", "receiving"]);

/** What the hub says. */
export const hubMessages = {
  init: z
    .object({
      version: z.string(),
      status,
      suggested_name: z.string().optional().describe("What it was set up as, where its token says that."),
    })
    .describe("The first message."),
  targets: z
    .object({ rooms: z.array(z.string()) })
    .describe("Who can be spoken to now, without the client itself. Told again whenever that changes."),
  chimes: z.object({ options: z.array(z.string()), current: z.string() }).describe("The chimes, and the chosen one."),
  recent_call: z
    .object({ caller: z.string() })
    .describe("Somebody rings here, or did within the last minute when it connects."),
  state: z
    .object({
      status,
      ending_s: z
        .number()
        .optional()
        .describe("Its talk ends in so many seconds, because it has lasted nearly as long as a talk may."),
    })
    .describe("What it does now: it speaks, it is spoken to, neither."),
  busy: z
    .object({ holder: z.string().optional().describe("Who speaks there.") })
    .describe("Somebody else speaks there with the same priority or a higher one; also who is interrupted is told so."),
  hearing: z
    .object({
      devices: z.array(
        z.object({
          name: z.string(),
          state: z.enum(["playing", "connecting", "quiet", "failed"]),
          reason: z.string().optional(),
        }),
      ),
    })
    .describe("Who hears it while it speaks, whenever that changes."),
  volume: clientMessages.volume.describe("How loud it is set, when it comes and whenever that changes."),
  mute: clientMessages.mute.describe("Whether it is muted; told in the same way."),
  dnd: clientMessages.dnd.describe("Whether it wants to be left alone; told in the same way."),
  error: z.object({ message: z.string() }).describe("What did not go, in a sentence for people."),
} as const satisfies Readonly<Record<string, z.ZodObject>>;

type Tagged<Table extends Readonly<Record<string, z.ZodType>>> = {
  [Type in keyof Table & string]: { readonly type: Type } & Readonly<z.output<Table[Type]>>;
}[keyof Table & string];

/** One message of a client. */
export type ClientMessage = Tagged<typeof clientMessages>;

/** One message of the hub. */
export type HubToldMessage = Tagged<typeof hubMessages>;

/** What a client may be doing. */
export type ClientStatus = z.infer<typeof status>;

/** Sound towards the hub: so many bytes of PCM (16 bit, 16 kHz, mono) for 20 ms. Towards the client one byte of priority stands before them. */
export const frameBytes = codec.frameSamples.value * 2;

/** How long a client is silent before its floor is free. */
export const silenceMs = floor.releaseMs.value;

/** A client's message, or a sentence that says why it is none. */
export function parseClientMessage(text: string): ClientMessage | string {
  const json = jsonOf(text);
  const type = typeof json === "object" && json !== null && "type" in json ? json.type : undefined;
  if (typeof type !== "string") return "a message is a JSON object with a type";
  if (!Object.hasOwn(clientMessages, type)) return `the hub knows no message ${type.slice(0, 32)}`;
  const parsed = clientMessages[type as keyof typeof clientMessages].safeParse(json);
  if (parsed.success) return { type, ...parsed.data } as ClientMessage;
  const [issue] = parsed.error.issues;
  return `${type}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not understood"}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lower(value: unknown): string | undefined {
  return typeof value === "string" ? value.trim().toLowerCase() : undefined;
}
