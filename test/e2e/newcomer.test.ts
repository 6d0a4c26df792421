import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type GstServer, type GstServerOptions, startGstServer } from "../peers/gst.ts";
import { within } from "../within.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";
import { agree, type Followed, follow } from "./page-truth.ts";

// Runs quietly: a hub, a camera and a browser that decodes, each in processes of their own.

const root = join(import.meta.dirname, "..", "..");
const login = { username: "viewer", password: "Xr7right" };
const sink = "audioconvert ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! fdsink fd=1 sync=false async=false";
/** Nobody of this project wrote it: GStreamer's, with a log-in, sound both ways, ten small pictures a second. */
const gst: GstServerOptions = {
  launch:
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay name=pay0 pt=96 audiotestsrc is-live=true wave=ticks ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8 )",
  backchannel: `( capsfilter caps="application/x-rtp, media=audio, payload=0, clock-rate=8000, encoding-name=PCMU" name=depay_backchannel ! rtppcmudepay ! mulawdec ! ${sink} )`,
  protocols: ["tcp"],
  ...login,
};

const suite = new AsyncDisposableStack();
let going = true;
let folder: string;
let hub: { readonly address: string; readonly port: number; stop(): Promise<void> };
let camera: GstServer;
const heard = Promise.withResolvers<void>();
let anna: Followed;
let open: (address: string) => Promise<Page>;

/** `npm start` in a folder with a configuration file that says nothing; the same port whenever it is started again. */
async function start(port: number): Promise<typeof hub> {
  const files = ["--config", join(folder, "doorward.yaml"), "--data", join(folder, "data")];
  const args = [join(root, "bin/doorward.js"), "start", ...files, "--http-port", String(port), "--https-port", "0"];
  const env = { ...process.env, DOORWARD_MDNS: "off" };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: folder, env });
  for await (const line of createInterface({ input: child.stdout })) {
    const [address] = /http:\/\/localhost\S+/.exec(line) ?? [];
    if (!address) continue;
    child.stdout.resume();
    return { address, port: Number(new URL(address).port), stop: () => stop(child) };
  }
  throw new Error("the hub ended before it printed its address");
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  await ended;
}

/** The camera, switched on; `heard` resolves when it plays something loud. */
async function switchOn(port?: number): Promise<void> {
  camera = await startGstServer({ ...gst, ...(port !== undefined && { port }) });
  camera.sound.on("data", (chunk: Buffer) => {
    const samples = new Int16Array(new Uint8Array(chunk).buffer, 0, chunk.length >> 1);
    if (samples.some((sample) => Math.abs(sample) > 1000)) heard.resolve();
  });
}

before(async () => {
  folder = suite.use(await temporaryFolder()).path;
  const profile = suite.use(await temporaryFolder());
  await writeFile(join(folder, "doorward.yaml"), "webrtc: { udpPort: 0 }\n");
  await switchOn();
  suite.defer(() => camera[Symbol.asyncDispose]());
  hub = await start(0);
  suite.defer(() => hub.stop());
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  open = async (address) => {
    const page = await browser.context.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(address, { waitUntil: "networkidle" });
    return page;
  };
});

after(() => suite.disposeAsync());

/** One step of the walk; after one that failed the others do not count. */
function step(name: string, walk: () => Promise<void>): void {
  test(name, { timeout: 60_000 }, async () => {
    assert.ok(going, "an earlier step failed");
    going = false;
    await walk();
    going = true;
  });
}

/** Waits until the picture of the camera's page says so, on itself or in its place. */
const says = (page: Page, text: string) =>
  page.locator("dw-camera dw-player").locator(".state, .why p").getByText(text, { exact: true }).first().waitFor();
const at = (page: Page, hash: string) => page.goto(new URL(`/${hash}`, page.url()).href);
const bar = (page: Page, text: string) => page.locator("dw-talk .words span").getByText(text).first().waitFor();

step("the printed address leads through the set-up to a wall without cameras", async () => {
  const page = await open("about:blank");
  anna = follow(page, "Anna");
  await page.goto(hub.address, { waitUntil: "networkidle" });
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("No cameras yet").waitFor();
  await agree(anna);
});

step("a camera is added by its address, seen before it is saved, and live on its page and the wall", async () => {
  const { page } = anna;
  await add({ name: "Front door", password: login.password });
  await page.locator('dw-add dw-player[data-tone="live"]').waitFor();
  const found = await agree(
    anna,
    ({ text, part }) => part === "dw-player" || /has a speaker|no speaker found/.test(text),
  );
  assert.ok(
    found.some(({ text }) => text === "yes, it has a speaker"),
    JSON.stringify(found),
  );
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await says(page, "Live");
  await bar(page, "Hold to talk");
  await agree(anna);
  await at(page, "#/wall");
  await page.locator('dw-wall dw-player[data-tone="live"]').waitFor();
  await agree(anna);
});

