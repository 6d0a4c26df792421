// The screens in every language, and with the keyboard alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { wideFaults } from "../../scripts/screenshots/faults.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { audit, house, people, rooms } from "./page-devices.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

const suite = new AsyncDisposableStack();
let server: PageServer;
let page: Page;

before(async () => {
  const dist = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  await buildPage(dist.path);
  const devices = [...house(), ...rooms()];
  server = suite.use(await startPageServer({ pageDir: dist.path, users: people, audit: audit(), devices }));
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  page = await browser.context.newPage();
  await page.emulateMedia({ reducedMotion: "reduce" });
});

after(() => suite.disposeAsync());

const spoken = [
  ["wall", "dw-wall .room"],
  ["camera/front-door", "dw-camera dw-talk .hold"],
  ["room/office", "dw-room dw-talk .hold"],
  ["devices", "dw-devices li"],
  ["add", "dw-add form"],
  ["people", "dw-people tbody tr"],
  ["events", "dw-events li"],
  ["calls", "dw-calls .whom button"],
  ["settings", "dw-tokens li"],
  ["help", "dw-help dl"],
] as const;

for (const language of ["de", "fr", "es"]) {
  test(`${language}: nothing sticks out of a phone or is cut there, and the page says which language it speaks`, async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.url}/offline.html`);
    await page.evaluate((chosen) => localStorage.setItem("dw-preferences", `{"language":"${chosen}"}`), language);
    await page.goto(`${server.url}/#/wall`);
    const faults: string[] = [];
    for (const [path, shown] of spoken) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#/${path}`);
      await page.locator(shown).first().waitFor();
      faults.push(...(await wideFaults(page)).map(({ text }) => `${path}: ${text}`));
    }
    assert.deepEqual(faults, []);
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    await page.evaluate(() => localStorage.clear());
  });
}

/** The element that has the focus, through all shadows: what it is, and whether one sees that it has it. */
function focused(): { readonly what: string; readonly seen: boolean } {
  let element = document.activeElement;
  for (let inner = element; inner; inner = inner.shadowRoot?.activeElement ?? null) element = inner;
  if (!element || element === document.body) return { what: "", seen: true };
  const ringed = [element, element.closest("label"), element.closest(".search")].some((each) => {
    if (!each) return false;
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
  });
  return { what: element.outerHTML.slice(0, 120), seen: ringed };
}

test("the focus is seen wherever the tabulator key goes", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${server.url}/#/wall`);
  for (const [path, shown] of spoken) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/${path}`);
    await page.locator(shown).first().waitFor();
    const had = new Set<string>();
    for (let press = 0; press < 14; press++) {
      await page.keyboard.press("Tab");
      const { what, seen } = await page.evaluate(focused);
      assert.ok(seen, `${path}: ${what}`);
      if (what !== "") had.add(what);
    }
    assert.ok(had.size >= 5, `${path}: the key goes only to ${[...had].join(", ") || "nothing"}`);
  }
});
