import assert from "node:assert/strict";
import { afterEach, beforeEach, it, mock } from "node:test";
import { speak, t } from "../language/t.ts";
import { speakHomesLanguage } from "./language.ts";

const script = "http://home/api/doorward/cards/0123.js";
const kept = new Map<string, string>();
let asked: string[] = [];

/** Home Assistant's page, with what its user has chosen. */
function page(user: unknown, browser: readonly string[] = ["en"]): void {
  const conn = { sendMessagePromise: async () => ({ value: user }) };
  const given = {
    window: { hassConnection: Promise.resolve({ conn }) },
    localStorage: { getItem: (name: string) => kept.get(name) ?? null },
    navigator: { languages: browser },
  };
  for (const [name, value] of Object.entries(given)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

beforeEach(() => {
  asked = [];
  kept.clear();
  mock.method(globalThis, "fetch", async (url: string) => {
    asked.push(url);
    return Response.json({ Hub: `Hub ${url.slice(-7, -5)}` });
  });
});
afterEach(() => {
  mock.restoreAll();
  speak("en", {});
});

it("speaks what was chosen in this browser, before what its user has, before the browser's own", async () => {
  page({ language: "fr-FR" }, ["es"]);
  kept.set("selectedLanguage", '"de"');
  await speakHomesLanguage(script);
  assert.deepEqual([t("Hub"), asked], ["Hub de", ["http://home/api/doorward/cards/0123.de.json"]]);
  kept.set("selectedLanguage", "{");
  await speakHomesLanguage(script);
  assert.equal(t("Hub"), "Hub fr");
  page(null, ["es-MX", "de"]);
  await speakHomesLanguage(script);
  assert.equal(t("Hub"), "Hub es");
});

it("speaks English, and asks for nothing, in a language that it does not know; also where a catalogue is not there", async () => {
  page({ language: "nl" }, ["de"]);
  await speakHomesLanguage(script);
  assert.deepEqual(asked, []);
  mock.method(globalThis, "fetch", async () => new Response("", { status: 404 }));
  page({ language: "de" });
  await speakHomesLanguage(script);
  assert.equal(t("Hub"), "Hub");
});
