import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Page } from "playwright-core";
import type { CallView, HubMessage } from "../../web/src/api.ts";
import { until } from "./hub-rig.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { people } from "./page-devices.ts";
import { anna, answeredCall, ben, callOf, doorbell, personCall, withDoor } from "./page-scripted-calls.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

const suite = new AsyncDisposableStack();
let page: Page;
let server: PageServer;

/** What the page is told of calls from now on. */
function running(...calls: readonly CallView[]): void {
  server.running.splice(0, server.running.length, ...calls);
  server.tell({ type: "calls", calls, mutedBells: [] });
}

/** What became of a call. */
function over(change: Extract<HubMessage, { readonly type: "call" }>["change"], call: CallView): void {
  server.tell({ type: "call", change, call: { ...call, state: "ended", participants: [] } });
}

const asked = (what: string) => until(`the hub is asked to ${what}`, async () => server.asked.includes(what));

before(async () => {
  const dist = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  await buildPage(dist.path);
  server = suite.use(await startPageServer({ pageDir: dist.path, users: people, ...withDoor() }));
  const { context } = suite.use(await openBrowser({ profileDir: profile.path, size: { width: 390, height: 844 } }));
  await context.grantPermissions(["notifications", "microphone"], { origin: server.url });
  page = await context.newPage();
  page.setDefaultTimeout(6000);
  await page.addInitScript(() => {
    const subscription = { endpoint: "https://push.example/1", keys: { p256dh: "k", auth: "a" } };
    PushManager.prototype.subscribe = async () => ({ toJSON: () => subscription }) as unknown as PushSubscription;
    Object.defineProperty(document, "pictureInPictureEnabled", { value: true });
    HTMLVideoElement.prototype.requestPictureInPicture = async () => {
      document.body.dataset["small"] = "yes";
      return {} as PictureInPictureWindow;
    };
  });
  await page.goto(`${server.url}/#/calls`);
  await page.locator("dw-calls .whom button").first().waitFor();
  await page.evaluate(() => customElements.whenDefined("dw-calling"));
});

after(() => suite.disposeAsync());

/** The words of what has the focus, in whichever shadow it is. */
function focused(): Promise<string> {
  return page.evaluate(() => {
    let found = document.activeElement;
    while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
    return found?.textContent?.trim().replace(/\s+/g, " ") ?? "";
  });
}

it("whom one may call is listed with what hinders, and a call that comes to nothing says why", async () => {
  const words = await page.locator("dw-calls .whom").innerText();
  assert.match(
    words.replace(/\s+/g, " "),
    /Ben Grandmother does not want to be disturbed Living room in a call Cleo not here now/,
  );
  await page.getByRole("button", { name: /^Cleo/ }).click();
  await asked("call");
  const away = { ...ben, state: "unreachable" } as const;
  over("ended", callOf({ ...personCall, from: anna, rung: [away], endReason: "unreachable" }));
  await page.locator("dw-calling .over").getByText("Ben is not here now").waitFor();
});

it("one is left alone by one tap, and sees it", async () => {
  await page.getByRole("button", { name: "Do not disturb" }).click();
  const quiet = page.getByRole("button", { name: "Nothing of yours rings" });
  assert.equal(await quiet.getAttribute("aria-pressed"), "true");
});

it("a ring is taken by the keyboard alone: Escape silences, Tab leads on, and the focus goes back where it was", async () => {
  await page.getByRole("button", { name: /^Ben/ }).focus();
  running(callOf());
  await page.locator("dw-calling .call:focus").waitFor();
  assert.equal(await page.locator("dw-calling [role=alert]").innerText(), "Doorbell rings");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Silent here" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Decline");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Please leave it at the door." }).waitFor();
  assert.equal(await focused(), "I am coming.");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Answer" }).focus();
  await page.keyboard.press("Enter");
  await asked("answer c1");
  running();
  await page.locator("dw-calling .call").waitFor({ state: "detached" });
  assert.equal(await focused(), "Ben");
});

it("in a call: mute, loudness, a small window, and a door that no slip opens", async () => {
  running(callOf(answeredCall));
  const mute = page.getByRole("button", { name: "Mute", exact: true });
  await mute.click();
  assert.equal(await page.getByRole("button", { name: "Muted" }).getAttribute("aria-pressed"), "true");
  await page.getByLabel("Loudness").fill("0.3");
  const loudness = () => page.locator("dw-call-picture video").evaluate((video: HTMLVideoElement) => video.volume);
  await until("it is softer", async () => Math.abs((await loudness()) - 0.3) < 0.01);
  await page.getByRole("button", { name: "Small window" }).click();
  await page.locator("body[data-small]").waitFor();
  const open = page.getByRole("button", { name: /Open the door/ });
  await open.click();
  assert.deepEqual(
    server.asked.filter((what) => what.startsWith("unlock")),
    [],
    "a tap opens nothing",
  );
  // What a screen reader does: two clicks that no finger and no key has made.
  await open.evaluate((button: HTMLElement) =>
    new Promise((resolve) => setTimeout(resolve, 600)).then(() => button.click()),
  );
  await page.getByText("press again", { exact: true }).waitFor();
  await open.evaluate((button: HTMLElement) => button.click());
  await page.getByText("The door was opened.").waitFor();
  assert.deepEqual(
    server.asked.filter((what) => what.startsWith("unlock")),
    ["unlock doorbell"],
  );
});

it("somebody who rings while one talks is seen, put off, or answered in place of the other", async () => {
  const second = callOf({ ...personCall, id: "c2", rung: [{ ...anna, state: "ringing" }], participants: [ben] });
  running(callOf(answeredCall), second);
  await page.getByText("Ben rings as well").waitFor();
  await page.getByRole("button", { name: "Not now" }).click();
  await asked("decline c2");
  await page.getByText("Ben rings as well").waitFor({ state: "detached" });
  running(callOf(answeredCall), second);
  await page.getByRole("button", { name: "Hang up and answer" }).click();
  await asked("answer c2");
  assert.deepEqual(server.asked.slice(-2), ["end c1", "answer c2"]);
  running();
});

it("a bell that is muted is told on every screen, and rings again at once by one tap", async () => {
  await page.goto(`${server.url}/#/wall`);
  server.tell({ type: "calls", calls: [], mutedBells: [{ from: doorbell, untilMs: Date.now() + 300_000 }] });
  await page.getByText(/The bell of Doorbell is silent until .*: it rang too often and nobody answered\./).waitFor();
  await page.getByRole("button", { name: "Let it ring again" }).click();
  await asked("ring/unmute doorbell");
  running();
  await page.locator("dw-muted-bells p").waitFor({ state: "detached" });
});

it("notifications are renewed whenever the page is opened, and tried by a button", async () => {
  assert.ok(!server.asked.includes("push"), "nobody wanted any");
  await page.evaluate(() => localStorage.setItem("dw-notifications", "Phone"));
  await page.reload();
  await asked("push");
  await page.goto(`${server.url}/#/settings`);
  const ringing = page.locator("dw-ringing");
  await ringing.getByText("None yet.").waitFor();
  await ringing.getByRole("button", { name: "Test" }).click();
  await ringing.getByText("It is on its way.").waitFor();
});
