import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { startRig } from "../web-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

const word = "correct horse";

/** What a page learns of the hub at `hub` on the cookie of whoever is signed in there. */
async function spy(hub: string): Promise<{ socket: string; devices: string; write: string }> {
  const socket = await new Promise<string>((resolve) => {
    const opened = new WebSocket(`${hub.replace("http", "ws")}api/v1/events`);
    opened.onmessage = ({ data }) => resolve(String(data));
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
