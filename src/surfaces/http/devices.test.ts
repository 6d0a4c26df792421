import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { offerSdp, type Person, startRig } from "../../../test/web-rig.ts";
import { deviceViewSchema } from "../device-view.ts";

const administrator = { name: "Root", administrator: true };

describe("devices", () => {
  it("are added, changed and removed, and their passwords are never shown", async () => {
    await using rig = await startRig();
    const root = await rig.person(administrator);
    const body = { name: "Front door", area: "House", address: "fake://u:hunter2@camera/?video", password: "hunter3" };
    const added = await rig.call("POST", "/api/v1/devices", { as: root, body });
    assert.equal(added.status, 201, added.text);
    deviceViewSchema.parse(added.json);
    assert.equal(added.json["id"], "front-door");
    assert.equal(added.json["address"], "fake://camera/?video");
    const changed = await rig.call("PATCH", "/api/v1/devices/front-door", {
      as: root,
      body: { name: "Gate", volume: 0.5 },
    });
    assert.equal(changed.json["name"], "Gate");
    assert.equal(changed.json["area"], "House");
    const cleared = await rig.call("PATCH", "/api/v1/devices/front-door", { as: root, body: { area: null } });
    assert.deepEqual([cleared.json["area"], cleared.json["name"]], [undefined, "Gate"]);
    const list = await rig.call("GET", "/api/v1/devices", { as: root });
    for (const { text } of [added, changed, list]) assert.ok(!/hunter|sealed:/.test(text), text);
    assert.equal((await rig.call("POST", "/api/v1/devices/front-door/restart", { as: root })).status, 202);
    assert.equal((await rig.call("DELETE", "/api/v1/devices/front-door", { as: root })).status, 204);
    assert.deepEqual((await rig.call("GET", "/api/v1/devices", { as: root })).json["devices"], []);
    const actions = rig.identity.audit.list().map(({ action }) => action);
    assert.deepEqual(
      actions,
      ["removed", "restarted", "changed", "changed", "added"].map((done) => `device-${done}`),
    );
  });

  it("have their driver's options set one by one, secrets untouched and unseen", async () => {
    await using rig = await startRig();
    const root = await rig.person(administrator);
    const options = { token: "CanaryOne1", side: 3 };
    const body = { name: "Yard", address: "fake://x/?video", options };
    assert.equal((await rig.call("POST", "/api/v1/devices", { as: root, body })).status, 201);
    const at = "/api/v1/devices/yard/options";
    const shown = await rig.call("GET", at, { as: root });
    assert.deepEqual(shown.json, { kind: "fake", options: { side: 3 } });
    const changed = await rig.call("PATCH", at, { as: root, body: { side: null } });
    assert.deepEqual(changed.json, { kind: "fake", options: {} });
    assert.match(JSON.stringify(rig.hub.devices.get("yard")?.info().address), /fake/);
    assert.doesNotMatch(shown.text + changed.text, /Canary|sealed/);
    assert.equal((await rig.call("PATCH", at, { as: root, body: { side: "\u0000".repeat(2000) } })).status, 400);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "device:yard", rights: ["view", "administer"] }] });
    assert.equal((await rig.call("GET", at, { as: ben })).status, 403);
  });

  it("with settings that nobody understands are refused with a sentence", async () => {
    await using rig = await startRig();
    const root = await rig.person(administrator);
    const add = async (body: unknown) => {
      const answer = await rig.call("POST", "/api/v1/devices", { as: root, body });
      assert.equal(answer.status, 400, answer.text);
      return `${answer.json.code}: ${answer.json["detail"]}`;
    };
    assert.match(await add({ name: "x", address: "nonsense" }), /^bad-config: .*is not an address/);
    assert.match(await add({ name: "x", address: "exec:rm" }), /^bad-config: .*no driver/);
    assert.match(await add({ name: "x\u0007", address: "fake://x" }), /^invalid: name/);
    assert.match(await add({ name: "x", address: "fake://x", exec: "rm" }), /^invalid/);
    assert.match(await add({}), /^invalid: name/);
    assert.match(await add("[]"), /^invalid/);
    assert.match(await add('{"__proto__":{"x":1},"name":"x"}'), /^invalid/);
  });

  it("may be changed a little by whoever administers one, but not led elsewhere", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    await rig.person(administrator);
    const grants = [{ scope: "device:front", rights: ["view" as const, "administer" as const] }];
    const ben = await rig.person({ name: "Ben", grants });
    const patch = async (body: object) => rig.call("PATCH", "/api/v1/devices/front", { as: ben, body });
    assert.equal((await patch({ doNotDisturb: true, name: "Gate" })).status, 200);
    for (const body of [
      { address: "fake://127.0.0.1" },
      { area: "Mine" },
      { driver: "fake" },
      { password: "x" },
      { options: {} },
    ]) {
      assert.equal((await patch(body)).status, 403, JSON.stringify(body));
    }
  });

  it("are probed through a preview that only administrators see", async () => {
    await using rig = await startRig();
    const root = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view"] }] });
    const found = await rig.call("POST", "/api/v1/probe", { as: root, body: { address: "fake://x/?video&audio" } });
    assert.equal(found.status, 200, found.text);
    const { id, driver, tracks } = found.json as { id: string; driver: string; tracks: { codec: string }[] };
    assert.match(id, /^preview-[0-9a-f]{16}$/);
    assert.equal(driver, "fake");
    assert.deepEqual(tracks.map(({ codec }) => codec).sort(), ["aac", "h264"]);
    assert.equal((await rig.call("GET", `/api/v1/devices/${id}/snapshot`, { as: ben })).status, 404);
    assert.equal((await rig.call("GET", `/api/v1/devices/${id}/snapshot`, { as: root })).status, 200);
    assert.deepEqual((await rig.call("GET", "/api/v1/devices", { as: root })).json["devices"], []);
    const sdp = { headers: { "content-type": "application/sdp" }, body: offerSdp };
    assert.equal((await rig.call("POST", `/whep/${id}`, { as: root, ...sdp })).status, 201);
    const { entries } = (await rig.call("GET", "/api/v1/audit", { as: root })).json as {
      readonly entries: readonly { readonly action: string; readonly subject?: string }[];
    };
    assert.ok(entries.some(({ action, subject }) => action === "probe" && subject === "x"));
    assert.ok(!entries.some(({ subject }) => subject === id), "its name means nothing to anybody later");
    const refused = await rig.call("POST", "/api/v1/probe", { as: root, body: { address: "fake://x/?refuse" } });
    assert.equal((refused.json["state"] as { phase: string }).phase, "wrong-password");
  });

  it("have drivers with schemas for their settings", async () => {
    await using rig = await startRig();
    const { json } = await rig.call("GET", "/api/v1/drivers", { as: await rig.person(administrator) });
    const [driver] = json["drivers"] as { kind: string; schema: { properties: object } }[];
    assert.equal(driver?.kind, "fake");
    assert.ok("address" in (driver?.schema.properties ?? {}));
  });
});