/** As most people do it: with the login in the address. */
async function add({ name, password }: { readonly name: string; readonly password: string }): Promise<void> {
  const { page } = anna;
  await at(page, "#/add");
  await page
    .getByRole("textbox", { name: "Address" })
    .fill(camera.address.replace("//", `//${login.username}:${password}@`));
  await page.getByRole("button", { name: "Look", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill(name);
}

step("what is said while the key is held comes out of the camera", async () => {
  const { page } = anna;
  await at(page, "#/camera/front-door");
  await bar(page, "Hold to talk");
  await page.keyboard.down(" ");
  await bar(page, "Front door hears you");
  await agree(anna);
  await within("the camera plays it", heard.promise, 10_000);
  await page.keyboard.up(" ");
  await bar(page, "Front door heard you");
  await agree(anna);
});

step("a sound that is off is off, and is said to be", async () => {
  const { page } = anna;
  await page.getByRole("button", { name: "Sound on" }).click();
  await page.getByRole("button", { name: "Sound off" }).waitFor();
  await agree(anna);
});

step("somebody who may only look is offered neither talk nor sound", async () => {
  const { page } = anna;
  await at(page, "#/people");
  await page.getByRole("button", { name: "Add a person" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("Ben");
  await page.getByText("I choose a password for them").click();
  await page.getByLabel("Password", { exact: true }).fill("battery staple");
  await page.getByRole("checkbox", { name: "Hear the sound: Everywhere" }).uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("dw-people tbody th").getByText("Ben").waitFor();
  await agree(anna);
  // Another name of the same machine: the browser keeps its cookies apart.
  const bens = await open(`http://127.0.0.1:${hub.port}/`);
  const ben = follow(bens, "Ben");
  await bens.getByLabel("Name").fill("Ben");
  await bens.getByLabel("Password").fill("battery staple");
  await bens.getByRole("button", { name: "Sign in" }).click();
  await bens.locator("dw-wall").waitFor();
  await at(bens, "#/camera/front-door");
  await says(bens, "Live");
  assert.equal(await bens.getByRole("button", { name: /Sound|Hold/ }).count(), 0);
  const sentences = await agree(ben);
  assert.ok(sentences.some(({ text }) => text === "You may watch this camera, not talk through it."));
  await bens.close();
});

step("a wrong password is called so, with the way to mend it", async () => {
  const { page } = anna;
  await add({ name: "Yard", password: "wrong" });
  await page.getByRole("button", { name: /Save/ }).click();
  await page.waitForURL(/#\/camera\/yard$/);
  await says(page, "Wrong password");
  await agree(anna);
});

step("a camera that dies is not called live until it is back", async () => {
  const { page } = anna;
  await at(page, "#/camera/front-door");
  await says(page, "Live");
  const said = await record(page);
  const port = Number(new URL(camera.address).port);
  await camera[Symbol.asyncDispose]();
  await says(page, "Not connected");
  await agree(anna);
  await switchOn(port);
  await says(page, "Live");
  await agree(anna);
  const states = await said.evaluate((kept) => kept);
  assert.deepEqual(
    states.filter((state) => state === "Live"),
    ["Live"],
    states.join(" > "),
  );
});

/** The states that the picture's line says from now on, in their order. */
function record(page: Page) {
  return page.locator("dw-camera dw-player").evaluateHandle((player: HTMLElement) => {
    const kept: string[] = [];
    const note = () => {
      const state = player.shadowRoot?.querySelector("[role=status]")?.textContent?.split(".")[0]?.trim() ?? "";
      if (state !== (kept.at(-1) ?? "Live")) kept.push(state);
    };
    const all = { childList: true, characterData: true, subtree: true } as const;
    if (player.shadowRoot) new MutationObserver(note).observe(player.shadowRoot, all);
    return kept;
  });
}

step(
  "a camera that gets another name and is not to be disturbed keeps its password, which stands in no file",
  async () => {
    const { page } = anna;
    for (const [name, quiet] of [
      ["Porch", true],
      ["Front door", false],
    ] as const) {
      await at(page, "#/edit/front-door");
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByLabel(/^Do not disturb/).setChecked(quiet);
      await page.getByRole("button", { name: "Save" }).click();
      await page.waitForURL(/#\/devices$/);
      await at(page, "#/camera/front-door");
      await bar(page, quiet ? "Porch takes no calls at the moment." : "Hold to talk");
      await says(page, "Live");
      await agree(anna);
    }
    const file = await readFile(join(folder, "doorward.yaml"), "utf8");
    assert.match(file, /sealed:/);
    assert.ok(!file.includes(login.password), file);
  },
);

step("a hub that is started again is waited for, and everything is there as before", async () => {
  const { page } = anna;
  await hub.stop();
  await page.getByText("The hub does not answer; trying again.").waitFor();
  await agree(anna);
  hub = await start(hub.port);
  await page.getByText("The hub does not answer; trying again.").waitFor({ state: "hidden" });
  await says(page, "Live");
  await agree(anna);
});

step("the history tells what was done, and of nobody that they listened who had the sound off", async () => {
  const { page } = anna;
  await at(page, "#/events");
  await page.getByText("Anna spoke through Front door").waitFor();
  await page.getByText("Ben watched Front door").waitFor();
  const sentences = await agree(anna);
  assert.ok(!sentences.some(({ text }) => text.startsWith("Ben listened")));
});
