import { openIdentity } from "../../src/identity/identity.ts";
import { systemClock } from "../../src/util/clock.ts";

/** Changes people, tokens and sessions of the data folder on the command line, many at once, and says what was acknowledged. */
const [dataDir = "", seed = "0"] = process.argv.slice(2);
const identity = openIdentity({ dataDir, clock: systemClock, writer: "thread", setupCode: false });
const { users, credentials } = identity;
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ ready: true });

const grants = [{ scope: "*", rights: ["view" as const, "listen" as const] }];
let count = 0;
async function change(): Promise<void> {
  const number = count++;
  const user = await users.create({ name: `Person ${seed} ${number}`, administrator: false, grants });
  say({ user: user.id, grants: 1 });
  const { secret: token } = await credentials.makeToken(user.id, { name: "t", grants });
  say({ secret: token });
  const { secret: session } = await credentials.openSession(user.id);
  say({ secret: session });
  const twice = [...grants, { scope: "area:Garden", rights: ["talk" as const] }];
  await users.update(user.id, { grants: twice });
  say({ user: user.id, grants: 2 });
  if (number % 3 !== 0) return;
  say({ user: user.id, leaving: [token, session] });
  await users.remove(user.id);
  say({ user: user.id, grants: null });
}
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (count < 500) await change();
  }),
);
