import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startRig } from "../../../test/web-rig.ts";
import { putStatement } from "../../identity/store.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { Announcer } from "./announcer.ts";
import { startFakeSupervisor } from "./fake.ts";

const token = "the-app's";

async function house() {
  await using held = new AsyncDisposableStack();
  const supervisor = held.use(await startFakeSupervisor({ token, address: "127.0.0.2", people: {} }));
  const rig = held.use(await startRig());
  const clock = new ManualClock();
  const tell = (signal = new AbortController().signal, shown = token) => {
    const hubUrl = "http://127.0.0.1:8480";
    const { identity } = rig;
    const options = { identity, clock, log: silentLog, supervisor: supervisor.url, token: shown, hubUrl };
    return new Announcer(options).run(signal);
  };
  const owned = held.move();
  return { supervisor, rig, clock, tell, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe("the discovery by Home Assistant's Supervisor", () => {
  it("hands over the hub with a token that works, once somebody administers it, and the same one at every start", async () => {
    await using home = await house();
    const { rig, supervisor, tell } = home;
    const told = tell();
    await rig.person({ name: "Anna", administrator: true });
    await told;
    await tell();
    const [first, second] = supervisor.discovered as { service: string; config: Record<string, string> }[];
    assert.equal(first?.service, "doorward");
    assert.equal(first?.config["id"], rig.identity.installation);
    assert.equal(first?.config["url"], "http://127.0.0.1:8480");
    assert.deepEqual(second, first);
    const headers = { authorization: `Bearer ${first?.config["token"]}` };
    const session = await rig.call("GET", "/api/v1/session", { headers });
    assert.equal((session.json["user"] as { readonly name: string }).name, "Home Assistant");
    const person = rig.identity.users.byName("Home Assistant");
    assert.deepEqual([person?.hasPassword, person?.administrator], [false, false]);
  });

  it("brings back neither the token nor the person that somebody took away", async () => {
    await using home = await house();
    const { rig, supervisor, tell } = home;
    await rig.person({ name: "Anna", administrator: true });
    await tell();
    const { users, credentials } = rig.identity;
    const userId = users.byName("Home Assistant")?.id ?? "";
    const [made] = credentials.tokens(userId);
    await users.endCredential({ userId, via: "token", id: made?.id ?? "" });
    await tell();
    assert.deepEqual(credentials.tokens(userId), []);
    await users.remove(userId);
    await tell();
    assert.equal(users.byName("Home Assistant"), undefined);
    assert.equal(supervisor.discovered.length, 1);
  });

  it("makes another token, for the same person, when the kept one cannot be opened", async () => {
    await using home = await house();
    const { rig, supervisor, tell } = home;
    await rig.person({ name: "Anna", administrator: true });
    await tell();
    const userId = rig.identity.users.byName("Home Assistant")?.id ?? "";
    await rig.identity.store.write(putStatement("supervisor", "token", "sealed:1:by-a-key-that-is-gone"));
    await tell();
    const tokens = supervisor.discovered.map((one) => (one as { config: { token: string } }).config.token);
    assert.equal(new Set(tokens).size, 2);
    assert.equal(rig.identity.credentials.tokens(userId).length, 2);
  });

  it("tries again when the Supervisor does not take it, and stops with the hub", async () => {
    await using home = await house();
    const { rig, supervisor, clock, tell } = home;
    await rig.person({ name: "Anna", administrator: true });
    supervisor.refuse(503, 2);
    const told = tell();
    while (supervisor.discovered.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(60_000);
    }
    await told;
    const stop = new AbortController();
    const refused = tell(stop.signal, "another");
    stop.abort(new Error("the hub ends"));
    await assert.rejects(refused, /the hub ends/);
  });
});
