import type { Page } from "playwright-core";
import { freeSpeaker, stationHouse } from "../../test/e2e/page-devices.ts";
import type { PageServerOptions } from "../../test/e2e/page-server.ts";
import { byDay, moving, type Scene } from "./scene.ts";

const stationPath = "/panel?device=kitchen";

/** A page of a station that somebody wanted, by day. */
function station(more: {
  readonly name: string;
  readonly server?: () => Partial<PageServerOptions>;
  readonly shows: string;
  readonly act?: (page: Page) => Promise<void>;
}): Scene {
  return {
    name: `station-${more.name}`,
    path: stationPath,
    server: () => ({ devices: stationHouse(), session: { user: undefined }, ...more.server?.() }),
    prepare: async (page) => {
      await page.evaluate((preferences) => {
        localStorage.setItem("dw-preferences", preferences);
        localStorage.setItem("dw-station-kitchen", "yes");
      }, byDay);
      await page.reload();
      await page.locator(more.shows).first().waitFor();
      await more.act?.(page);
      await page.evaluate(() => localStorage.clear());
    },
  };
}

const anna = { turnId: "a", name: "Anna", priority: 0, sinceMs: Date.now() - 12_000 } as const;

/** A tablet or phone that is a device. */
export const stationScenes: readonly Scene[] = [
  station({ name: "quiet", shows: "dw-station .whom button" }),
  station({
    name: "cameras",
    shows: "dw-station .cameras dw-player",
    server: () => ({ devices: stationHouse({ cameras: true }) }),
    act: (page) => moving(page, 1),
  }),
  station({
    name: "spoken-to",
    shows: "dw-station .now.speaking",
    server: () => ({
      devices: stationHouse().map((one) =>
        one.id === "kitchen" ? { ...one, speaker: { ...freeSpeaker, holder: anna } } : one,
      ),
    }),
  }),
  station({ name: "alone", shows: "dw-station .nobody", server: () => ({ devices: stationHouse().slice(0, 1) }) }),
  station({ name: "waiting", shows: "dw-station .alone", server: () => ({ station: "waiting" }) }),
  station({
    name: "waiting-administrator",
    shows: "dw-station form",
    server: () => ({ station: "waiting", session: {} }),
  }),
  station({ name: "refused", shows: "dw-station .alone", server: () => ({ station: "refused" }) }),
  station({
    name: "elsewhere",
    shows: "dw-station .alone button",
    server: () => ({ stationTold: [{ type: "over", reason: "taken-over" }] }),
  }),
];