describe("snapshots", () => {
  it("are made once a second and size, for however many ask", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const root = await rig.person(administrator);
    const shoot = (query: string) => rig.call("GET", `/api/v1/devices/front/snapshot${query}`, { as: root });
    const answers = await Promise.all([shoot("?width=320"), shoot("?width=319"), shoot("?width=320"), shoot("")]);
    for (const { status, headers } of answers) {
      assert.equal(status, 200);
      assert.equal(headers.get("content-type"), "image/jpeg");
    }
    assert.deepEqual(rig.conversions.widths, [320, undefined]);
  });

  it("say how old they are: the camera's last whole picture may be some seconds old", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const root = await rig.person(administrator);
    const shoot = (width: number) => rig.call("GET", `/api/v1/devices/front/snapshot?width=${width}`, { as: root });
    await shoot(320);
    const timestampUs = rig.hub.clock.nowUs() - 3_000_000;
    rig.hub.devices
      .get("front")
      ?.track("video")
      ?.write({ data: new Uint8Array(8), timestampUs, key: true });
    const ageMs = Number((await shoot(640)).headers.get("doorward-age-ms"));
    assert.ok(ageMs >= 3000 && ageMs < 8000, `${ageMs} ms`);
  });

  it("are given as they were kept, without the camera, to who may view it alone", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const root = await rig.person(administrator);
    const stranger = await rig.person({ name: "Ben", grants: [] });
    const kept = (as: Person) => rig.call("GET", "/api/v1/devices/front/snapshot?kept=true", { as });
    assert.equal((await kept(root)).status, 404);
    const device = rig.hub.devices.get("front");
    const changed = Promise.withResolvers<void>();
    using _listener = rig.hub.lastPictures.onChange(() => changed.resolve());
    {
      using _demand = device?.demand();
      await device?.waitForTrack("video", { timeoutMs: 5000 });
      while (device?.state.phase !== "live") await new Promise((resolve) => setImmediate(resolve));
    }
    await device?.restart();
    await changed.promise;
    const answer = await kept(root);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "image/jpeg");
    assert.ok(Number(answer.headers.get("doorward-age-ms")) >= 0);
    assert.deepEqual(rig.conversions.widths, [640]);
    assert.equal((await kept(stranger)).status, 404);
    await rig.hub.devices.update("front", { enabled: false });
    assert.equal((await kept(root)).status, 404);
  });

  it("have bounded widths, and say why there is none", async () => {
    await using rig = await startRig({ front: "fake://x/?video", locked: "fake://x/?refuse" });
    const root = await rig.person(administrator);
    for (const width of ["0", "15", "1921", "99999", "-1", "1e9", "x", "NaN"]) {
      const answer = await rig.call("GET", `/api/v1/devices/front/snapshot?width=${width}`, { as: root });
      assert.equal(answer.status, 400, width);
    }
    const none = await rig.call("GET", "/api/v1/devices/locked/snapshot", { as: root });
    assert.equal(none.status, 503);
    assert.match(String(none.json["detail"]), /no picture from locked: wrong password/);
  });
});

