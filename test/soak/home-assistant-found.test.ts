/**
 * A real Home Assistant and a real hub in network namespaces of the test (needs root): the hub announces itself, Home Assistant shows it as
 * found, and a token is all that is typed. The hub moves to another machine of that network: the entry follows it, and there is no
 * second one. Somebody who only says that they are the hub is given nothing, until it is back and after. Two minutes.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { installed } from "../../scripts/home-assistant-peer.mjs";
import { type ChildLines, startLines } from "../e2e/child-lines.ts";
import { startHubProcess } from "../e2e/hub-process.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";
import { openRoomNet, type RoomEnd } from "../e2e/room-net.ts";
import { startHomeAssistant } from "../peers/home-assistant.ts";
import { startMdnsPeer } from "../peers/mdns-peer.ts";
import { outOfNamespace } from "../peers/out-of-namespace.ts";
import { selfSigned } from "../self-signed.ts";
import { complaints, HomeAssistant, type HomeAssistantPlace, until } from "./home-assistant.ts";

interface Flow {
  readonly flow_id: string;
  readonly handler: string;
  readonly step_id: string;
  readonly context: { readonly source: string; readonly unique_id?: string };
}

interface Entry {
  readonly entry_id: string;
  readonly domain: string;
  readonly state: string;
}

const root = join(import.meta.dirname, "..", "..");
const suite = new AsyncDisposableStack();
const leftOut = await installed();
let [houses, place, home] = [[], undefined, undefined] as unknown as [
  readonly RoomEnd[],
  HomeAssistantPlace,
  HomeAssistant,
];
/** Tries of `until`, three quarters of a minute: the old address is asked for 17 s first, and Home Assistant tries every half minute. */
const patience = 600;
let [folder, hubId, token] = ["", "", ""];
let hub: ChildLines;

