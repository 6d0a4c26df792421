import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startRig } from "../../test/web-rig.ts";
import { ManualClock } from "../util/clock.ts";
import { Pairings } from "./pairings.ts";
import type { UserInput } from "./users.ts";

/** A hub with one person who has one token. */
async function house(input: Pick<Partial<UserInput>, "administrator" | "grants"> = { administrator: true }) {
  const clock = new ManualClock();
  const rig = await startRig({}, { clock });
  const { identity } = rig;
  const user = await rig.person({ name: "Anna", ...input });
  const { id, secret } = await identity.credentials.makeToken(user.id, { name: "Home Assistant", grants: [] });
  const principal = identity.credentials.find(secret) ?? assert.fail("no token");
  const programs = () => identity.pairings.list().map(({ program }) => program);
  const revoke = async () => {
    const ended = identity.users.endCredential({ userId: user.id, via: "token", id });
    await clock.advance(1000);
    await ended;
  };
  return {
    rig,
    identity,
    user,
    principal,
    programs,
    revoke,
    clock,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

describe("pairings", () => {
  it("begin when a program comes with a token and names itself, and end with the token", async () => {
    await using of = await house();
    let changes = 0;
    of.identity.pairings.onChange(() => changes++);
    of.identity.pairings.came(of.principal, "home-assistant/2026.11.0");
    of.identity.pairings.came(of.principal, "home-assistant/2026.11.1");
    assert.deepEqual([of.programs(), changes], [["home-assistant"], 1]);
    await of.revoke();
    assert.deepEqual([of.programs(), changes], [[], 2]);
  });

  it("are no session's, and no other program's", async () => {
    await using of = await house();
    of.identity.pairings.came({ ...of.principal, via: "session" }, "home-assistant");
    of.identity.pairings.came(of.principal, "home-assistants");
    of.identity.pairings.came(of.principal, "");
    assert.deepEqual(of.programs(), []);
  });

  it("are only those of people who may administer the hub, and end when they may no more", async () => {
    for (const grants of [
      [],
      [{ scope: "*", rights: ["view", "talk"] }],
      [{ scope: "device:yard", rights: ["administer"] }],
    ]) {
      await using of = await house({ grants: grants as UserInput["grants"] });
      of.identity.pairings.came(of.principal, "home-assistant");
      assert.deepEqual(of.programs(), [], JSON.stringify(grants));
    }
    await using of = await house({ grants: [{ scope: "*", rights: ["view", "administer"] }] });
    of.identity.pairings.came(of.principal, "home-assistant");
    assert.deepEqual(of.programs(), ["home-assistant"]);
    await Promise.all([of.identity.users.update(of.user.id, { grants: [] }), of.clock.advance(1000)]);
    assert.deepEqual(of.programs(), []);
  });

  it("are the token's, for whomever it asks", async () => {
    await using of = await house();
    const behalf = { id: "uma", name: "Uma", grants: [] };
    of.identity.pairings.came({ ...of.principal, behalf }, "home-assistant");
    assert.deepEqual(
      of.identity.pairings.list().map(({ principal }) => principal),
      [of.principal],
    );
  });

  it("are kept over a restart, unless the token was taken away meanwhile", async () => {
    await using of = await house();
    const { store, users, credentials } = of.identity;
    const again = () => new Pairings({ store, users, credentials, clock: of.clock, log: of.rig.hub.log });
    of.identity.pairings.came(of.principal, "home-assistant");
    await Promise.all([store.settled(), of.clock.advance(1000)]);
    {
      using pairings = again();
      assert.deepEqual(
        pairings.list().map(({ principal }) => principal.credentialId),
        [of.principal.credentialId],
      );
    }
    await of.revoke();
    using pairings = again();
    assert.deepEqual(pairings.list(), []);
  });

  it("end within ten seconds when the command line took the token away", async () => {
    await using of = await house();
    of.identity.pairings.came(of.principal, "home-assistant");
    const { id } = of.user;
    of.identity.credentials.end({ userId: id, via: "token", id: of.principal.credentialId });
    assert.deepEqual(of.programs(), ["home-assistant"]);
    await of.clock.advance(10_000);
    assert.deepEqual(of.programs(), []);
  });
});
