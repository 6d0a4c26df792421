import { parseArgs } from "node:util";
import { z } from "zod";
import { type CallInfo, callInfoSchema } from "../hub/call-info.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";

const usage = `usage: doorward calls [--limit N] [--missed] [--watch] [--json]
       doorward calls answer|decline|join|end [ID] [--reply TEXT] [--for-self]

The calls of a running hub: those that run, then those of before, newest first. Answers, declines, joins and ends one; without an
ID the only one that runs. What is said and heard in a call goes through the page, a station or a door client.

  --limit N          how many of before (20)
  --missed           only those that nobody answered
  --watch            go on and say what changes, a line each, until it is interrupted
  --reply TEXT       said at the door by whoever declines
  --for-self         declines for oneself only: the others go on ringing
${hubApiHelp}
  --json             say it in JSON

exit code: 0 done, 1 refused, not reached, or there is no such call, 2 wrong usage
`;

const actions = ["answer", "decline", "join", "end"] as const;
const listSchema = z.object({ running: z.array(callInfoSchema), calls: z.array(callInfoSchema) });
const watchEveryMs = 500;

/** `doorward calls`: what rings, who answered, what was missed. */
export function createCallsCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "calls",
    summary: "list, watch, answer, decline and end the calls of a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createCallsCommand();

interface How extends HubApiDeps {
  readonly context: CommandContext;
}

async function run(args: readonly string[], how: How): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      limit: { type: "string", default: "20" },
      missed: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      reply: { type: "string" },
      "for-self": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      ...hubApiFlags(how.env),
    },
  });
  const { hub, token, json } = values;
  const ask = (method: string, path: string, body?: unknown) =>
    askHub({ method, path, ...(body !== undefined && { body }) }, { ...how, hub, token });
  const say = (call: CallInfo) => how.context.stdout.write(`${json ? JSON.stringify(call) : sayCall(call)}\n`);
  const list = async () => listSchema.parse(await ask("GET", `/api/v1/calls?limit=${limitOf(values.limit)}`));
  const [action = "list", id, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`"${more[0]}" is one word too many`);
  if (isAction(action)) {
    const call = id ?? onlyOne((await list()).running);
    const reply = values.reply === undefined ? {} : { reply: values.reply };
    const body = action === "decline" ? { ...reply, ...(values["for-self"] && { forSelf: true }) } : undefined;
    say(callInfoSchema.parse(await ask("POST", `/api/v1/calls/${encodeURIComponent(call)}/${action}`, body)));
    return 0;
  }
  if (action !== "list") throw new UsageError(`"${action}" is none of list, ${actions.join(", ")}`);
  const { running, calls } = await list();
  const past = calls.filter((call) => running.every((other) => other.id !== call.id));
  for (const call of [...running, ...past].filter(({ endReason }) => !values.missed || endReason === "missed"))
    say(call);
  if (!json && running.length + past.length === 0) how.context.stdout.write("nobody has called yet\n");
  if (values.watch) await watch([...running, ...past], { list, say, context: how.context });
  return 0;
}

async function watch(
  known: readonly CallInfo[],
  how: {
    readonly list: () => Promise<z.output<typeof listSchema>>;
    readonly say: (call: CallInfo) => void;
    readonly context: CommandContext;
  },
): Promise<void> {
  const said = new Map(known.map((call) => [call.id, sayCall(call)]));
  const { signal, clock } = how.context;
  while (!signal.aborted) {
    await clock.sleep(watchEveryMs, signal).catch(() => {});
    if (signal.aborted) return;
    const { running, calls } = await how.list();
    for (const call of [...running, ...calls].toReversed()) {
      const sentence = sayCall(call);
      if (said.get(call.id) === sentence) continue;
      said.set(call.id, sentence);
      how.say(call);
    }
  }
}

function isAction(word: string): word is (typeof actions)[number] {
  return (actions as readonly string[]).includes(word);
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new UsageError("--limit is 1 to 200");
  return limit;
}

function onlyOne(running: readonly CallInfo[]): string {
  const [only, another] = running;
  if (!only) throw new UsageError("no call runs at the moment");
  if (another) throw new UsageError(`several calls run: say which, ${running.map(({ id }) => id).join(" or ")}`);
  return only.id;
}

/** One call in a line: when, who, and what became of it. */
function sayCall({ id, startedMs, from, state, answeredBy, endReason, endedBy, rung }: CallInfo): string {
  const at = new Date(startedMs).toISOString().slice(0, 19).replace("T", " ");
  const by = endedBy ? ` by ${endedBy.name}` : "";
  const rings = rung.filter((one) => one.state === "told" || one.state === "ringing").map(({ name }) => name);
  const what =
    state === "ringing"
      ? `rings at ${rings.join(", ") || "nobody"}`
      : state === "answered"
        ? `answered by ${answeredBy?.name ?? "somebody"}`
        : `${answeredBy ? `answered by ${answeredBy.name}, ` : ""}${endReason ?? "ended"}${by}`;
  return `${at}Z  ${id}  ${from.name}: ${what}`;
}
