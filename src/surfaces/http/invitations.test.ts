import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";
import { createLog } from "../../util/log-pino.ts";

const word = "correct horse";
const chosen = "battery staple";
const hourMs = 60 * 60 * 1000;

/** A hub with an administrator, and somebody who has no password yet. */
async function openHouse(options: Parameters<typeof startRig>[1] = {}) {
  const rig = await startRig({}, options);
  const root = await rig.person({ name: "Root", password: word, administrator: true });
  const ben = await rig.identity.users.create({ name: "Ben", administrator: false, grants: [view] });
  return { rig, root, ben, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

const view = { scope: "*", rights: ["view" as const] };

const invite = (rig: Rig, as: Person, { id, hours }: { readonly id: string; readonly hours?: number }) =>
  rig.call("POST", `/api/v1/users/${id}/invitation`, { as, body: hours === undefined ? {} : { hours } });

/** What stands behind `#invite=` in an answer's link. */
const secretIn = ({ json }: { readonly json: Record<string, unknown> }) =>
  /^https?:\/\/[^/?#]+\/#invite=(dwi_[\w-]{43})$/.exec(String(json["link"]))?.[1] ?? assert.fail(String(json["link"]));

const look = (rig: Rig, invitation: string) => rig.call("POST", "/api/v1/invitation", { body: { invitation } });
const accept = (rig: Rig, invitation: string, password = chosen) =>
  rig.call("POST", "/api/v1/invitation/accept", { body: { invitation, password } });

describe("an invitation", () => {
  it("is a link with a QR code, by which somebody chooses their password and is signed in", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const made = await invite(rig, root, ben);
    assert.equal(made.status, 201, made.text);
    assert.match(String(made.json["qr"]), /^<svg /);
    const secret = secretIn(made);
    assert.equal((await look(rig, secret)).json["name"], "Ben");
    const answer = await accept(rig, secret);
    assert.equal(answer.status, 200, answer.text);
    const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const session = await rig.call("GET", "/api/v1/session", { headers: { cookie } });
    assert.equal((session.json["user"] as { name: string }).name, "Ben");
    assert.ok(await rig.identity.users.verify("Ben", chosen));
    await rig.identity.store.settled();
    assert.deepEqual(
      rig.identity.audit.list().map(({ actor, action, subject }) => [actor, action, subject]),
      [
        ["Ben", "invitation-used", undefined],
        ["Root", "invitation-made", "Ben"],
      ],
    );
  });

  it("is good once, also for two who come at the same time", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const secret = secretIn(await invite(rig, root, ben));
    const both = await Promise.all([accept(rig, secret, "first of two"), accept(rig, secret, "second of two")]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 410]);
    const again = await accept(rig, secret);
    assert.deepEqual([again.status, again.json.code], [410, "no-invitation"]);
    assert.equal((await look(rig, secret)).status, 410);
  });

  it("is good for a day unless told, and the list of people says until when", async () => {
    const clock = new ManualClock();
    await using house = await openHouse({ clock });
    const { rig, root, ben } = house;
    const made = await invite(rig, root, ben);
    assert.equal(made.json["expiresMs"], clock.wallMs() + 24 * hourMs);
    const listed = await rig.call("GET", "/api/v1/users", { as: root });
    const until = (listed.json["users"] as { id: string; invitedUntilMs?: number }[]).find(({ id }) => id === ben.id);
    assert.equal(until?.invitedUntilMs, made.json["expiresMs"]);
    await clock.advance(24 * hourMs - 1);
    assert.equal((await look(rig, secretIn(made))).status, 200);
    await clock.advance(1);
    assert.equal((await look(rig, secretIn(made))).status, 410);
    assert.equal((await accept(rig, secretIn(made))).status, 410);
    assert.deepEqual(rig.identity.invitations.list(), []);
  });

  it("may be good for an hour to a week, and no longer", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    assert.equal((await invite(rig, root, { id: ben.id, hours: 168 })).status, 201);
    assert.equal((await invite(rig, root, { id: ben.id, hours: 169 })).status, 400);
    assert.equal((await invite(rig, root, { id: ben.id, hours: 0 })).status, 400);
    assert.equal((await invite(rig, root, { id: "nobody" })).status, 404);
  });

  it("ends what was signed in for the person before", async () => {
    await using house = await openHouse();
    const { rig, root } = house;
    const anna = await rig.person({ name: "Anna", password: word });
    const { secret: token } = await rig.identity.credentials.makeToken(anna.id, { name: "t", grants: [view] });
    const secret = secretIn(await invite(rig, root, anna));
    assert.equal((await rig.call("GET", "/api/v1/devices", { as: anna })).status, 200, "not before it is used");
    assert.equal((await accept(rig, secret)).status, 200);
    assert.equal((await rig.call("GET", "/api/v1/devices", { as: anna })).status, 401);
    assert.equal(rig.identity.credentials.find(token), undefined);
    assert.equal(await rig.identity.users.verify("Anna", word), undefined);
  });

  it("signs whoever sat at that browser before out there", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const invitation = secretIn(await invite(rig, root, ben));
    const body = { invitation, password: chosen };
    assert.equal((await rig.call("POST", "/api/v1/invitation/accept", { as: root, body })).status, 200);
    assert.equal((await rig.call("GET", "/api/v1/devices", { as: root })).status, 401);
  });

  it("with a password that is too short is not used up", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const secret = secretIn(await invite(rig, root, ben));
    assert.equal((await accept(rig, secret, "short")).status, 400);
    assert.equal((await accept(rig, secret)).status, 200);
  });
});

