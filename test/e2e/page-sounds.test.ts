/** The sounds folder, and where sounds may come from, as an administrator finds them on the page, with a camera that plays them. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";
import { startYooseeHub, type YooseeHub } from "./talk-rig.ts";

const suite = new AsyncDisposableStack();
let hub: YooseeHub;
let page: Page;
const faults: string[] = [];

before(async () => {
  hub = suite.use(await startYooseeHub());
  // What the camera can do is learnt by one look at it.
  await hub.rig.call("GET", "api/v1/devices/yard/snapshot");
  const { context } = suite.use(await openBrowser({ profileDir: suite.use(await temporaryFolder()).path }));
  page = await hub.rig.openPage(context, "#/settings");
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => faults.push(String(error)));
});

after(() => suite.disposeAsync());

const listed = async () => {
  const answer = (await (await hub.rig.call("GET", "api/v1/sounds")).json()) as { sounds: { name: string }[] };
  return answer.sounds.map(({ name }) => name);
};

test("a sound is added, played at a device, renamed and deleted", { timeout: 60_000 }, async () => {
  const tone = Int16Array.from({ length: 8000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / 8000));
  const buffer = Buffer.from(wavFile(tone, 8000));
  const sounds = page.locator("dw-sounds");
  await sounds.getByText("There are none yet.").waitFor();
  await sounds.locator('input[type="file"]').setInputFiles({ name: "gate.wav", mimeType: "audio/wav", buffer });
  await sounds.getByRole("button", { name: "Add", exact: true }).click();
  await sounds.locator("li strong").getByText("gate.wav").waitFor();
  assert.deepEqual(await listed(), ["gate.wav"]);
  await sounds.getByRole("button", { name: "Play gate.wav" }).click();
  await until("the camera plays it", async () => hub.camera.playout.firstSoundUs !== undefined);
  await sounds.getByRole("button", { name: "Rename gate.wav" }).click();
  await sounds.getByLabel("New name").fill("Gate.wav");
  await sounds.getByRole("button", { name: "Rename", exact: true }).click();
  await sounds.getByRole("button", { name: "Delete Gate.wav" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await sounds.getByText("There are none yet.").waitFor();
  assert.deepEqual(await listed(), []);
});

test("what is no sound is refused in a sentence", { timeout: 30_000 }, async () => {
  const sounds = page.locator("dw-sounds");
  const file = { name: "notes.wav", mimeType: "audio/wav", buffer: Buffer.from("not a sound".repeat(100)) };
  await sounds.locator('input[type="file"]').setInputFiles(file);
  await sounds.getByRole("button", { name: "Add", exact: true }).click();
  await sounds.getByRole("alert").waitFor();
  assert.deepEqual(await listed(), []);
});

test("an address that sounds may come from is allowed, and taken out", { timeout: 30_000 }, async () => {
  const hosts = page.locator("dw-say-hosts");
  await hosts.getByText("None: nothing is fetched from anywhere.").waitFor();
  await hosts.getByLabel("Address").fill("http://192.168.1.30:8123");
  await hosts.getByRole("button", { name: "Allow" }).click();
  await hosts.getByRole("button", { name: /^Take .* out$/ }).click();
  await hosts.getByText("None: nothing is fetched from anywhere.").waitFor();
});

test("another program's offer is decided on by the administrator", { timeout: 30_000 }, async () => {
  const hosts = page.locator("dw-say-hosts");
  const made = await hub.rig.call("POST", "api/v1/tokens", {
    name: "Home",
    grants: [{ scope: "*", rights: ["talk"] }],
  });
  const { token } = (await made.json()) as { readonly token: string };
  const offered = await fetch(`${hub.rig.running.httpUrl}api/v1/say/hosts/offers`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ hosts: ["http://192.168.1.31:8123"], by: "Home Assistant" }),
  });
  assert.ok(offered.ok, await offered.text());
  await page.reload();
  await hosts.locator(".offer").getByRole("button", { name: "Allow" }).click();
  await hosts.locator("li").getByText("192.168.1.31").waitFor();
  assert.deepEqual(faults, []);
});
