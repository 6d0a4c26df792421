import assert from "node:assert/strict";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { isRight, type RouteEntry, routeEntries } from "../../../test/route-table.ts";
import { type Rig, roomsForTests, startRig } from "../../../test/web-rig.ts";
import { type Grant, type Right, rights } from "../../identity/policy.ts";
import { ManualClock } from "../../util/clock.ts";

/** Some way to come to the hub, and what it may do there. */
interface Kind {
  readonly name: string;
  /** Undefined for whoever is nobody to the hub. */
  readonly via?: "session" | "token";
  /** The password was given a moment ago. */
  readonly fresh?: true;
  readonly hub: readonly Right[];
  readonly device: readonly Right[];
  /** Headers of a call; a session is made for each, for some calls end it. */
  readonly headers: () => Promise<Record<string, string>>;
}

const dayMs = 24 * 60 * 60 * 1000;
const all = [...rights];

async function kinds(rig: Rig, clock: ManualClock): Promise<readonly Kind[]> {
  const { credentials, proofs, users } = rig.identity;
  const root = await rig.person({ name: "Root", administrator: true });
  const person = (name: string, grants: readonly Grant[]) => rig.person({ name, grants: [...grants] });
  const session = (id: string, fresh: boolean) => async () => {
    const made = await credentials.openSession(id);
    if (fresh) proofs.prove(made.id);
    return { cookie: `doorward=${made.secret}` };
  };
  const bearer = (secret: string) => async () => ({ authorization: `Bearer ${secret}` });
  const old = (await credentials.openSession(root.id)).secret;
  const short = await credentials.makeToken(root.id, {
    name: "short",
    grants: [{ scope: "*", rights: all }],
    expiresMs: clock.wallMs() + dayMs,
  });
  await clock.advance(2 * dayMs);
  const ended = await credentials.openSession(root.id);
  await users.endCredential({ userId: root.id, via: "session", id: ended.id });
  const revoked = await credentials.makeToken(root.id, { name: "revoked", grants: [{ scope: "*", rights: all }] });
  await users.endCredential({ userId: root.id, via: "token", id: revoked.id });
  const none = { hub: [], device: [] };
  const list: Kind[] = [
    { name: "nobody", ...none, headers: async () => ({}) },
    { name: "expired session", ...none, headers: async () => ({ cookie: `doorward=${old}` }) },
    { name: "ended session", ...none, headers: async () => ({ cookie: `doorward=${ended.secret}` }) },
    { name: "expired token", ...none, headers: bearer(short.secret) },
    { name: "revoked token", ...none, headers: bearer(revoked.secret) },
    { name: "administrator", via: "session", hub: all, device: all, headers: session(root.id, false) },
    {
      name: "administrator, fresh",
      via: "session",
      fresh: true,
      hub: all,
      device: all,
      headers: session(root.id, true),
    },
  ];
  for (const right of rights) {
    const device: readonly Right[] = right === "metrics" ? [] : [right];
    const hub: readonly Right[] = right === "administer" ? ["administer", "metrics"] : [right];
    const here = await person(`${right} at the device`, [{ scope: "device:front", rights: [right] }]);
    const there = await person(`${right} elsewhere`, [{ scope: "device:other", rights: all }]);
    const everywhere = await person(`${right} everywhere`, [{ scope: "*", rights: [right] }]);
    const token = async (scope: string) =>
      bearer(
        (await credentials.makeToken(root.id, { name: `${right} ${scope}`, grants: [{ scope, rights: [right] }] }))
          .secret,
      );
    const beyond = await credentials.makeToken(here.id, { name: "beyond", grants: [{ scope: "*", rights: all }] });
    list.push(
      { name: `${here.name}, session`, via: "session", fresh: true, hub: [], device, headers: session(here.id, true) },
      { name: `${here.name}, token for all`, via: "token", hub: [], device, headers: bearer(beyond.secret) },
      { name: `${there.name}, session`, via: "session", fresh: true, ...none, headers: session(there.id, true) },
      {
        name: `${everywhere.name}, session`,
        via: "session",
        fresh: true,
        hub,
        device,
        headers: session(everywhere.id, true),
      },
      { name: `administrator's token, ${right}`, via: "token", hub, device, headers: await token("*") },
      {
        name: `administrator's token, ${right} of the device`,
        via: "token",
        hub: [],
        device,
        headers: await token("device:front"),
      },
    );
  }
  return list;
}

