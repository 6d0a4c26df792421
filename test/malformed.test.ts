import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { configSchema } from "../src/config.ts";
import { createDrivers } from "../src/drivers/index.ts";
import { parseConfig } from "../src/hub/config-text.ts";
import { deviceInputs, resolveDevice } from "../src/hub/device-input.ts";
import { openIdentity } from "../src/identity/identity.ts";
import { openSealer } from "../src/identity/seal.ts";
import { opusFormat } from "../src/media/format.ts";
import { parseStreamAddress } from "../src/protocols/elementary/address.ts";
import { controlBase, parseRtspAddress, resolveControl } from "../src/protocols/rtsp/address.ts";
import { systemClock } from "../src/util/clock.ts";
import { DoorwardError } from "../src/util/errors.ts";
import { silentLog } from "../src/util/log.ts";
import { redact } from "../src/util/redact.ts";
import { createConverter } from "../src/workers/ffmpeg/index.ts";
import { isAddressCandidate, withCandidates, withoutNames } from "../src/workers/webrtc/child/answer.ts";
import { planAnswer } from "../src/workers/webrtc/offer.ts";
import { mutations } from "./mutate.ts";
import { offerSdp } from "./web-rig.ts";

const count = 10_000;

/** Gives `parse` malformed texts; what it throws must be an error of ours. Tells how many were taken. */
function survives(samples: readonly string[], parse: (text: string) => void): void {
  let taken = 0;
  const originals = samples.map((text) => Buffer.from(text));
  for (const input of mutations(20_261_121, originals, count)) {
    const text = Buffer.from(input).toString();
    try {
      parse(text);
      taken++;
    } catch (error) {
      assert.ok(error instanceof DoorwardError, `${JSON.stringify(text)}: ${String(error)}`);
    }
  }
  assert.ok(taken > 0, "some are well-formed still");
}

const addresses = [
  "rtsp://admin:p%40ss@192.168.1.20:554/onvif1?channel=1#backchannel=0#transport=udp",
  "rtsps://[2001:db8::1]/stream1",
  "tcp://192.168.1.25:12345/",
  "ingenic://camera.local",
  "file:///var/media/clip.mp4",
  "test:?name=Garden&size=640x360&fps=15&gop=2&tone=440",
];

const configs = [
  `http:\n  port: 8080\n  publicName: home.example\ndevices:\n  front: rtsp://192.168.1.20/onvif1 # mine\n  yard: &yard\n    name: Yard\n    address: tcp://192.168.1.25:12345\n    options: { codec: h264 }\n  other: *yard\n`,
  `streams:\n  shed:\n    - rtsp://admin:secret@192.168.1.21/live\n    - ffmpeg:shed#audio=opus\nwebrtc:\n  udpPort: 8555\n`,
  `devices: { "a": "rtsp://x/y", b: {address: 'test:', volume: 2, warm: true} }\nwhep: {}\n`,
];

const video = { id: "cam/main/video", format: { kind: "video", codec: "h264", clockRateHz: 90_000 } } as never;

describe(`${count} malformed inputs`, () => {
  const dataDir = mkdtempSync(join(tmpdir(), "doorward-malformed-"));
  const converter = createConverter({ clock: systemClock, log: silentLog });
  const identity = openIdentity({ dataDir, clock: systemClock, databasePath: ":memory:" });
  after(async () => {
    await identity[Symbol.asyncDispose]();
    await converter[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("as configuration file", () => {
    survives(configs, (text) => deviceInputs(parseConfig(text, { name: "doorward.yaml", schema: configSchema }).value));
  });

  it("as address of a device, whichever driver it falls to", () => {
    const drivers = createDrivers({ converter });
    const how = { drivers, unseal: (sealed: string) => sealed, permanent: true, preview: false };
    survives(addresses, (address) => {
      const { driver, config } = resolveDevice({ id: "cam", name: "Cam", address }, how);
      assert.ok(driver.kind && config);
    });
    survives(addresses, (address) => {
      parseStreamAddress(address, "tcp");
      parseRtspAddress(address);
    });
    survives([...addresses, "trackID=1", "*", "?track=1"], (text) => {
      resolveControl(text, "rtsp://192.168.1.20/onvif1/");
      controlBase({ get: () => text }, "rtsp://192.168.1.20/onvif1");
      redact(text);
    });
  });

  it("as offer of a viewer", () => {
    survives([offerSdp], (sdp) => {
      const plan = planAnswer(sdp, {
        video,
        audio: { id: "cam/main/audio", format: opusFormat },
        acceptMicrophone: true,
      });
      assert.ok(plan.sections.length > 0);
    });
    survives([offerSdp], (sdp) => {
      withoutNames(sdp);
      withCandidates(sdp, { port: 5000, addresses: ["127.0.0.1"] });
    });
    survives(["candidate:1 1 udp 2113937151 127.0.0.1 44829 typ host"], (text) => void isAddressCandidate(text));
  });

  it("as session, token, set-up code and sealed password", async () => {
    const user = await identity.users.create({
      name: "Anna",
      password: "correct horse",
      administrator: true,
      grants: [],
    });
    const { secret } = await identity.credentials.openSession(user.id);
    survives([secret], (text) => {
      const found = identity.credentials.find(text);
      assert.ok(found === undefined || text === secret);
    });
    survives([identity.setupCode?.code ?? "ABCD-EFGH"], (text) => void identity.setupCode?.matches(text));
    const sealer = openSealer({ dataDir });
    const sealed = sealer.seal("hunter2", { purpose: "device-password" });
    survives([sealed, sealed], (text) => {
      if (text === "") return;
      assert.equal(sealer.open(text, { purpose: "device-password" }), "hunter2");
    });
  });
});