describe("an invitation is void", () => {
  const ways: Readonly<Record<string, (house: Awaited<ReturnType<typeof openHouse>>) => Promise<unknown>>> = {
    "when another is made": ({ rig, root, ben }) => invite(rig, root, ben),
    "when it is withdrawn": ({ rig, root, ben }) =>
      rig.call("DELETE", `/api/v1/users/${ben.id}/invitation`, { as: root }),
    "when the person is removed": ({ rig, root, ben }) => rig.call("DELETE", `/api/v1/users/${ben.id}`, { as: root }),
    "when they become an administrator": ({ rig, ben }) => rig.identity.users.update(ben.id, { administrator: true }),
    "when their rights change": ({ rig, ben }) => rig.identity.users.update(ben.id, { grants: [] }),
    "when they are given a password": ({ rig, ben }) => rig.identity.users.update(ben.id, { password: word }),
    "when who made it may do less": async ({ rig, root }) => {
      await rig.identity.users.create({ name: "Other", administrator: true, grants: [] });
      await rig.identity.users.update(root.id, { administrator: false });
    },
    "when who made it is removed": async ({ rig, root }) => {
      await rig.identity.users.create({ name: "Other", administrator: true, grants: [] });
      await rig.identity.users.remove(root.id);
    },
    "when who made it chooses another password": ({ rig, root }) =>
      rig.call("POST", "/api/v1/session/password", { as: root, body: { password: word, newPassword: chosen } }),
  };
  for (const [when, happen] of Object.entries(ways)) {
    it(when, async () => {
      await using house = await openHouse();
      const secret = secretIn(await invite(house.rig, house.root, house.ben));
      await happen(house);
      assert.equal((await accept(house.rig, secret)).json.code, "no-invitation");
    });
  }

  it("but not when the person gets another name, or the rights that they have", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const secret = secretIn(await invite(rig, root, ben));
    await rig.identity.users.update(ben.id, { name: "Benjamin", administrator: false, grants: [view] });
    assert.equal((await look(rig, secret)).json["name"], "Benjamin");
  });
});

