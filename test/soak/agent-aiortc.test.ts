import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Grant } from "../../src/identity/policy.ts";
import { startAgentProcess } from "../e2e/agent-process.ts";
import { type HubRig, startRig, until } from "../e2e/hub-rig.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";
import { startAiortc } from "../peers/aiortc.ts";

// aiortc, of which the original's agent is made, as a device of the hub's and as a viewer of our agent.

const suite = new AsyncDisposableStack();
let rig: HubRig;
let address: string;
let folder: string;

before(async () => {
  folder = suite.use(await temporaryFolder()).path;
  rig = suite.use(await startRig("enrolment: open\nsignalling: { port: 0 }\ndevices: {}\n"));
  address = rig.running.addresses.find((one) => one.startsWith("ws://") && one.endsWith("/ws/device")) ?? "";
});
after(() => suite.disposeAsync());

async function token(): Promise<string> {
  const { credentials, users } = rig.running.hub.identity;
  const grants: Grant[] = [{ scope: "*", rights: ["view", "listen"] }];
  const made = await credentials.makeToken(users.list()[0]?.id ?? "", { name: "aiortc", grants });
  return made.secret;
}

const device = (id: string) => rig.running.hub.devices.get(id);

describe("aiortc", () => {
  it("is a device: its picture and sound are the hub's while somebody watches, and it rests afterwards", async () => {
    await using peer = startAiortc(["device", address, "webcam"]);
    await until("it is there", async () => device("webcam")?.state.phase === "idle");
    const wanted = device("webcam")?.demand();
    const frames = (kind: "video" | "audio") => device("webcam")?.track(kind)?.counters.frames ?? 0;
    await until("picture and sound come", async () => frames("video") > 30 && frames("audio") > 50);
    assert.equal(device("webcam")?.track("video")?.format.codec, "h264");
    wanted?.[Symbol.dispose]();
    await until("it is told that nobody watches", async () => peer.said.some(({ state }) => state === "ended"));
  });

  for (const watched of ["our agent, directly", "a camera of the hub's"]) {
    it(`is a viewer of ${watched}`, async (t) => {
      const id = watched.startsWith("our") ? "shed" : "yard";
      const source = "test:?size=320x240&fps=20&gop=20&tone=440";
      const state = ["--state", join(folder, "agent.json")];
      await using stack = new AsyncDisposableStack();
      if (id === "shed") {
        stack.use(startAgentProcess(["--backend", address, "--device-id", id, "--source", source, ...state]));
      } else {
        const added = await rig.call("POST", "api/v1/devices", { name: id, address: source });
        assert.equal(added.status, 201, await added.text());
      }
      await until("it is there", async () => device(id));
      const viewers = address.replace("/device", "/viewer");
      const began = performance.now();
      const peer = stack.use(startAiortc(["viewer", viewers, await token(), id]));
      const last = () => peer.said.findLast(({ frames }) => frames !== undefined);
      await until("it sees", async () => (last()?.frames ?? 0) > 0);
      t.diagnostic(`start of Python to first picture: ${(performance.now() - began).toFixed(0)} ms`);
      await until("it sees and hears", async () => (last()?.frames ?? 0) > 40 && (last()?.sound ?? 0) > 50);
    });
  }
});
