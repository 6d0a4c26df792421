import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { audit, house, people, rooms, troubledHouse } from "./page-devices.ts";
import { goodInvitation, type PageServerOptions, Refusal, startPageServer } from "./page-server.ts";

const suite = new AsyncDisposableStack();
let open: (
  path: string,
  options?: Partial<PageServerOptions> & { readonly dark?: boolean; readonly phone?: boolean },
) => Promise<{ page: Page; server: Awaited<ReturnType<typeof startPageServer>>; faults: string[] } & AsyncDisposable>;

before(async () => {
  const dist = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  await buildPage(dist.path);
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  open = async (path, { dark = false, phone = false, ...options } = {}) => {
    const server = await startPageServer({
      pageDir: dist.path,
      users: people,
      audit: audit(),
      devices: house(),
      ...options,
    });
    const page = await browser.context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/.test(message.text())) faults.push(message.text());
    });
    await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
    await page.setViewportSize(phone ? { width: 390, height: 844 } : { width: 1280, height: 800 });
    await page.goto(new URL(path, server.url).href);
    const close = async () => {
      await page.close();
      await server[Symbol.asyncDispose]();
    };
    return { page, server, faults, [Symbol.asyncDispose]: close };
  };
});

after(() => suite.disposeAsync());

interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Serious and critical faults that axe-core finds. Its script is given to the page from outside, past our policy. */
async function seriousFaults(page: Page): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run: () => Promise<{ violations: AxeViolation[] }> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

/** How far the page with its rail ends above the end of the screen. */
function gapBelow(): number {
  const rest = document.querySelector("dw-app")?.shadowRoot?.querySelector(".rest");
  return rest ? Math.round(innerHeight - rest.getBoundingClientRect().bottom) : 0;
}

const signedOut = { session: { user: undefined } };
const fresh = { session: { user: undefined, setupNeeded: true } };
const screens: readonly { name: string; path: string; shown: string; options?: Partial<PageServerOptions> }[] = [
  { name: "set-up", path: "/#/setup", shown: "dw-setup form", options: fresh },
  { name: "log-in", path: "/", shown: "dw-login form", options: signedOut },
  { name: "wall", path: "/#/wall", shown: "dw-wall li" },
  { name: "wall in trouble", path: "/#/wall", shown: "dw-wall li", options: { devices: troubledHouse() } },
  { name: "empty wall", path: "/#/wall", shown: "dw-wall .empty", options: { devices: [] } },
  {
    name: "wall with rooms",
    path: "/#/wall",
    shown: "dw-wall .room",
    options: { devices: [...house().slice(0, 2), ...rooms()] },
  },
  { name: "wall of rooms", path: "/#/wall", shown: "dw-wall .room", options: { devices: rooms() } },
  { name: "room", path: "/#/room/office", shown: "dw-room dw-talk", options: { devices: rooms() } },
  { name: "camera", path: "/#/camera/front-door", shown: "dw-camera dw-talk" },
  { name: "add", path: "/#/add", shown: "dw-add form" },
  { name: "edit", path: "/#/edit/front-door", shown: "dw-add form" },
  { name: "devices", path: "/#/devices", shown: "dw-devices li", options: { devices: troubledHouse() } },
  { name: "people", path: "/#/people", shown: "dw-people tbody tr" },
  { name: "events", path: "/#/events", shown: "dw-events li" },
  { name: "calls", path: "/#/calls", shown: "dw-calls .whom button" },
  { name: "settings", path: "/#/settings", shown: "dw-tokens li" },
  { name: "help", path: "/#/help", shown: "dw-help dl" },
  { name: "panel", path: "/panel", shown: "dw-panel dw-wall" },
];

for (const { name, path, shown, options } of screens) {
  test(`${name}: no serious fault for axe-core, light and dark, desk and phone; nothing breaks the policy`, async () => {
    for (const [dark, phone] of [
      [false, false],
      [true, true],
    ] as const) {
      await using opened = await open(path, { ...options, dark, phone });
      await opened.page.locator(shown).first().waitFor();
      assert.deepEqual(await seriousFaults(opened.page), []);
      const wide = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, "nothing sticks out sideways");
      assert.equal(await opened.page.evaluate(gapBelow), 0, "the page ends where the screen ends");
      assert.deepEqual(opened.faults, []);
    }
  });
}