describe("say", () => {
  it("speaks text and plays files of the sounds folder, and writes it down", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const root = await rig.person(administrator);
    await writeFile(join(rig.dataDir, "sounds", "gong.wav"), "x");
    const file = await rig.call("POST", "/api/v1/say", { as: root, body: { to: "device:front", file: "gong.wav" } });
    assert.equal(file.status, 202, file.text);
    assert.deepEqual(file.json, {
      state: "granted",
      hearing: [{ deviceId: "front", name: "front", state: "playing" }],
    });
    assert.equal(rig.identity.audit.list()[0]?.action, "say");
  });

  it("is told who speaks at the moment", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const root = await rig.person(administrator);
    using voice = rig.hub.voices.open({ owner: "1" });
    using _turn = rig.hub.turns.take({
      to: ["device:front"],
      talker: { id: "1", name: "Anna" },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: () => {},
    });
    const body = { to: "device:front", text: "hello", queue: false };
    const answer = await rig.call("POST", "/api/v1/say", { as: root, body });
    assert.equal(answer.status, 409);
    assert.equal((answer.json["holder"] as { name: string }).name, "Anna");
    assert.equal(answer.json["reason"], "held");
  });

  it("opens no path and no address but http(s)", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const root = await rig.person(administrator);
    const files = [
      "../key",
      "/etc/passwd",
      "a/b.wav",
      ".hidden",
      "file:///etc/passwd",
      "ftp://x/y",
      "",
      "concat:a|b/c",
    ];
    for (const file of files) {
      const answer = await rig.call("POST", "/api/v1/say", { as: root, body: { to: "device:front", file } });
      assert.equal(answer.status, 400, file);
    }
    assert.deepEqual(rig.conversions.files, []);
  });
});

