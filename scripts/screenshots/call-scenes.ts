import type { Page } from "playwright-core";
import { people } from "../../test/e2e/page-devices.ts";
import {
  answeredCall as answered,
  ben,
  callOf,
  doorbell as door,
  personCall as person,
  withDoor,
  anna as you,
} from "../../test/e2e/page-scripted-calls.ts";
import type { PageServer } from "../../test/e2e/page-server.ts";
import type { CallView, PastCall } from "../../web/src/api.ts";
import type { Scene } from "./scene.ts";

function past(id: string, more: Partial<PastCall>): PastCall {
  const ended = { state: "ended", participants: [], endedMs: now, hasSnapshot: true } as const;
  return { ...callOf(), ...ended, id, ...more };
}

const now = Date.now();

/** A history with something of everything that becomes of calls. */
function history(): PastCall[] {
  const at = (minutes: number) => ({ startedMs: now - minutes * 60_000 });
  return [
    past("h1", { ...at(9), endReason: "missed" }),
    past("h2", { ...at(55), endReason: "ended", answeredBy: you, answeredMs: now - 50_000, endedMs: now - 9000 }),
    past("h3", { ...at(130), endReason: "declined", endedBy: you, reply: "Please leave it at the door." }),
    past("h4", { ...at(1500), endReason: "opened", endedBy: ben, hasSnapshot: false }),
    past("h5", { ...at(1600), from: ben, endReason: "missed", hasSnapshot: false, lock: false }),
    past("h6", { ...at(1700), from: you, rung: [{ ...ben, state: "busy" }], endReason: "busy", hasSnapshot: false }),
  ];
}

/** A call over whatever the page shows. */
function calling(
  name: string,
  more: { readonly call?: Partial<CallView>; readonly act?: (page: Page, server: PageServer) => Promise<void> },
): Scene {
  return {
    name: `call-${name}`,
    landscape: true,
    each: true,
    path: "/#/wall",
    server: withDoor,
    prepare: async (page, server) => {
      if (!server) return;
      await page.locator("dw-wall li").first().waitFor();
      await page.evaluate(() => customElements.whenDefined("dw-calling"));
      server.tell({ type: "calls", calls: [callOf(more.call)], mutedBells: [] });
      await page.locator("dw-calling .call").waitFor();
      await page.waitForTimeout(700);
      await more.act?.(page, server);
    },
  };
}

async function hold(page: Page): Promise<void> {
  const box = await page.getByRole("button", { name: /Open the door/ }).boundingBox();
  if (!box) throw new Error("there is no button");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.waitForTimeout(500);
}

/** Calls in every state, the history, and what is set about bells. */
export const callScenes: readonly Scene[] = [
  calling("ringing", {}),
  calling("ringing-silent", {
    act: async (page) => {
      await page.getByRole("button", { name: "Silence here" }).click();
    },
  }),
  calling("declining", {
    act: async (page) => {
      await page.getByRole("button", { name: "Decline", exact: true }).click();
    },
  }),
  calling("answered", { call: answered }),
  calling("unlock", { call: answered, act: hold }),
  calling("three", { call: { ...answered, participants: [door, you, ben] } }),
  calling("second", {
    call: answered,
    act: async (page, server) => {
      const ben2 = callOf({ ...person, id: "c2", rung: [{ ...you, state: "ringing" }], participants: [ben] });
      server.tell({ type: "calls", calls: [callOf(answered), ben2], mutedBells: [] });
      await page.locator("dw-second-call button").first().waitFor();
    },
  }),
  calling("person", { call: { ...person, rung: [{ ...you, state: "ringing" }], participants: [ben] } }),
  calling("person-answered", { call: { ...person, ...answered, participants: [ben, you] } }),
  calling("outgoing", {
    call: { ...person, from: you, rung: [{ ...ben, state: "ringing" }], participants: [you] },
  }),
  calling("missed", {
    act: async (page, server) => {
      const call = callOf({ state: "ended", endReason: "missed", participants: [] });
      server.tell({ type: "call", change: "missed", call });
      await page.locator("dw-calling .over").waitFor();
    },
  }),
  {
    name: "calls",
    path: "/#/calls",
    server: withDoor,
    prepare: async (page, server) => {
      if (server) server.calls = history();
      await page.reload();
      await page.locator("dw-calls li img").first().waitFor();
      server?.tell({ type: "calls", calls: [], mutedBells: [{ from: door, untilMs: now + 500_000 }] });
      await page.locator("dw-muted-bells button").waitFor();
    },
  },
  {
    name: "calls-one",
    path: "/#/call/h3",
    server: withDoor,
    prepare: async (page, server) => {
      if (server) server.calls = history();
      await page.reload();
      await page.locator("dw-calls .large").waitFor();
    },
  },
  {
    name: "bell-form",
    path: "/#/edit/doorbell",
    server: withDoor,
    prepare: async (page) => {
      await page.locator("dw-bell").waitFor();
      await page.getByRole("radio", { name: /One after another/ }).check();
      await page.getByLabel("Add to: Step 1").selectOption(`person:${people[0]?.name}`);
      await page.getByRole("button", { name: "Add a step" }).click();
      await page.getByRole("button", { name: "Add quiet hours" }).last().click();
      await page.getByText("What the visitor hears").click();
      await page.getByText("Several bells").click();
      await page.getByRole("button", { name: "Add a bell" }).click();
      await page.getByLabel(/Ring others as well/).check();
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("dw-bell").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "settings-ringing",
    path: "/#/settings",
    server: withDoor,
    prepare: async (page) => {
      await page.locator("dw-ringing").getByText("Add quiet hours").waitFor();
      await page.locator("dw-ringing").scrollIntoViewIfNeeded();
    },
  },
];
