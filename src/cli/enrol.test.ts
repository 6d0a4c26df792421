import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, startRig } from "../../test/web-rig.ts";
import { systemClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import { createEnrolCommand } from "./enrol.ts";

const offer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=sendonly\r\n";

/** A hub with an administrator's token, a way to call it as a device, and the command. */
async function house() {
  const rig = await startRig();
  const root = await rig.person({ name: "Root", administrator: true });
  const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "cli", grants: everything });
  const publish = async (id: string, token?: string) => {
    const headers = {
      "content-type": "application/sdp",
      "x-doorward": "",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const { status, json } = await rig.call("POST", `/whip/${id}`, { headers, body: offer });
    return status === 201 ? "in" : json.code;
  };
  const enrol = async (...args: string[]) => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) };
    const signal = new AbortController().signal;
    const context = { stdout: stream, stderr: stream, signal, clock: systemClock, log: silentLog };
    const command = createEnrolCommand({ env: { DOORWARD_URL: rig.url, DOORWARD_TOKEN: secret } });
    assert.equal(await command.run(args, context), 0);
    return written.join("").trimEnd();
  };
  return { rig, root, publish, enrol };
}

describe("doorward enrol", () => {
  it("shows who waits, lets it in with a token, and says how it is let in", async () => {
    const { rig, publish, enrol } = await house();
    await using _rig = rig;
    assert.equal(await enrol("list"), "nobody waits, and no device calls this hub");
    assert.equal(await publish("yard"), "pending");
    assert.match(await enrol("list"), /^yard {2}whip {2}waits at 127\.0\.0\.1 for \d+ s$/);
    const token = await enrol("approve", "yard", "--name", "Back yard", "--area", "Out");
    assert.match(token, /^dwd_[\w-]{43}$/);
    const yard = rig.hub.devices.get("yard");
    assert.deepEqual([yard?.name, yard?.area], ["Back yard", "Out"]);
    assert.equal(await publish("yard", token), "in");
    assert.equal(await enrol("list"), "yard  whip  by its token");
    const second = JSON.parse(await enrol("token", "yard", "--json")) as { token: string };
    assert.equal(await publish("yard", token), "refused");
    assert.equal(await publish("yard", second.token), "in");
    assert.equal(await enrol("revoke", "yard"), "revoked yard");
    assert.equal(await enrol("list"), "yard  whip  not let in: it has no token");
  });

  it("sends one away, and lets one in by its address", async () => {
    const { rig, publish, enrol } = await house();
    await using _rig = rig;
    await publish("stranger");
    assert.equal(await enrol("refuse", "stranger"), "refused stranger for ten minutes");
    assert.equal(await publish("stranger"), "refused");
    await publish("old");
    assert.equal(await enrol("legacy", "old"), "let old in by its address");
    assert.equal(await publish("old"), "in");
    const { enrolled } = JSON.parse(await enrol("list", "--json")) as {
      enrolled: { arrival: { enrolled: string } }[];
    };
    assert.equal(enrolled[0]?.arrival.enrolled, "legacy");
  });

  it("fails with one sentence", async () => {
    const { rig, enrol } = await house();
    await using _rig = rig;
    await assert.rejects(enrol("approve", "nobody"), /does not wait to be let in/);
    await assert.rejects(enrol("token", "nobody"), /is not one that calls the hub/);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view"] }] });
    const { secret } = await rig.identity.credentials.makeToken(ben.id, { name: "t", grants: everything });
    await assert.rejects(enrol("list", "--token", secret), /the token may not administer the hub/);
    for (const args of [[], ["invite", "x"], ["approve"], ["approve", "a", "b"]]) {
      await assert.rejects(enrol(...args), { name: "Error" }, args.join(" "));
    }
  });
});
