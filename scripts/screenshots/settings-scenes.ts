import { house } from "../../test/e2e/page-devices.ts";
import { type Scene, shown } from "./scene.ts";

/** Settings and help. */
export const settingsScenes: readonly Scene[] = [
  {
    whole: true,
    name: "settings",
    path: "/#/settings",
    server: () => ({ devices: house() }),
    prepare: shown("dw-settings .qr"),
  },
  {
    name: "settings-ask-password",
    path: "/#/settings",
    server: () => ({ devices: house() }),
    prepare: async (page, server) => {
      if (server) server.fresh = false;
      await page.getByLabel("For what").fill("Doorbell script");
      await page.getByRole("button", { name: "Make a token" }).click();
      await page.getByLabel("Your password").fill("wrong horse");
      await page.getByRole("button", { name: "Go on" }).click();
      await page.getByText("This is not your password.").waitFor();
    },
  },
  {
    name: "settings-password",
    path: "/#/settings",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByLabel("Password now").fill("correct horse");
      await page.getByLabel("New password").fill("battery staple");
      await page.getByRole("button", { name: "Change my password" }).click();
      await page.getByText("Your password is changed").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "settings-token",
    path: "/#/settings",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByLabel("For what").fill("Doorbell script");
      await page.getByRole("button", { name: "Make a token" }).click();
      await page.locator("dw-tokens .good").scrollIntoViewIfNeeded();
    },
  },
  { whole: true, name: "help", path: "/#/help", server: () => ({ devices: house() }), prepare: shown("dw-help dl") },
  ...(
    [
      ["auto", { connected: true, discovery: "auto", integration: false }],
      ["twice", { connected: true, discovery: "on", integration: true }],
    ] as const
  ).map(
    ([name, mqtt]): Scene => ({
      name: `settings-mqtt-${name}`,
      path: "/#/settings",
      server: () => ({ devices: house(), answers: { "GET /api/v1/mqtt": mqtt } }),
      prepare: async (page) => page.locator("dw-mqtt section").scrollIntoViewIfNeeded(),
    }),
  ),
  {
    name: "settings-of-guests",
    path: "/#/settings",
    whole: true,
    server: () => ({
      session: { user: { id: "u2", name: "Ben", administrator: false, grants: [] } },
      devices: house(),
    }),
    prepare: shown("dw-settings .qr"),
  },
];