test("set-up: code, administrator, certificate, and one is in", async () => {
  await using opened = await open("/#/setup", { ...fresh, devices: [] });
  const { page } = opened;
  const goOn = page.getByRole("button", { name: "Go on" });
  await page.getByLabel("Code").fill("WRONG");
  await goOn.click();
  await page.getByText("This code is wrong or too old.").waitFor();
  assert.equal(await page.getByLabel("Your name").count(), 0, "nobody thinks of a password for nothing");
  await page.getByLabel("Code").fill("ABCD-EFGH-JKLM");
  await goOn.click();
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Password").fill("correct horse");
  await goOn.click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("No cameras yet").waitFor();
});

test("log-in: a wrong password is one sentence, the right one opens the wall", async () => {
  await using opened = await open("/", signedOut);
  const { page } = opened;
  await page.getByLabel("Name").fill("Anna");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Name and password do not fit.").waitFor();
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("dw-wall li").first().waitFor();
});

test("keys: a digit chooses, Enter opens, Esc goes back, ? helps", async () => {
  await using opened = await open("/#/wall");
  const { page } = opened;
  await page.locator("dw-wall li").first().waitFor();
  await page.keyboard.press("2");
  assert.equal(await page.locator("dw-wall li.chosen").getAttribute("data-id"), "hall");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/camera\/hall$/);
  await page.locator("dw-camera").waitFor();
  await page.keyboard.press("3");
  await page.waitForURL(/#\/camera\/kitchen$/);
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/wall$/);
  await page.keyboard.press("?");
  await page.waitForURL(/#\/help$/);
});

