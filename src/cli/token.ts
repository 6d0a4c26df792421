import { parseArgs } from "node:util";
import { usualDigestName } from "../identity/digest-keys.ts";
import { describeGrants, isWithin, rights } from "../identity/policy.ts";
import { StoreFault } from "../identity/store-fault.ts";
import type { User } from "../identity/users.ts";
import { FatalError } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { parseGrant } from "./grants.ts";
import { withIdentity } from "./identity.ts";

const usage = `usage: doorward token list PERSON [--json]
       doorward token add PERSON NAME --grant SCOPE=RIGHT,... [--days N]
       doorward token remove PERSON ID

Tokens let programs act for a person: "Authorization: Bearer <token>" at the API and at /whep/<camera>. A token may do
what it was made for and no more than its person may; it cannot change people, tokens or passwords.
A token is shown once, when it is made; only its SHA-256 is kept, and, sealed, what checks an RTSP client's Digest.

  --grant SCOPE=...  what it may do; may be repeated. SCOPE is *, area:NAME or device:ID, everywhere (*) if left out;
                     rights are ${rights.join(", ")}.
                     For Prometheus: --grant metrics
  --days N           ends after N days (default: never)
  --data DIR         folder of the hub's data (default: data, or $DOORWARD_DATA)
  --json             say it in JSON

exit code: 0 done, 1 refused, 2 wrong usage
`;

/** `doorward token`. */
export const command: Command = { name: "token", summary: "list, make and revoke tokens for programs", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      grant: { type: "string", multiple: true, default: [] },
      days: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [action, person, what] = positionals;
  if (person === undefined) throw new UsageError("whose tokens?");
  const say = (text: string, value: unknown) => context.stdout.write(`${values.json ? JSON.stringify(value) : text}\n`);
  return withIdentity(values.data, context, async ({ users, credentials, audit, store }) => {
    const user = users.byName(person);
    if (!user) throw new FatalError(`there is nobody called ${person}`);
    if (action === "list") {
      const tokens = credentials.tokens(user.id);
      const lines = tokens.map(
        ({ id, name, grants, lastUsedMs }) => `${id}  ${name}  ${describeGrants(grants)}  ${lastUsed(lastUsedMs)}`,
      );
      say(lines.length === 0 ? "no tokens" : lines.join("\n"), tokens);
      return 0;
    }
    if (what === undefined) throw new UsageError(action === "add" ? "what is the token for?" : "which token?");
    if (action === "add") {
      const expiresMs = expiry(values.days, context.clock.wallMs());
      const grants = chosen(values.grant, user);
      const token = await credentials.makeToken(user.id, {
        name: what,
        grants,
        digestNames: [usualDigestName, user.name],
        ...(expiresMs !== undefined && { expiresMs }),
      });
      const detail = `for ${user.name}: ${describeGrants(grants)}`;
      audit.record({ actor: "command line", action: "token-made", subject: what, detail });
      say(token.secret, token);
      return 0;
    }
    if (action !== "remove") throw new UsageError(`"${action}" is none of list, add, remove`);
    const token = credentials.tokens(user.id).find(({ id }) => id === what);
    const ended = await users.endCredential({ userId: user.id, via: "token", id: what });
    if (!token || !ended.found) throw new FatalError(`no token ${what}`);
    if (!ended.kept) throw new StoreFault(store.health.fault?.kind ?? "silent");
    const detail = `of ${user.name}`;
    audit.record({ actor: "command line", action: "token-revoked", subject: token.name, detail });
    say(`removed ${what}`, { id: what });
    return 0;
  });
}

function chosen(given: readonly string[], user: User) {
  const grants = given.map(parseGrant);
  if (grants.length === 0) throw new UsageError("what may the token do? For example --grant view,listen");
  if (!isWithin(grants, user)) throw new FatalError(`not made: ${user.name} does not have all of these rights`);
  return grants;
}

function expiry(days: string | undefined, nowMs: number): number | undefined {
  if (days === undefined) return undefined;
  const count = Number(days);
  if (!(count > 0 && count < 36_500)) throw new UsageError("--days takes a number of days");
  return nowMs + count * 86_400_000;
}

function lastUsed(ms: number | undefined): string {
  return ms === undefined ? "never used" : `last used ${new Date(ms).toISOString()}`;
}