/** The hub, at one of the houses. */
async function openHub({ through }: RoomEnd, httpsPort: number): Promise<void> {
  const ports = ["--http-port", "0", "--https-port", `${httpsPort}`];
  const where = ["--config", join(folder, "doorward.yaml"), "--data", join(folder, "data")];
  const command = [process.execPath, join(root, "bin", "doorward.js"), "hub", ...where, ...ports, "--json"];
  hub = startLines([...through, "env", "DOORWARD_MDNS=on", ...command], folder);
  await hub.line(/^\{/);
}

const flows = async () =>
  (await home.ask<readonly Flow[]>({ type: "config_entries/flow/progress" })).filter(
    ({ handler }) => handler === "doorward",
  );
const entries = async () =>
  (await home.ask<readonly Entry[]>({ type: "config_entries/get", domain: "doorward" })) as readonly Entry[];
const reached = async () =>
  (await home.state((await home.entity(`${hubId}_yard_camera`)).entity_id)).state !== "unavailable";
/** Where the entry says that the hub is. */
const address = async () => {
  const { entry_id: id } = (await entries())[0] ?? assert.fail("no entry");
  const begun = await home.post("api/config/config_entries/flow", { handler: "doorward", entry_id: id });
  const form = (await begun.json()) as { readonly flow_id: string; readonly data_schema: readonly Suggested[] };
  await home.remove(`api/config/config_entries/flow/${form.flow_id}`);
  return form.data_schema.find(({ name }) => name === "url")?.description?.suggested_value;
};
interface Suggested {
  readonly name: string;
  readonly description?: { readonly suggested_value?: string };
}

describe("a hub that a real Home Assistant finds", { skip: leftOut ?? false }, () => {
  before(async () => {
    folder = suite.use(await temporaryFolder()).path;
    const config = 'devices:\n  yard: { address: "test:clock", warm: true }\n';
    const first = await startHubProcess({ folder, config });
    hubId = ((await (await first.call("GET", "api/v1/session")).json()) as { readonly hubId: string }).hubId;
    const grants = [{ scope: "*", rights: ["view", "listen", "talk", "administer"] }];
    const made = await first.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
    token = ((await made.json()) as { readonly token: string }).token;
    await first[Symbol.asyncDispose]();

    const net = suite.use(await openRoomNet([{}, {}, {}, {}]));
    const [own, ...others] = net.ends;
    houses = others;
    const extra = join(folder, "extra.yaml");
    await writeFile(extra, "zeroconf:\n");
    const inside = suite.use(await startHomeAssistant({ through: own?.through ?? [], words: ["--extra", extra] }));
    const port = Number(new URL(inside.url).port);
    const way = suite.use(await outOfNamespace({ through: own?.through ?? [], port, folder }));
    place = { ...inside, url: `http://127.0.0.1:${way.port}` };
    home = suite.use(await HomeAssistant.connect(place));
    suite.defer(() => hub?.[Symbol.asyncDispose]());
  });
  after(() => suite.disposeAsync());

  it("is shown as found, and added by nothing but a token", async (t) => {
    const beganMs = performance.now();
    await openHub(houses[0] ?? assert.fail(), 8443);
    await until("it is found", async () => (await flows()).length > 0);
    t.diagnostic(`found ${Math.round(performance.now() - beganMs)} ms after it was started`);
    const [flow] = await flows();
    assert.deepEqual([flow?.context.source, flow?.context.unique_id, flow?.step_id], ["zeroconf", hubId, "discovered"]);
    const ask = async (body: object) =>
      (await (await home.post(`api/config/config_entries/flow/${flow?.flow_id}`, body)).json()) as {
        readonly type: string;
        readonly errors?: unknown;
      };
    assert.deepEqual((await ask({ token: "dwt_wrong" })).errors, { base: "invalid_auth" });
    assert.equal((await ask({ token })).type, "create_entry");
    await until("its camera is there", reached);
    assert.equal(await address(), `https://${houses[0]?.address}:8443`);
  });

  it("is followed to another machine and port, without a second entry", async (t) => {
    await hub[Symbol.asyncDispose]();
    await until("it is gone", async () => !(await reached()));
    const beganMs = performance.now();
    await openHub(houses[1] ?? assert.fail(), 9443);
    await until("it is there again", reached, patience);
    t.diagnostic(`there again ${Math.round(performance.now() - beganMs)} ms after it was started elsewhere`);
    assert.equal(await address(), `https://${houses[1]?.address}:9443`);
    assert.deepEqual([(await entries()).length, (await flows()).length], [1, 0]);
  });

  it("is not followed to somebody who only says that they are it", async () => {
    await hub[Symbol.asyncDispose]();
    await until("it is gone", async () => !(await reached()));
    const { address: other, through } = houses[2] ?? assert.fail();
    const seen = join(folder, "seen.txt");
    const { key, cert } = await selfSigned();
    const server = `require("node:https").createServer(${JSON.stringify({ key, cert })}, (request, response) => {
      let body = ""; request.on("data", (data) => body += data).on("end", () => {
        require("node:fs").appendFileSync(${JSON.stringify(seen)}, JSON.stringify([request.url, request.headers, body]));
        response.writeHead(200, { "content-type": "application/json" }).end('{"proof":"x","version":"0.2.0","hubId":"${hubId}"}');
      });
    }).listen(443, "${other}", () => console.log("ready"))`;
    await using thief = startLines([...through, process.execPath, "-e", server], folder);
    await thief.line(/ready/);
    const words = ["announce", other, "_doorward._tcp.local.", "Doorward on nas", "443", `id=${hubId}`, "scheme=https"];
    await using _announced = await startMdnsPeer(words, through);
    const asked = async () => (await readFile(seen, "utf8").catch(() => "")).includes("/api/v1/proof");
    await until("it was asked", asked, patience);
    // It listens until the hub is reached again: what were sent to one that is believed would come to it.
    await openHub(houses[1] ?? assert.fail(), 9443);
    await until("the hub is there again", reached, patience);
    assert.ok(!(await readFile(seen, "utf8")).includes(token.slice(4)));
    assert.equal(await address(), `https://${houses[1]?.address}:9443`);
    assert.deepEqual([(await entries()).length, (await flows()).length], [1, 0]);
  });

  it("has nothing to complain about", async () => {
    assert.deepEqual(await complaints(/doorward/i, place), []);
  });
});
