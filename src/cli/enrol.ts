import { parseArgs } from "node:util";
import { z } from "zod";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";

const usage = `usage: doorward enrol list [--json]
       doorward enrol approve ID [--name NAME] [--area AREA] [--json]
       doorward enrol legacy ID [--name NAME] [--area AREA]
       doorward enrol refuse ID
       doorward enrol token ID [--json]
       doorward enrol revoke ID

Devices that call a running hub: who waits to be let in and who was let in already (list), letting one in with a token
(approve) or, one that can carry no token, by the address that it calls from (legacy: no unlock, no emergency), sending
one away for ten minutes (refuse), a new token in place of the one before (token), and none any more (revoke: its
connection ends). A token is shown once; the hub keeps only its hash.

  --name NAME        what people will call it (default: its id as words)
  --area AREA        the group of devices that it belongs to
${hubApiHelp}
                     of an administrator, with the right to administer everywhere (--grant administer)
  --json             say it in JSON

exit code: 0 done, 1 refused or not reached, 2 wrong usage
`;

const waitingSchema = z.object({ id: z.string(), kind: z.string(), address: z.string(), sinceMs: z.number() });
const waitingAnswer = z.object({ waiting: z.array(waitingSchema) });
const deviceSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  arrival: z.object({ enrolled: z.enum(["token", "legacy"]).optional() }).optional(),
});
const devicesAnswer = z.object({ devices: z.array(deviceSchema) });
const tokenAnswer = z.object({ token: z.string().optional() });

type Ask = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** `doorward enrol`: devices that call a running hub. */
export function createEnrolCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "enrol",
    summary: "let in, refuse and revoke devices that call a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createEnrolCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { context } = how;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: "string" },
      area: { type: "string" },
      json: { type: "boolean", default: false },
      ...hubApiFlags(how.env),
    },
  });
  const [action = "", id, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`"${more[0]}" is one word too many`);
  const refused = { 403: "the token may not administer the hub" };
  const ask: Ask = (method, path, body) =>
    askHub({ method, path, body }, { ...how, hub: values.hub, token: values.token, refused });
  const say = (text: string, value: unknown) => context.stdout.write(`${values.json ? JSON.stringify(value) : text}\n`);
  if (action === "list") {
    const { text, value } = await list(ask, context.clock.wallMs());
    say(text, value);
    return 0;
  }
  const act = actions[action];
  if (!act) throw new UsageError(`"${action}" is none of list, ${Object.keys(actions).join(", ")}`);
  if (id === undefined) throw new UsageError("which device? doorward enrol list shows who waits");
  const as = {
    ...(values.name !== undefined && { name: values.name }),
    ...(values.area !== undefined && { area: values.area }),
  };
  const { text, value } = await act(ask, { id, as });
  say(text, value);
  return 0;
}

interface Said {
  readonly text: string;
  readonly value: unknown;
}

type Act = (
  ask: Ask,
  what: { readonly id: string; readonly as: { readonly name?: string; readonly area?: string } },
) => Promise<Said>;

const waits = (id: string) => `/api/v1/arrivals/${encodeURIComponent(id)}`;
const tokenOf = (id: string) => `/api/v1/devices/${encodeURIComponent(id)}/token`;

const actions: Readonly<Record<string, Act>> = {
  approve: async (ask, { id, as }) => {
    const { token } = tokenAnswer.parse(await ask("POST", waits(id), as));
    return { text: token ?? `let ${id} in; it carries its token already`, value: { id, token } };
  },
  legacy: async (ask, { id, as }) => {
    await ask("POST", waits(id), { ...as, legacy: true });
    return { text: `let ${id} in by its address`, value: { id, legacy: true } };
  },
  refuse: async (ask, { id }) => {
    await ask("DELETE", waits(id));
    return { text: `refused ${id} for ten minutes`, value: { id } };
  },
  token: async (ask, { id }) => {
    const { token } = tokenAnswer.parse(await ask("POST", tokenOf(id)));
    return { text: token ?? "", value: { id, token } };
  },
  revoke: async (ask, { id }) => {
    await ask("DELETE", tokenOf(id));
    return { text: `revoked ${id}`, value: { id } };
  },
};

async function list(ask: Ask, nowMs: number): Promise<Said> {
  const { waiting } = waitingAnswer.parse(await ask("GET", "/api/v1/arrivals"));
  const { devices } = devicesAnswer.parse(await ask("GET", "/api/v1/devices"));
  const arrivals = devices.filter(({ arrival }) => arrival !== undefined);
  const lines = [
    ...waiting.map(({ id, kind, address, sinceMs }) => {
      const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
      return `${id}  ${kind}  waits at ${address} for ${seconds} s`;
    }),
    ...arrivals.map(({ id, kind, arrival }) => `${id}  ${kind}  ${sayEnrolled(arrival?.enrolled)}`),
  ];
  const text = lines.length === 0 ? "nobody waits, and no device calls this hub" : lines.join("\n");
  return { text, value: { waiting, enrolled: arrivals } };
}

function sayEnrolled(how: "token" | "legacy" | undefined): string {
  if (how === "legacy") return "by its address only (legacy)";
  return how === "token" ? "by its token" : "not let in: it has no token";
}
