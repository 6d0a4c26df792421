import { house } from "../../test/e2e/page-devices.ts";
import { type Scene, shown } from "./scene.ts";

/** People, and what happened. */
export const peopleScenes: readonly Scene[] = [
  { name: "people", path: "/#/people", server: () => ({ devices: house() }), prepare: shown("dw-people tbody tr") },
  {
    name: "people-change",
    path: "/#/people",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Change Ben" }).click();
      await page.locator("dialog[open]").waitFor();
    },
  },
  {
    name: "people-invite",
    path: "/#/people",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Invite Ben" }).click();
      await page.getByRole("button", { name: "Make a link" }).click();
      await page.locator("dw-invite code").waitFor();
    },
  },
  {
    whole: true,
    name: "events",
    path: "/#/events",
    server: () => ({ devices: house() }),
    prepare: shown("dw-events li, dw-events .empty"),
  },
  { name: "events-empty", path: "/#/events", server: () => ({ audit: [] }), prepare: shown("dw-events .empty") },
  {
    name: "events-filtered",
    path: "/#/events",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByLabel("Kind of events").selectOption("changes");
      await page.getByLabel("Search events").fill("anna");
      await page.locator("dw-events li").first().waitFor();
    },
  },
  {
    name: "people-add",
    path: "/#/people",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Add a person" }).click();
      await page.locator("dialog[open]").waitFor();
    },
  },
  {
    name: "not-for-you",
    path: "/#/people",
    server: () => ({
      session: { user: { id: "u2", name: "Ben", administrator: false, grants: [] } },
      devices: house(),
    }),
    prepare: shown(".alone"),
  },
];
