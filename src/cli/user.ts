import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { parseArgs } from "node:util";
import type { AuditAction } from "../identity/audit.ts";
import { passwordSchema } from "../identity/password.ts";
import { describeGrants, rights } from "../identity/policy.ts";
import { type User, userInputSchema } from "../identity/users.ts";
import { FatalError } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { parseGrant } from "./grants.ts";
import { withIdentity } from "./identity.ts";

const usage = `usage: doorward user list [--json]
       doorward user add NAME [--admin] [--grant SCOPE=RIGHT,...]... [--password-stdin]
       doorward user password NAME [--password-stdin]
       doorward user grant NAME --grant SCOPE=RIGHT,...
       doorward user remove NAME

Lists, adds, changes and removes the people who may use the hub. It may run beside a running hub, which follows at once.

  --admin            may do everything
  --grant SCOPE=...  SCOPE is *, area:NAME or device:ID; rights are ${rights.join(", ")}
  --password-stdin   read the password from standard input instead of asking for it
  --data DIR         folder of the hub's data (default: data, or $DOORWARD_DATA)
  --json             say it in JSON

exit code: 0 done, 1 refused, 2 wrong usage
`;

/** `doorward user`. */
export const command: Command = { name: "user", summary: "list, add, change and remove people", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      admin: { type: "boolean", default: false },
      grant: { type: "string", multiple: true, default: [] },
      "password-stdin": { type: "boolean", default: false },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [action, name] = positionals;
  const say = (text: string, value: unknown) => context.stdout.write(`${values.json ? JSON.stringify(value) : text}\n`);
  return withIdentity(values.data, context, async ({ users, audit }) => {
    const record = (action: AuditAction, subject: string, detail?: string) =>
      audit.record({ actor: "command line", action, subject, ...(detail !== undefined && { detail }) });
    if (action === "list") {
      const list = users.list();
      say(list.length === 0 ? "nobody yet" : list.map(describe).join("\n"), list);
      return 0;
    }
    if (name === undefined) throw new UsageError("what is to be done with whom?");
    if (action === "add") {
      const input = userInputSchema.safeParse({
        name,
        administrator: values.admin,
        grants: values.grant.map(parseGrant),
        password: await askPassword(name, { stdin: values["password-stdin"], context }),
      });
      if (!input.success) throw new FatalError(`not added: ${input.error.issues[0]?.message}`);
      const user = await users.create(input.data);
      record("user-added", user.name, rightsOf(user));
      say(`added ${describe(user)}`, user);
      return 0;
    }
    const user = users.byName(name);
    if (!user) throw new FatalError(`there is nobody called ${name}`);
    if (action === "password") {
      await users.update(user.id, { password: await askPassword(name, { stdin: values["password-stdin"], context }) });
      record("user-changed", user.name, "password");
      say(`${name} has a new password; all their sessions and tokens ended`, { name });
    } else if (action === "grant") {
      const changed = await users.update(user.id, { grants: values.grant.map(parseGrant) });
      record("user-changed", changed.name, `grants: ${rightsOf(changed)}`);
      say(describe(changed), changed);
    } else if (action === "remove") {
      await users.remove(user.id);
      record("user-removed", user.name);
      say(`removed ${name}`, { name });
    } else throw new UsageError(`"${action}" is none of list, add, password, grant, remove`);
    return 0;
  });
}

function describe(user: User): string {
  return `${user.name}: ${rightsOf(user)}`;
}

function rightsOf(user: User): string {
  return user.administrator ? "administrator" : describeGrants(user.grants);
}

async function askPassword(
  name: string,
  how: { readonly stdin: boolean; readonly context: CommandContext },
): Promise<string> {
  // With a terminal of its own that shows nothing, what is typed is not echoed.
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, ...(terminal && { output: unseen }), terminal });
  if (!how.stdin) how.context.stderr.write(`password for ${name} (8 characters or more): `);
  using _closing = { [Symbol.dispose]: () => lines.close() };
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const { value } = await lines[Symbol.asyncIterator]().next();
  if (terminal) how.context.stderr.write("\n");
  const password = passwordSchema.safeParse(value ?? "");
  if (!password.success) throw new FatalError("the password needs 8 to 256 characters");
  return password.data;
}
