import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { startHubProcess } from "./hub-process.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { house, rooms } from "./page-devices.ts";
import { startPageServer } from "./page-server.ts";

/** Everything that a browser is sent to show the wall for the first time. 220 kB were allowed, before the hub sent it compressed. */
const mostBytes = 100_000;
const suite = new AsyncDisposableStack();
let dist: string;
let context: Awaited<ReturnType<typeof openBrowser>>["context"];

before(async () => {
  dist = suite.use(await temporaryFolder()).path;
  await buildPage(dist);
  const profile = suite.use(await temporaryFolder());
  context = suite.use(await openBrowser({ profileDir: profile.path })).context;
});

after(() => suite.disposeAsync());

const start = (port?: number) =>
  startPageServer({ pageDir: dist, devices: [...house(), ...rooms()], ...(port !== undefined && { port }) });

it("the page says that the hub does not answer, and is there again by itself when it does", {
  timeout: 60_000,
}, async () => {
  const first = await start();
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${first.url}/#/room/living-room`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.locator("dw-room").waitFor();
  const port = Number(new URL(first.url).port);
  await first[Symbol.asyncDispose]();
  await page.reload();
  await page.getByRole("heading", { name: "The hub does not answer" }).waitFor();
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.notEqual(await colour(), "rgba(0, 0, 0, 0)", "its style was kept, too");
  await using _second = await start(port);
  await page.locator("dw-room").getByText("Living room").first().waitFor();
  await page.close();
});

it("the page weighs at most 100 kB as the hub sends it", { timeout: 30_000 }, async (t) => {
  const folder = suite.use(await temporaryFolder());
  await using hub = await startHubProcess({ folder: folder.path, config: "devices: {}\n" });
  const [name = "", value = ""] = hub.cookie.split("=");
  await context.addCookies([{ name, value, url: hub.url }]);
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.setCacheDisabled", { cacheDisabled: true });
  const files = new Map<string, string>();
  const bytes = new Map<string, number>();
  network.on("Network.responseReceived", ({ requestId, response }) => {
    files.set(requestId, new URL(response.url).pathname);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes.set(requestId, encodedDataLength);
  });
  await page.goto(hub.url);
  await page.locator("dw-wall").first().waitFor();
  await page.waitForLoadState("networkidle");
  const sum = [...bytes.values()].reduce((total, size) => total + size, 0);
  t.diagnostic(`${sum} bytes: ${[...bytes].map(([id, size]) => `${files.get(id)} ${size}`).join(", ")}`);
  assert.ok([...files.values()].some((path) => path.startsWith("/assets/page-")));
  assert.ok(sum <= mostBytes, `${sum} bytes`);
  await page.close();
});