test("add: what does not answer says so and can be saved anyway", async () => {
  await using opened = await open("/#/add");
  const { page } = opened;
  await page.getByRole("textbox", { name: "Address", exact: true }).fill("rtsp://nobody.example/");
  await page.getByRole("button", { name: "Look", exact: true }).click();
  const why = await page.getByText("Nothing answers at this address.").boundingBox();
  const field = await page.getByRole("textbox", { name: "Address", exact: true }).boundingBox();
  assert.ok(why && field && why.y - field.y < 150, "it stands at the field that it is about");
  await page.getByLabel("Name", { exact: true }).fill("Shed");
  await page.getByRole("button", { name: "Save anyway" }).click();
  await page.waitForURL(/#\/camera\/shed$/);
});

test("edit: what only this kind of device can be set to is there at once, by a reload as well", async () => {
  const schema = { properties: { transport: { type: "string", enum: ["auto", "tcp", "udp"], description: "How." } } };
  const answers = {
    "GET /api/v1/drivers": { drivers: [{ kind: "rtsp", summary: "RTSP", schema }] },
    "GET /api/v1/devices/front-door/options": { kind: "rtsp", options: { transport: "tcp" } },
  };
  await using opened = await open("/#/edit/front-door", { answers });
  await opened.page.getByText("Only for rtsp devices").click();
  assert.equal(await opened.page.getByLabel("transport").inputValue(), "tcp");
});

test("devices: removing asks first", async () => {
  await using opened = await open("/#/devices");
  const { page, server } = opened;
  await page.getByRole("button", { name: "Remove Garage" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.ok(server.devices.has("garage"));
  await page.getByRole("button", { name: "Remove Garage" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("Garage was removed.").waitFor();
  assert.ok(!server.devices.has("garage"));
});

test("people: a right given in the grid reaches the hub", async () => {
  await using opened = await open("/#/people");
  const { page, server } = opened;
  await page.getByRole("button", { name: "Change Grandmother" }).click();
  await page.getByLabel("Talk through it: Entrance").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.deepEqual(server.users.find(({ id }) => id === "u3")?.grants, [
    { scope: "device:nursery", rights: ["view", "listen", "talk"] },
    { scope: "area:Entrance", rights: ["view", "talk"] },
  ]);
});

test("a phone shows every right of a new person, and no word of the settings at an edge, in every language", async () => {
  await using opened = await open("/#/people", { phone: true });
  const { page } = opened;
  for (const language of ["en", "de", "fr", "es"]) {
    await page.evaluate(
      (chosen) => localStorage.setItem("dw-preferences", JSON.stringify({ language: chosen })),
      language,
    );
    await page.goto(new URL("/#/people", opened.server.url).href);
    await page.reload();
    await page.locator("dw-people header .primary").click();
    const hidden = await page.locator("dw-person .scroll").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(hidden <= 0, `${language}: ${hidden} px of the rights are beyond the edge`);
    await page.goto(new URL("/#/settings", opened.server.url).href);
    const words = page.locator("dw-settings .choices span");
    await words.first().waitFor();
    const gaps = await words.evaluateAll((spans) =>
      spans.map((span) => {
        const range = document.createRange();
        range.selectNodeContents(span);
        const [text, box] = [range.getBoundingClientRect(), span.parentElement?.getBoundingClientRect()];
        const gap = box ? Math.min(text.left - box.left, box.right - text.right) : -1;
        return { word: span.textContent, gap, clear: gap >= 4 };
      }),
    );
    assert.ok(gaps.length >= 6 && gaps.every(({ clear }) => clear), `${language}: ${JSON.stringify(gaps)}`);
  }
});

test("people: somebody new is invited, and chooses their password by the link, which stands nowhere then", async () => {
  await using opened = await open("/#/people");
  const { page, server } = opened;
  await page.getByRole("button", { name: "Add a person" }).click();
  await page.getByLabel("Name").fill("Cleo");
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.locator("dw-invite dialog");
  const link = (await dialog.locator("code").textContent()) ?? "";
  assert.equal(link, `${server.url}/#invite=${goodInvitation}`);
  assert.equal(await dialog.locator("img").evaluate((img) => (img as HTMLImageElement).naturalWidth > 0), true);
  assert.deepEqual(await seriousFaults(page), []);
  await dialog.getByRole("button", { name: "Done" }).click();
  await page
    .getByRole("row", { name: "Cleo" })
    .getByText(/^invited until/)
    .waitFor();
  server.session = { ...server.session, user: undefined };
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByRole("heading", { name: "Welcome, Cleo" }).waitFor();
  assert.equal(new URL(page.url()).hash, "");
  assert.deepEqual(await seriousFaults(page), []);
  await page.getByLabel("New password").fill("battery staple");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator("dw-wall li").first().waitFor();
  assert.equal(server.chosen, "battery staple");
  await page.evaluate(() => {
    location.hash = "#invite=dwi_used";
  });
  await page.getByText("This invitation is over").waitFor();
  await page.getByRole("button", { name: "To the house" }).click();
  await page.locator("dw-wall li").first().waitFor();
});

test("faults of the configuration file: file, line and sentence of each, as long as they are there", async () => {
  await using opened = await open("/#/wall", { phone: true });
  const { page, server } = opened;
  await page.locator("dw-wall li").first().waitFor();
  const place = (line: number) => `doorward.yaml:${line}: devices.yard.setting${line}: there is no such setting`;
  const fault = { id: "configuration", what: "The configuration file has a fault", advice: "Mend it.", sinceMs: 0 };
  server.tell({ type: "faults", faults: [{ ...fault, places: [3, 4, 5, 6, 7].map(place) }] });
  const banner = page.locator(".fault");
  await banner.getByText("doorward.yaml:3", { exact: true }).waitFor();
  assert.equal(await banner.locator("li:visible").count(), 3);
  await banner.getByText("2 more").click();
  await banner.getByText("devices.yard.setting7: there is no such setting").waitFor();
  assert.deepEqual(await seriousFaults(page), []);
  server.tell({ type: "faults", faults: [] });
  await banner.waitFor({ state: "detached" });
});

test("sessions: one other is signed out, then all others", async () => {
  await using opened = await open("/#/settings");
  const { page, server } = opened;
  const rows = page.locator("dw-sessions li");
  await rows.filter({ hasText: "Chrome, Linux (this one)" }).getByText("in use now").waitFor();
  await page.getByRole("button", { name: "Sign out everywhere else" }).waitFor();
  await page.getByRole("button", { name: "Sign out there: Safari, iPhone" }).click();
  await page.getByText("Signed out there: Safari, iPhone.").waitFor();
  assert.deepEqual(
    server.sessions.map(({ id }) => id),
    ["s1", "s3"],
  );
  server.sessions.push({ id: "s4", here: false, panel: false, createdMs: 0, seenMs: 0 });
  await page.reload();
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByText("You are signed out in 2 other browsers.").waitFor();
  assert.equal(await rows.count(), 1);
});

test("tokens: rights are chosen in words, the password is asked for, and the form is as before afterwards", async () => {
  await using opened = await open("/#/settings");
  const { page, server } = opened;
  server.fresh = false;
  await page.getByLabel("For what").fill("Gate opener");
  await page.locator("dw-tokens").getByLabel("Where").selectOption("area:Entrance");
  await page.getByLabel("Open the door").check();
  await page.getByLabel("Read the hub's numbers").check();
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByLabel("Your password").fill("wrong");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("This is not your password.").waitFor();
  await page.getByLabel("Your password").fill("correct horse");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByText("see, unlock in Entrance; read the hub's numbers").waitFor();
  assert.deepEqual(server.tokens.at(-1)?.grants, [
    { scope: "area:Entrance", rights: ["view", "unlock"] },
    { scope: "*", rights: ["metrics"] },
  ]);
  assert.equal(await page.getByLabel("See the picture").isChecked(), true);
  assert.equal(await page.getByLabel("Open the door").isChecked(), false);
});

test("tokens: whoever closes the question for their password has changed nothing", async () => {
  await using opened = await open("/#/settings");
  const { page, server } = opened;
  server.fresh = false;
  await page.getByLabel("For what").fill("Gate opener");
  await page.getByRole("button", { name: "Make a token" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Nothing was changed.").waitFor();
  assert.equal(server.tokens.length, 1);
});

test("a hub that goes away is told, and found again", async () => {
  await using opened = await open("/#/wall");
  const { page, server } = opened;
  await page.locator("dw-wall li").first().waitFor();
  server.hangUp();
  await page.getByText("The hub does not answer; trying again.").waitFor();
  await page.getByText("The hub does not answer; trying again.").waitFor({ state: "hidden" });
});

test("a microphone that is blocked, and a page without encryption, are explained with the way out", async () => {
  await using opened = await open("/#/camera/front-door", { session: { httpsUrl: "https://doorward.local:8443/" } });
  const { page } = opened;
  await page.locator("dw-talk .hold").waitFor();
  await page.evaluate(() => {
    const talk = document
      .querySelector("dw-app")
      ?.shadowRoot?.querySelector("dw-camera")
      ?.shadowRoot?.querySelector("dw-talk");
    Object.assign(talk ?? {}, { phase: { phase: "no-microphone", trouble: "insecure" } });
  });
  assert.equal(
    await page.getByRole("link", { name: "Open secure page" }).getAttribute("href"),
    "https://doorward.local:8443/",
  );
  await page.evaluate(() => {
    const talk = document
      .querySelector("dw-app")
      ?.shadowRoot?.querySelector("dw-camera")
      ?.shadowRoot?.querySelector("dw-talk");
    Object.assign(talk ?? {}, { phase: { phase: "no-microphone", trouble: "blocked" } });
  });
  await page.getByText("Click the sign beside the address, allow the microphone").first().waitFor();
});

test("pictures are asked for only where somebody can see them", async () => {
  const asked = new Set<string>();
  const waiting = new Map<string, () => void>();
  const view = (id: string) => {
    asked.add(id);
    waiting.get(id)?.();
    return Promise.reject(new Refusal(503, "The camera is not connected yet."));
  };
  const askedFor = (id: string) =>
    new Promise<void>((resolve) => (asked.has(id) ? resolve() : waiting.set(id, resolve)));
  await using opened = await open("/#/wall", { phone: true, view });
  await askedFor("hall");
  assert.ok(!asked.has("nursery"), "the last tile is below the edge");
  await opened.page.locator('dw-wall li[data-id="nursery"]').scrollIntoViewIfNeeded();
  await askedFor("nursery");
});
