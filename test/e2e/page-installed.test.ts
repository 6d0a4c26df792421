import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { within } from "../within.ts";
import { startHubProcess } from "./hub-process.ts";
import { until } from "./hub-rig.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { house, rooms } from "./page-devices.ts";
import { startPageServer } from "./page-server.ts";

/** Everything that a browser is sent to show the wall for the first time. 220 kB were allowed, before the hub sent it compressed. */
const mostBytes = 115_000;
/** Each costs its way there and back on a slow net, six at a time. */
const mostRequests = 18;
/** The cards for dashboards of Home Assistant: one file. */
const mostBytesOfCards = 47_000;
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
  timeout: 120_000,
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

it("a ring that is pushed shows a notification, one that comes late tells of a missed call", {
  timeout: 120_000,
}, async () => {
  await using server = await start();
  await context.grantPermissions(["notifications"], { origin: server.url });
  const page = await context.newPage();
  const worker = await context.newCDPSession(page);
  const registered = Promise.withResolvers<string>();
  worker.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
    const own = registrations.find(({ scopeURL }) => scopeURL.startsWith(server.url));
    if (own) registered.resolve(own.registrationId);
  });
  // "ready" has a worker that may still be activating: a message that comes before it is activated may be lost.
  const activated = Promise.withResolvers<void>();
  worker.on("ServiceWorker.workerVersionUpdated", ({ versions }) => {
    const own = versions.some(({ scriptURL, status }) => scriptURL.startsWith(server.url) && status === "activated");
    if (own) activated.resolve();
  });
  await worker.send("ServiceWorker.enable");
  await page.goto(server.url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const registrationId = await registered.promise;
  await within("the worker is activated", activated.promise);
  const deliver = (message: object) =>
    worker.send("ServiceWorker.deliverPushMessage", {
      origin: server.url,
      registrationId,
      data: JSON.stringify(message),
    });
  const shown = (title: string) =>
    until(`${title} is shown`, () =>
      page.evaluate(async (wanted) => {
        const ready = await navigator.serviceWorker.ready;
        const found = (await ready.getNotifications()).find(({ title: one }) => one === wanted);
        return found && [found.body, found.requireInteraction];
      }, title),
    );
  const ring = { type: "ring", text: "rings" };
  await deliver({ ...ring, call: "one", title: "Front door", untilMs: Date.now() + 45_000 });
  assert.deepEqual(await shown("Front door"), ["rings", true]);
  await deliver({ ...ring, call: "two", title: "Garden gate", untilMs: Date.now() - 1000 });
  assert.deepEqual(await shown("Garden gate"), ["missed call", false]);
  await page.close();
});

it("the page weighs at most 115 kB as the hub sends it, in few files", { timeout: 120_000 }, async (t) => {
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
  assert.ok([...files.values()].some((path) => path.startsWith("/assets/house-")));
  assert.ok(sum <= mostBytes, `${sum} bytes`);
  assert.ok(bytes.size <= mostRequests, `${bytes.size} requests`);
  await page.close();
  const cards = await fetch(`${hub.url}doorward-cards.js`, { headers: { "accept-encoding": "br" } });
  const script = await cards.text();
  const cardBytes = Number(cards.headers.get("content-length"));
  t.diagnostic(`cards for Home Assistant: ${cardBytes} bytes`);
  assert.ok(cardBytes > 10_000 && cardBytes <= mostBytesOfCards, `${cardBytes} bytes of cards`);
  assert.doesNotMatch(script, /\bimport\s*["({]|\bfrom\s*"/, "one file loads nothing else");
  for (const name of ["doorward-camera", "doorward-talk", "doorward-call"])
    assert.match(script, new RegExp(`["'\`]${name}["'\`]`));
});