describe("who may invite", () => {
  it("only whoever may change the person, and no token", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view", "administer"] }] });
    const eve = await rig.person({ name: "Eve", grants: [view] });
    assert.equal((await invite(rig, anna, ben)).status, 201);
    assert.equal((await invite(rig, anna, root)).json.code, "forbidden");
    const undo = await rig.call("DELETE", `/api/v1/users/${root.id}/invitation`, { as: anna });
    assert.equal(undo.json.code, "forbidden");
    assert.equal((await invite(rig, eve, ben)).status, 403);
    const { secret } = await rig.identity.credentials.makeToken(root.id, {
      name: "t",
      grants: [{ scope: "*", rights: ["administer"] }],
    });
    const headers = { authorization: `Bearer ${secret}` };
    const byToken = await rig.call("POST", `/api/v1/users/${ben.id}/invitation`, { headers, body: {} });
    assert.equal(byToken.status, 403);
  });

  it("only with a password that was given a moment ago", async () => {
    const clock = new ManualClock();
    await using house = await openHouse({ clock });
    await clock.advance(11 * 60 * 1000);
    assert.equal((await invite(house.rig, house.root, house.ben)).json.code, "password-needed");
  });
});

describe("the secret of an invitation", () => {
  it("cannot be guessed: after ten tries nobody of that address is heard for a while", async () => {
    await using house = await openHouse();
    const { rig, root, ben } = house;
    const secret = secretIn(await invite(rig, root, ben));
    const statuses: number[] = [];
    for (let n = 0; n < 11; n++) statuses.push((await look(rig, `dwi_${n}`)).status);
    assert.deepEqual(statuses, [...Array<number>(10).fill(410), 429]);
    assert.equal((await accept(rig, secret)).json.code, "too-many-tries");
    const login = await rig.call("POST", "/api/v1/login", { body: { name: "Root", password: word } });
    assert.equal(login.status, 429, "they are the tries of the log-in");
  });

  it("stands in no log, no list and no record, and the database has only its hash", async () => {
    let log = "";
    const write = (lines: string) => {
      log += lines;
    };
    await using house = await openHouse({ log: createLog({ level: "debug", write }) });
    const { rig, root, ben } = house;
    const secret = secretIn(await invite(rig, root, ben));
    await look(rig, secret);
    await look(rig, `${secret}x`);
    await rig.identity.store.settled();
    const kept = rig.identity.store.read("SELECT * FROM invitations");
    assert.equal(kept.length, 1);
    const seen = [
      log,
      (await rig.call("GET", "/api/v1/users", { as: root })).text,
      (await rig.call("GET", "/api/v1/audit", { as: root })).text,
      JSON.stringify(
        kept.map((row) => Object.values(row).map((value) => Buffer.from(String(value)).toString("latin1"))),
      ),
    ];
    await accept(rig, secret);
    assert.doesNotMatch([...seen, log].join("\n"), new RegExp(secret.slice(4, 20)));
  });
});

describe("the address in an invitation", () => {
  const linkFor = async (rig: Rig, how: { root: Person; id: string; headers?: Record<string, string> }) =>
    String(
      (
        await rig.call("POST", `/api/v1/users/${how.id}/invitation`, {
          as: how.root,
          body: {},
          headers: how.headers ?? {},
        })
      ).json["link"],
    ).replace(/dwi_.*/, "");

  it("is none that only this machine understands", async () => {
    await using house = await openHouse({ https: true });
    const link = await linkFor(house.rig, { root: house.root, id: house.ben.id });
    const { hostname, protocol } = new URL(link);
    assert.equal(protocol, "https:");
    assert.doesNotMatch(hostname, /^127\./);
  });

  it("is the public name where there is one", async () => {
    await using house = await openHouse({ https: true, http: { publicName: "home.example.org" } });
    const link = await linkFor(house.rig, { root: house.root, id: house.ben.id });
    assert.match(link, /^https:\/\/home\.example\.org:\d+\/#invite=$/);
  });
});
