import { parseArgs } from "node:util";
import { z } from "zod";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";
import { requireWhom } from "./play.ts";

const usage = `usage: doorward ring --to CHANNEL [--to CHANNEL]... [--chime NAME] [--priority N]
       doorward ring DEVICE [--bell NAME]

Rings devices of a running hub with a chime, in line behind what is said there; their screens show who is calling. With
the id of a DEVICE its bell is pressed: whoever is to be rung there is called, as by a visitor ("doorward calls").

  --to CHANNEL       what a device, an area or a group is called, all, or plainly device:ID, area:NAME, group:NAME;
                     may be repeated
  --chime NAME       one of "doorward chime list" (doorbell)
  --priority N       0 normal, 1 takes the floor from others, 2 emergency, also where nobody wants to be disturbed (0)
${hubApiHelp}
  --bell NAME        which bell of a device that has several
  --json             say it in JSON

exit code: 0 they are rung or will be in their turn, 1 refused or not reached, 2 wrong usage
`;

const answerSchema = z.object({
  state: z.string(),
  deviceIds: z.array(z.string()),
  position: z.number().optional(),
});

/** `doorward ring`: rings rooms. */
export function createRingCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "ring",
    summary: "ring rooms with a chime, or press a bell, through a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createRingCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: "string", multiple: true, default: [] },
      chime: { type: "string" },
      priority: { type: "string", default: "0" },
      bell: { type: "string" },
      json: { type: "boolean", default: false },
      ...hubApiFlags(how.env),
    },
  });
  const [deviceId, another] = positionals;
  if (another !== undefined) throw new UsageError(`"${another}" is one word too many: whom to ring goes behind --to`);
  if (deviceId !== undefined) return await press(deviceId, { ...how, ...values });
  if (values.bell !== undefined) throw new UsageError("--bell goes with the id of the device that has it");
  requireWhom(values);
  const { hub, token, to, chime } = values;
  const body = { to, priority: Number(values.priority), ...(chime !== undefined && { chime }) };
  const refused = { 404: "nothing is there under this name, or you may not talk there" };
  const answer = answerSchema.parse(
    await askHub({ method: "POST", path: "/api/v1/ring", body }, { ...how, hub, token, refused }),
  );
  how.context.stdout.write(`${values.json ? JSON.stringify(answer) : sayRung(answer)}\n`);
  return 0;
}

const pressedSchema = z.object({ state: z.enum(["ringing", "joined"]), call: z.string() });

/** Presses the bell of a device. */
async function press(
  deviceId: string,
  how: HubApiDeps & {
    readonly context: CommandContext;
    readonly to: readonly string[];
    readonly bell?: string | undefined;
    readonly hub: string;
    readonly token?: string | undefined;
    readonly json: boolean;
  },
): Promise<number> {
  const { to, bell, hub, token, json, context } = how;
  if (to.length > 0) throw new UsageError("either a bell is pressed (DEVICE) or rooms are rung (--to)");
  const path = `/api/v1/devices/${encodeURIComponent(deviceId)}/ring`;
  const refused = { 404: "there is no such device, or you may not talk there" };
  const body = bell === undefined ? {} : { bell };
  const rung = pressedSchema.parse(await askHub({ method: "POST", path, body }, { ...how, hub, token, refused }));
  const sentence = `${rung.state === "joined" ? "rings already" : "rings"}: call ${rung.call}`;
  context.stdout.write(`${json ? JSON.stringify(rung) : sentence}\n`);
  return 0;
}

function sayRung({ state, deviceIds, position = 1 }: z.infer<typeof answerSchema>): string {
  if (state !== "queued") return `rings at ${deviceIds.join(", ")}`;
  return `will ring at ${deviceIds.join(", ")}: ${position === 1 ? "next" : `number ${position}`} in line`;
}