describe("people", () => {
  it("are added, given rights and removed; passwords never come back", async () => {
    await using rig = await startRig();
    const root = await rig.person(administrator);
    const body = {
      name: "Anna",
      password: "correct horse",
      grants: [{ scope: "area:House", rights: ["view", "listen"] }],
    };
    const added = await rig.call("POST", "/api/v1/users", { as: root, body });
    assert.equal(added.status, 201);
    const id = String(added.json["id"]);
    const renamed = await rig.call("PATCH", `/api/v1/users/${id}`, { as: root, body: { name: "Annie" } });
    assert.deepEqual(renamed.json["grants"], body.grants);
    assert.equal(renamed.json["administrator"], false);
    const list = await rig.call("GET", "/api/v1/users", { as: root });
    assert.equal((list.json["users"] as unknown[]).length, 2);
    for (const { text } of [added, renamed, list]) assert.ok(!/correct|scrypt/.test(text));
    assert.equal((await rig.call("POST", "/api/v1/users", { as: root, body: { name: "annie" } })).status, 409);
    assert.equal((await rig.call("DELETE", `/api/v1/users/${id}`, { as: root })).status, 204);
    assert.equal((await rig.call("PATCH", `/api/v1/users/${id}`, { as: root, body: {} })).status, 404);
    assert.equal((await rig.call("DELETE", `/api/v1/users/${root.id}`, { as: root })).json.code, "last-administrator");
    const audit = await rig.call("GET", "/api/v1/audit?limit=2", { as: root });
    const entries = audit.json["entries"] as { action: string; detail?: string; id: number }[];
    assert.deepEqual(
      entries.map(({ action }) => action),
      ["user-removed", "user-changed"],
    );
    const older = await rig.call("GET", `/api/v1/audit?before=${entries[1]?.id}`, { as: root });
    assert.equal((older.json["entries"] as { detail: string }[])[0]?.detail, "area:House=view,listen");
  });
});

describe("metrics", () => {
  it("are Prometheus text with devices, viewers and answers", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const root = await rig.person(administrator);
    await rig.call("GET", "/api/v1/devices/front/snapshot", { as: root });
    await rig.call("GET", "/nothing/here.js", { as: root });
    for (let scrape = 0; scrape < 2; scrape++) {
      const { text, headers } = await rig.call("GET", "/metrics", { as: root });
      assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0.0.4/);
      assert.match(text, /doorward_device_phase\{device="front",phase="live"\} 1/);
      assert.match(text, /doorward_track_frames_total\{device="front",track="main\/video"\} 1/);
      assert.match(text, /doorward_viewers 0/);
      assert.match(
        text,
        /doorward_http_requests_total\{route="GET \/api\/v1\/devices\/:id\/snapshot",status="200"\} 1/,
      );
      assert.match(text, /process_resident_memory_bytes \d+/);
    }
  });

  it("tell which pictures are converted, and why", async () => {
    await using rig = await startRig({ modern: "fake://x/?video&h265" });
    const root = await rig.person(administrator);
    const scrape = async () => (await rig.call("GET", "/metrics", { as: root })).text;
    assert.match(await scrape(), /^doorward_conversions_most \d+$/m);
    const headers = { "content-type": "application/sdp" };
    assert.equal((await rig.call("POST", "/whep/modern", { as: root, headers, body: offerSdp })).status, 201);
    const labels = 'track="modern/main/video",from="h265",why="codec",encoder="fake"';
    assert.ok((await scrape()).includes(`doorward_conversion_viewers{${labels}} 1`));
  });

  it("tell what slow readers lost, and why", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const root = await rig.person(administrator);
    await rig.call("GET", "/api/v1/devices/front/snapshot", { as: root });
    const track = rig.hub.devices.get("front")?.track("video");
    assert.ok(track);
    const scrape = async () => {
      const { text } = await rig.call("GET", "/metrics", { as: root });
      const lines = text.matchAll(/^doorward_track_dropped_frames_total\{(.*),reason="(.*)"\} (\d+)$/gm);
      return [...lines].map(([, labels, reason, count]) => [labels, reason, Number(count)]);
    };
    const labels = 'device="front",track="main/video"';
    const numbers = (slow: number, waiting: number) => [
      [labels, "slow", slow],
      [labels, "waiting-for-key-frame", waiting],
      [labels, "old-audio", 0],
    ];
    assert.deepEqual(await scrape(), numbers(0, 0));
    const reader = track.read({ maxFrames: 2 });
    for (let time = 1; time <= 3; time++) track.write({ data: new Uint8Array(8), timestampUs: time, key: false });
    assert.deepEqual(await scrape(), numbers(3, 1));
    reader[Symbol.dispose]();
    assert.deepEqual(await scrape(), numbers(3, 1), "the reader is gone, its losses are not");
  });
});
