import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { clip } from "../rtsp.ts";
import { everything } from "../web-rig.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";
import { microphoneWav, words } from "./talk-rig.ts";

const root = join(import.meta.dirname, "..", "..");
const timeout = 60_000;
type Fake = Awaited<ReturnType<typeof startFakeRtsp>>;

/** Two cameras with a speaker in the house, one outside that accepts connections and says nothing. */
describe("doorward say, against a running hub", () => {
  const suite = new AsyncDisposableStack();
  let rig: HubRig;
  let token = "";
  const cameras: Fake[] = [];

  before(async () => {
    for (let n = 0; n < 2; n++) {
      const camera = await startFakeRtsp({
        video: clip(),
        backchannel: [{ kind: "audio", codec: "pcma", sampleRateHz: 8000, channels: 1 }],
      });
      cameras.push(suite.use(camera));
    }
    const dead = createServer(() => {}).listen(0, "127.0.0.1");
    await once(dead, "listening");
    suite.defer(() => void dead.close());
    const deadPort = (dead.address() as AddressInfo).port;
    rig = suite.use(
      await startRig(
        [
          "devices:",
          ...cameras.map(({ address }, n) => `  room-${n}: { address: "${address}", area: House, warm: true }`),
          `  yard: { address: "rtsp://127.0.0.1:${deadPort}/cam", area: Outside }`,
          "groups:",
          "  rooms: [room-0, room-1]",
          "whip: { udpPort: 0 }",
          "",
        ].join("\n"),
      ),
    );
    const made = await rig.call("POST", "api/v1/tokens", { name: "say", grants: everything });
    ({ token } = (await made.json()) as { token: string });
    await until("the rooms are connected", async () =>
      ["room-0", "room-1"].every((id) => rig.running.hub.devices.get(id)?.state.phase === "live"),
    );
    await rig.running.converter.available();
  });
  after(() => suite.disposeAsync());

  const heard = () => cameras.map(({ ear }) => ear.packets.length);

  /** Runs the command as people do. */
  async function say(...args: string[]) {
    const child = spawn(process.execPath, [join(root, "bin", "doorward.js"), "say", ...args], {
      env: { ...process.env, DOORWARD_URL: rig.running.httpUrl, DOORWARD_TOKEN: token },
    });
    const written = { out: "", err: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      written.out += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      written.err += chunk;
    });
    const done = once(child, "close").then(([code]) => ({ code: code as number, ...written }));
    return { child, written, done };
  }
  const said = async (...args: string[]) => (await say(...args)).done;

  it("says a text to an area, a group and several devices", { timeout }, async () => {
    for (const to of [["area:House"], ["group:rooms"], ["device:room-0", "device:room-1"]]) {
      const before = heard();
      const { code, out, err } = await said("Dinner is ready", ...to.flatMap((channel) => ["--to", channel]));
      assert.equal(code, 0, err);
      assert.match(out, /^heard by 2 of 2$/m);
      assert.ok(
        heard().every((count, n) => count > (before[n] ?? 0) + 20),
        "both played it",
      );
    }
  });

  it("tells live that one of all is dead, and why", { timeout }, async () => {
    const { code, out } = await said("The gate will be closed at nine. Please leave by the other door.", "--to", "all");
    assert.equal(code, 0);
    const lines = out.trim().split("\n");
    assert.ok(lines.includes("heard by 2 of 3: Yard is being called"), out);
    assert.match(lines.at(-1) ?? "", /^heard by (2|0) of 3: .*Yard/);
  });

  it("plays a sound of this machine", { timeout }, async () => {
    const wav = join(rig.folder, "gong.wav");
    const sound = words("The parcel goes behind the shed", { rateHz: 22_050 });
    await writeFile(wav, microphoneWav(sound, { rateHz: 22_050, before: 0, after: 0 }));
    const [before = 0] = heard();
    const { code, out, err } = await said("--upload", wav, "--to", "device:room-0");
    assert.equal(code, 0, err);
    assert.match(out, /heard by 1 of 1/);
    const playedMs = ((heard()[0] ?? 0) - before) * 20;
    assert.ok(Math.abs(playedMs - (sound.length / 22_050) * 1000) < 200, `${playedMs} ms were played`);
  });

  it("refuses what is no sound or too large, from whoever sends it", { timeout }, async () => {
    const none = join(rig.folder, "notes.txt");
    await writeFile(none, "no sound at all");
    const refused = await said("--upload", none, "--to", "device:room-0");
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.match(refused.err, /no sound that can be played/);
    const send = (bytes: number) =>
      fetch(`${rig.running.httpUrl}api/v1/say/sound?to=device:room-0`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/octet-stream" },
        body: new Uint8Array(bytes),
      });
    assert.equal((await send(17 * 2 ** 20)).status, 413);
    assert.equal(rig.running.hub.turns.holder("room-0").holder, undefined, "nobody's speaker was held for it");
  });

  it("stops when it is interrupted, and fails where nobody can hear it", { timeout }, async () => {
    const running = await say("one two three four five six seven eight nine ten ".repeat(10), "--to", "device:room-0");
    await until("it is heard", async () => running.written.out.includes("heard by 1 of 1"));
    running.child.kill("SIGINT");
    await running.done;
    await until("the speaker is free", async () => rig.running.hub.turns.holder("room-0").holder === undefined);
    for (const to of ["device:nobody", "kitchen"]) {
      const nobody = await said("hello", "--to", to);
      assert.equal(nobody.code, 1);
      assert.match(nobody.err, /nothing is there under this name/);
    }
    assert.equal((await said("hello")).code, 2);
  });
});
