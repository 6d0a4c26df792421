import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Frame, Page } from "playwright-core";
import { startFakeSupervisor } from "../../src/surfaces/supervisor/fake.ts";
import { startRig } from "../web-rig.ts";
import { pictures, until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";
import { startYooseeHub } from "./talk-rig.ts";

const word = "correct horse";

/** What a page learns of the hub at `hub` on the cookie of whoever is signed in there. */
async function spy(hub: string): Promise<{ socket: string; devices: string; write: string }> {
  const socket = await new Promise<string>((resolve) => {
    const opened = new WebSocket(`${hub.replace("http", "ws")}api/v1/events`);
    opened.onmessage = ({ data }) => String(data).includes('"type":"devices"') && resolve(String(data));
    opened.onerror = () => resolve("refused");
  });
  const ask = async (path: string, init: RequestInit) => {
    try {
      return String((await fetch(`${hub}${path}`, { credentials: "include", ...init })).status);
    } catch {
      return "refused";
    }
  };
  const devices = await ask("api/v1/devices", {});
  const write = await ask("api/v1/logout", { method: "POST", mode: "no-cors" });
  return { socket, devices, write };
}

test("a page of another port of the same name reads nothing on the hub's cookie; the hub's own does", async () => {
  await using rig = await startRig({ front: "fake://x/?video" }, { http: { publicName: "localhost" } });
  await rig.person({ name: "Anna", password: word, administrator: true });
  await using profile = await temporaryFolder();
  await using browser = await openBrowser({ profileDir: profile.path });
  await using other = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>Another program</title>");
  });
  other.listen(0, "localhost");
  await once(other, "listening");
  const hub = rig.web.httpUrl;
  const page = await browser.context.newPage();
  await page.goto(hub);
  const signedIn = await page.evaluate(async (password) => {
    const headers = { "content-type": "application/json", "x-doorward": "1" };
    const answer = await fetch("/api/v1/login", {
      method: "POST",
      headers,
      body: JSON.stringify({ name: "Anna", password }),
    });
    return answer.status;
  }, word);
  assert.equal(signedIn, 200);
  await page.goto(`http://localhost:${(other.address() as AddressInfo).port}/`);
  const seen = await page.evaluate(spy, hub);
  assert.equal(seen.socket, "refused");
  assert.equal(seen.devices, "refused");
  await page.goto(hub);
  const own = await page.evaluate(spy, hub);
  assert.match(own.socket, /"type":"devices".*"front"/);
  assert.equal(own.devices, "200", "the other page has signed nobody out");
  other.closeAllConnections();
});

test("the page in a frame of Home Assistant, below a path: signed in by it, it shows and speaks, and asks for nothing elsewhere", async () => {
  const address = "127.0.0.2";
  const anna = { id: "0a1b", userName: "anna", displayName: "Anna at home" };
  await using supervisor = await startFakeSupervisor({ token: "t", address, people: { one: anna } });
  await using hub = await startYooseeHub(`http: { ingress: { supervisor: ${address}, administrators: [anna] } }\n`);
  supervisor.show(Number(new URL(hub.rig.running.httpUrl).port));
  await using profile = await temporaryFolder();
  await using browser = await openBrowser({ profileDir: profile.path });
  await browser.context.addCookies([{ name: "ingress_session", value: "one", url: supervisor.url }]);
  const page = await browser.context.newPage();
  const failed: string[] = [];
  page.on(
    "console",
    (line) => line.type() === "error" && !line.location().url.endsWith("/favicon.ico") && failed.push(line.text()),
  );
  await page.goto(supervisor.url);
  await until("the wall shows a picture", async () =>
    (await pictures(frameOf(page))).some(({ frames }) => frames > 10),
  );
  await frameOf(page).goto(`${supervisor.url}${supervisor.ingressPath}#/camera/yard`);
  await frameOf(page).locator('dw-camera dw-player[data-tone="live"]').waitFor();
  await frameOf(page).locator("dw-talk button.hold").focus();
  await page.keyboard.down("Space");
  await until("the camera's speaker plays it", async () => hub.camera.playout.firstSoundUs !== undefined);
  assert.equal(hub.rig.running.hub.turns.holder("yard").holder?.name, anna.displayName);
  await page.keyboard.up("Space");
  if (process.env["SCREENSHOTS"]) await page.screenshot({ path: `${process.env["SCREENSHOTS"]}/ingress.png` });
  const workers = () =>
    frameOf(page).evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope));
  await until("the service worker is there", async () => (await workers()).length > 0);
  assert.deepEqual(await workers(), [`${supervisor.url}${supervisor.ingressPath}`]);
  assert.deepEqual([supervisor.strayed.filter((path) => path !== "/favicon.ico"), failed], [[], []]);
});

function frameOf(page: Page): Frame {
  const [, frame] = page.frames();
  assert.ok(frame);
  return frame;
}
