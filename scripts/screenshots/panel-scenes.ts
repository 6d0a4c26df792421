import { house } from "../../test/e2e/page-devices.ts";
import { byDay, moving, type Scene } from "./scene.ts";

/** The wall tablet. */
export const panelScenes: readonly Scene[] = [
  {
    name: "panel",
    path: "/panel",
    server: () => ({ devices: house() }),
    prepare: async (page, server) => {
      await page.evaluate(() => localStorage.setItem("dw-preferences", '{"nightFrom":0,"nightTo":0}'));
      await page.reload();
      await moving(page, server ? 3 : 1);
      await page.evaluate(() => localStorage.clear());
    },
  },
  {
    name: "panel-night",
    path: "/panel",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      const hour = new Date().getHours();
      await page.evaluate((nightFrom) => {
        localStorage.setItem("dw-preferences", JSON.stringify({ nightFrom, nightTo: (nightFrom + 2) % 24 }));
      }, hour);
      await moving(page, 1);
      await page.locator("dw-panel .night").waitFor();
      await page.evaluate(() => localStorage.clear());
    },
  },
  {
    name: "panel-locked",
    path: "/panel",
    server: () => ({ devices: house(), session: { panel: true } }),
    prepare: async (page) => {
      await page.evaluate((preferences) => localStorage.setItem("dw-preferences", preferences), byDay);
      await page.reload();
      await moving(page, 1);
      await page.getByRole("button", { name: "Leave the panel" }).click();
      await page.locator("dw-leave-panel dialog").waitFor();
      await page.evaluate(() => localStorage.clear());
    },
  },
  {
    name: "panel-camera",
    path: "/panel#/camera/front-door",
    landscape: true,
    server: () => ({ devices: house(), session: { panel: true } }),
    prepare: async (page) => {
      await page.evaluate((preferences) => localStorage.setItem("dw-preferences", preferences), byDay);
      await page.reload();
      await moving(page, 1);
      await page.evaluate(() => localStorage.clear());
    },
  },
];