/** What has to come of it: `in`, or the refusal's status and code. */
function expected(entry: RouteEntry, kind: Kind): string {
  const { right, subject = "hub", proof } = entry;
  if (right === "none" || right === "code") return "in";
  if (!kind.via) return "401 signed-out";
  if (proof && kind.via === "token") return "403 forbidden";
  if (isRight(right)) {
    if (subject === "hub" && !kind.hub.includes(right)) return "403 forbidden";
    if (subject !== "hub" && !kind.device.includes(right)) return "404 not-found";
  }
  return proof === "password" && !kind.fresh ? "403 password-needed" : "in";
}

async function outcome(rig: Rig, entry: RouteEntry, call: { readonly kind: Kind; readonly from: string }) {
  if (!rig.hub.devices.get("front")) await rig.hub.devices.addTransient(front);
  const path = entry.path.replace(":id", "front").replace(":session", "none");
  const writes = entry.method !== "GET";
  const { status, json } = await rig.call(entry.method, path, {
    headers: { ...(await call.kind.headers()), "x-forwarded-for": call.from },
    // Nothing that could succeed by its body: what is let in fails there.
    ...(writes && { body: bodyOf(entry) }),
  });
  const refused =
    ["signed-out", "forbidden", "password-needed"].includes(json.code ?? "") ||
    (json.code === "not-found" && entry.subject !== undefined && entry.subject !== "hub");
  return refused ? `${status} ${json.code}` : "in";
}

const front = { id: "front", name: "Front", address: "fake://x/?video" };

/** Status of the answer to a page that wants to listen. */
async function upgrade(rig: Rig, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  socket.on("open", () => resolve(101));
  socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
  socket.on("error", reject);
  try {
    return await promise;
  } finally {
    socket.on("error", () => {});
    socket.terminate();
  }
}

describe("every route with every kind of credential", () => {
  it("lets in whom the table of routes says, and nobody else", async () => {
    const clock = new ManualClock();
    const http = { trustedProxies: ["127.0.0.1"] };
    await using rig = await startRig({ front: front.address }, { clock, http, room: roomsForTests, mqtt: { port: 0 } });
    const all = await kinds(rig, clock);
    const byLine = new Map(routeEntries.map((entry) => [`${entry.method} ${entry.path}`, entry]));
    const wrong: string[] = [];
    let asked = 0;
    for (const { method, path } of rig.web.app.routes) {
      const entry = byLine.get(`${method} ${path}`);
      assert.ok(entry, `${method} ${path} is in no line of test/route-table.ts`);
      for (const kind of all) {
        const from = `203.0.${asked >> 8}.${asked & 255}`;
        const [got, wanted] = [await outcome(rig, entry, { kind, from }), expected(entry, kind)];
        if (got !== wanted) wrong.push(`${entry.line}: ${kind.name}: ${got} instead of ${wanted}`);
        asked++;
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal(asked, routeEntries.length * all.length);
  });

  it("lets onto the page's socket whoever is signed in", async () => {
    const clock = new ManualClock();
    await using rig = await startRig({ front: front.address }, { clock });
    for (const kind of await kinds(rig, clock)) {
      assert.equal(await upgrade(rig, await kind.headers()), kind.via ? 101 : 401, kind.name);
    }
  });
});

function bodyOf({ subject }: RouteEntry): Record<string, unknown> {
  if (subject === "body") return { device: "front" };
  return subject === "channels" ? { to: "device:front" } : { nonsense: true };
}
