import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import type { Allocation } from "../../protocols/stun/allocate.ts";
import { ManualClock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { checkTurn, type TurnFinding } from "./turn-check.ts";
import { readTurnUrl, type TurnPlace } from "./turn-socket.ts";

const secret = "0123456789abcdef";
const refusal = { outcome: "refused", code: 401, reason: "Unauthorized", realm: "house", otherRealm: false } as const;

/** The finding about one server that does as `server` says. */
async function finding(
  server: (place: TurnPlace, who: { lifeS: number; right: boolean }) => Allocation,
  url = "turn:turn.example.org:3478?transport=udp",
): Promise<TurnFinding | undefined> {
  const clock = new ManualClock();
  const [found] = await checkTurn({
    turn: { urls: [url], secret, lifeSeconds: 3600 },
    clock,
    ask: async (place, { username, password }) => {
      const lifeS = Number(username.split(":")[0]) - Math.floor(clock.wallMs() / 1000);
      return server(place, {
        lifeS,
        right: password === createHmac("sha1", secret).update(username).digest("base64"),
      });
    },
  });
  return found;
}

const relays = (address = "203.0.113.5", open = false): Allocation => ({
  outcome: "relays",
  relayed: { address, port: 50_000 },
  mapped: undefined,
  lifetimeS: 600,
  realm: open ? undefined : "house",
  open,
});

const silent = () => {
  throw new RecoverableError("nothing answers within 3 s", { code: "silent" });
};

describe("the check of a TURN server", () => {
  it("asks with a credential of its own, which ends by itself", async () => {
    const found = await finding((_, { lifeS, right }) => (right && lifeS === 3600 ? relays() : refusal));
    assert.deepEqual([found?.ok, found?.detail], [true, "relays at 203.0.113.5:50000 (realm house)"]);
  });

  it("tells the secret from the clock, and both from the realm", async () => {
    const secretFound = await finding(() => refusal);
    assert.equal(secretFound?.fault, "secret");
    assert.match(secretFound?.detail ?? "", /realm house: whep\.turn\.secret is not its static-auth-secret/);
    const late = await finding((_, { lifeS }) => (lifeS > 100_000 ? relays() : refusal));
    assert.equal(late?.fault, "clock");
    const other = await finding(() => ({ ...refusal, realm: "barn", otherRealm: true }));
    assert.deepEqual([other?.fault, /barn/.test(other?.detail ?? "")], ["realm", true]);
  });

  it("tells a blocked UDP from a server that is not there, and what else is wrong", async () => {
    const blocked = await finding(({ transport }) => (transport === "udp" ? silent() : relays()));
    assert.equal(blocked?.fault, "udp-blocked");
    assert.equal((await finding(silent))?.detail, "is not reached over UDP: nothing answers within 3 s");
    assert.equal((await finding(() => relays("203.0.113.5", true)))?.fault, "open");
    assert.equal((await finding(() => relays("192.168.1.4")))?.fault, "private-relay");
    assert.equal((await finding(() => relays("192.168.1.4"), "turn:192.168.1.4:3478"))?.ok, true);
    const full = await finding(() => ({ ...refusal, code: 486, reason: "Allocation Quota Reached" }));
    assert.match(full?.detail ?? "", /486 Allocation Quota Reached \(its quotas are used up\)/);
    assert.equal((await finding(() => relays(), "turn:[nowhere"))?.fault, "no-turn");
  });

  it("reads the addresses of servers", () => {
    assert.deepEqual(readTurnUrl("turn:turn.example.org"), { host: "turn.example.org", port: 3478, transport: "udp" });
    assert.deepEqual(readTurnUrl("turns:[2001:db8::1]:443?transport=tcp"), {
      host: "2001:db8::1",
      port: 443,
      transport: "tls",
    });
    assert.deepEqual(readTurnUrl("turn:h:1?transport=tcp"), { host: "h", port: 1, transport: "tcp" });
    assert.equal(readTurnUrl("stun:h"), undefined);
  });
});
