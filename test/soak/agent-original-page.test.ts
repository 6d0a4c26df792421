import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { startAgentProcess } from "../e2e/agent-process.ts";
import { pictures, startRig, until } from "../e2e/hub-rig.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { serveOriginalSite, startOriginalAgent } from "../peers/mucamera.ts";

// The original's page, unchanged, with our hub in the place of its backend. MUCAMERA names a checkout of github.com/MuMuShy/MuCamera;
// MUCAMERA_PYTHON a Python with the packages of its agent.

const checkout = process.env["MUCAMERA"] ?? "";
const skip = existsSync(join(checkout, "web", "webrtc.js")) ? false : "MUCAMERA names no checkout of the original";
const source = "test:?size=640x360&fps=20&gop=20";

/** As the original is put up: its page on port 8080 asks port 8000 of the same name. An address of its own has both free. */
const place = "127.80.80.80";

interface Scene {
  /** By which the page asks for everything: its own origin, whose web server hands on, or port 8000. */
  readonly asks: "its own origin" | "port 8000";
}

async function open({ asks }: Scene, stack: AsyncDisposableStack) {
  const own = asks === "its own origin";
  const backend = { host: own ? "127.0.0.1" : place, port: own ? 0 : 8000 };
  const site = stack.use(
    await serveOriginalSite({ checkout, backend: () => backend, ...(!own && { host: place, port: 8080 }) }),
  );
  const settings = `host: ${backend.host}, port: ${backend.port}, tokenInQuery: true, origins: ["${site.origin}"]`;
  const rig = stack.use(await startRig(`enrolment: open\nsignalling: { ${settings} }\ndevices: {}\n`));
  const address = rig.running.addresses.find((one) => one.startsWith("ws://") && one.endsWith("/ws/device")) ?? "";
  backend.port = Number(new URL(address).port);
  const folder = stack.use(await temporaryFolder()).path;
  const browser = stack.use(await openBrowser({ profileDir: join(folder, "profile") }));
  const page = await browser.context.newPage();
  const said: string[] = [];
  page.on("console", (line) => said.push(line.text()));
  page.on("dialog", async (dialog) => {
    said.push(dialog.message());
    await dialog.accept();
  });
  await page.goto(`${site.origin}/`);
  await page.waitForURL(/login\.html$/);
  const startOurs = () =>
    stack.use(
      startAgentProcess([
        ...["--backend", address, "--device-id", "shed", "--name", "Garden shed"],
        ...["--source", source, "--state", join(folder, "agent.json")],
      ]),
    );
  return { rig, page, said, address, startOurs };
}

async function logIn(page: Page): Promise<void> {
  await page.fill("#loginUsername", "Anna");
  await page.fill("#loginPassword", "correct horse battery");
  await page.click("#loginForm button[type=submit]");
  await page.waitForURL(/index\.html$/);
}

async function listed(page: Page, name: string): Promise<void> {
  await until(`${name} is listed`, async () => {
    await page.click("#refreshBtn");
    return (await page.locator(".device-card.online", { hasText: name }).count()) === 1;
  });
}

/** Watches it until 50 frames were shown; then ends it, as a person does. */
async function watch(t: TestContext, { page, name }: { readonly page: Page; readonly name: string }) {
  const beganMs = performance.now();
  await page.locator(".device-card", { hasText: name }).locator("button").click();
  const frames = async () => (await pictures(page))[0]?.frames ?? 0;
  await until("a picture is shown", async () => (await frames()) > 0);
  t.diagnostic(`${name}: first picture ${(performance.now() - beganMs).toFixed(0)} ms after "Watch"`);
  await until("it goes on", async () => (await frames()) > 50);
  assert.equal(await page.textContent("#connectionState"), "connected");
  const [picture] = await pictures(page);
  await page.click("#endWatchBtn");
  return picture;
}

describe("the original's page", { skip, timeout: 90_000 }, () => {
  for (const asks of ["its own origin", "port 8000"] as const) {
    it(`that asks ${asks} logs in, lists our agent and shows it; the agent rests afterwards`, async (t) => {
      await using stack = new AsyncDisposableStack();
      const { page, startOurs } = await open({ asks }, stack);
      const agent = startOurs();
      await logIn(page);
      await listed(page, "Garden shed");
      const picture = await watch(t, { page, name: "Garden shed" });
      assert.deepEqual([picture?.width, picture?.height], [640, 360]);
      await until("the agent rests", async () => /nobody watches/.test(agent.said()));
    });
  }

  it("lets somebody register and take a device by its code", async (t) => {
    await using stack = new AsyncDisposableStack();
    const { page, startOurs, said, address } = await open({ asks: "its own origin" }, stack);
    startOurs();
    await page.click(".tab-btn[data-tab=register]");
    await page.fill("#registerUsername", "Bert");
    await page.fill("#registerEmail", "bert@example.org");
    await page.fill("#registerPassword", "battery horse staple");
    await page.fill("#registerPasswordConfirm", "battery horse staple");
    await page.click("#registerForm button[type=submit]");
    await page.waitForURL(/index\.html$/);
    await page.locator(".empty-state").waitFor();
    const generate = new URL("/api/pairing/generate?device_id=shed", address.replace(/^ws/, "http"));
    const { code } = (await (await fetch(generate, { method: "POST" })).json()) as { code: string };
    await page.click("#pairBtn");
    await page.fill("#pairingCodeInput", code);
    await page.click("#submitPairingBtn");
    await until("it is told", async () => said.some((line) => /paired successfully: Garden shed/.test(line)));
    await listed(page, "Garden shed");
    assert.ok(await watch(t, { page, name: "Garden shed" }));
  });

  it("shows the original's agent", async (t) => {
    await using stack = new AsyncDisposableStack();
    const { page, address } = await open({ asks: "its own origin" }, stack);
    stack.use(startOriginalAgent({ checkout, backend: address, deviceId: "webcam" }));
    await logIn(page);
    await listed(page, "webcam");
    assert.ok(await watch(t, { page, name: "webcam" }));
  });
});
