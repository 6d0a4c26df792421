import { camera, house, largeHouse, rooms, troubledHouse } from "../../test/e2e/page-devices.ts";
import { moving, type Scene, shown } from "./scene.ts";

/** The wall with few and many cameras, and what is done on it. */
export const wallScenes: readonly Scene[] = [
  {
    landscape: true,
    name: "wall",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: (page, server) => moving(page, server ? 3 : 1),
  },
  { name: "wall-empty", path: "/#/wall", server: () => ({ devices: [] }), prepare: shown("dw-wall .empty") },
  {
    name: "wall-one",
    path: "/#/wall",
    server: () => ({ devices: [camera("front-door")] }),
    prepare: (page) => moving(page),
  },
  {
    landscape: true,
    name: "wall-troubled",
    path: "/#/wall",
    server: () => ({ devices: troubledHouse() }),
    prepare: (page) => moving(page, 1),
  },
  {
    each: true,
    name: "wall-chosen",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await moving(page, 1);
      await page.keyboard.press("2");
      await page.locator("dw-wall .tile").nth(3).hover();
    },
  },
  {
    landscape: true,
    name: "wall-arranging",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      // A phone on its side has no room for it: whoever turns it while they arrange goes on.
      await page.locator("dw-wall-tools button").evaluate((button: HTMLElement) => button.click());
      await page.getByRole("button", { name: "Favourite: Garage" }).click();
      await page.getByRole("button", { name: "Move Hall" }).focus();
    },
  },
  { name: "wall-many", path: "/#/wall", server: () => ({ devices: largeHouse() }), prepare: shown("dw-wall h2") },
  {
    name: "wall-searched",
    path: "/#/wall",
    server: () => ({ devices: largeHouse() }),
    prepare: async (page) => {
      await page.getByLabel("Find a camera by its name or area").fill("garden");
    },
  },
  {
    name: "wall-heard",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await moving(page);
      await page.getByRole("button", { name: "Sound of Front door" }).click();
    },
  },
  {
    each: true,
    name: "hub-gone",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: async (page, server) => {
      await moving(page, 1);
      await page.evaluate(() => {
        window.WebSocket = class extends WebSocket {
          constructor() {
            super("ws://localhost:9/");
          }
        } as typeof WebSocket;
      });
      server?.hangUp();
      await page.locator(".banner").waitFor();
    },
  },
  {
    each: true,
    name: "menu",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await moving(page, 1);
      const menu = page.getByRole("button", { name: "Menu" });
      if (await menu.isVisible()) await menu.click();
    },
  },
  {
    name: "wall-four",
    path: "/#/wall",
    server: () => ({ devices: house().slice(0, 4) }),
    landscape: true,
    prepare: (page) => moving(page, 1),
  },
  {
    name: "wall-nine",
    path: "/#/wall",
    server: () => ({ devices: largeHouse().slice(0, 9) }),
    prepare: (page) => moving(page, 1),
  },
  {
    name: "wall-forty",
    path: "/#/wall",
    server: () => ({
      devices: Array.from({ length: 40 }, (_, n) =>
        camera(`camera-${n + 1}`, { area: ["Garden", "Entrance", "Upstairs", "Warehouse"][n % 4] }),
      ),
    }),
    prepare: (page) => moving(page, 1),
  },
  {
    name: "wall-favourites",
    path: "/#/wall",
    server: () => ({
      devices: [...house(), ...rooms().slice(0, 2)],
      wall: { favourites: ["kitchen", "garage"], headings: "on" },
    }),
    prepare: (page) => moving(page, 1),
  },
  {
    name: "wall-not-found",
    path: "/#/wall",
    server: () => ({ devices: largeHouse() }),
    prepare: async (page) => {
      await page.getByLabel("Find a camera by its name or area").fill("nowhere");
      await page.locator("dw-wall .none").waitFor();
    },
  },
  {
    name: "wall-watch-only",
    path: "/#/wall",
    server: () => ({
      session: { user: { id: "u2", name: "Ben", administrator: false, grants: [] } },
      devices: house().map((device) => ({ ...device, rights: ["view"] as const })),
    }),
    prepare: (page) => moving(page, 1),
  },
  {
    name: "wall-empty-for-guests",
    path: "/#/wall",
    server: () => ({ session: { user: { id: "u2", name: "Ben", administrator: false, grants: [] } }, devices: [] }),
    prepare: shown("dw-wall .empty"),
  },
  {
    name: "faults",
    path: "/#/wall",
    server: () => ({
      devices: house(),
      faults: [
        {
          id: "configuration",
          what: "The configuration file has a fault",
          advice: "Mend it; until then what it said before holds.",
          sinceMs: 0,
          places: [3, 9, 14, 17, 20].map(
            (line) => `doorward.yaml:${line}: devices.yard.colour: there is no such setting`,
          ),
        },
        { id: "disk", what: "The disk is full", advice: "Make room: the hub cannot keep what changes.", sinceMs: 0 },
      ],
    }),
    prepare: shown(".fault"),
  },
];
