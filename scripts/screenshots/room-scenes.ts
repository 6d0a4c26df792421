import type { Page } from "playwright-core";
import { house, room, rooms } from "../../test/e2e/page-devices.ts";
import type { PageServerOptions } from "../../test/e2e/page-server.ts";
import { hold, moving, press, type Scene, shown } from "./scene.ts";

const withRooms = () => ({ devices: [...house().slice(0, 3), ...rooms()] });

/** Answers a press with the floor, and tells who hears it. */
const granting: PageServerOptions["onMessage"] = (message, tell) => {
  if (message.type !== "talk-take") return;
  const hearing = rooms().map(({ id }) =>
    id === "workshop"
      ? ({ deviceId: id, state: "failed", code: "offline" } as const)
      : ({ deviceId: id, state: "playing" } as const),
  );
  tell({ type: "talk", turn: message.turn, state: "granted", hearing });
};

const holdEmergency = (page: Page): Promise<void> => press(page, "dw-guard button");

/** A scene of the wall in which the hub grants every turn. */
function spoken(name: string, prepare: NonNullable<Scene["prepare"]>): Scene {
  return { each: true, name, path: "/#/wall", server: () => ({ ...withRooms(), onMessage: granting }), prepare };
}

async function holdAll(page: Page): Promise<void> {
  await page.locator("dw-wall select").selectOption("all");
  await hold(page);
  await page.locator("dw-talk").getByText("Speak now").first().waitFor();
}

async function holdUpstairs(page: Page): Promise<void> {
  await page.locator("dw-wall select").selectOption("area:Upstairs");
  await holdEmergency(page);
}

/** Rooms beside cameras. */
export const roomScenes: readonly Scene[] = [
  { name: "rooms-wall", path: "/#/wall", server: withRooms, prepare: (page) => moving(page) },
  { name: "rooms-only", path: "/#/wall", server: () => ({ devices: rooms() }), prepare: shown("dw-wall .room") },
  spoken("rooms-talk", holdAll),
  spoken("rooms-said", async (page) => {
    await holdAll(page);
    await page.mouse.up();
    await page.locator("dw-talk").getByText("Heard by").first().waitFor();
  }),
  spoken("rooms-emergency-hold", async (page) => {
    await holdUpstairs(page);
    await page.waitForTimeout(600);
  }),
  spoken("rooms-emergency", async (page) => {
    await holdUpstairs(page);
    await page.locator("dw-talk").getByText("Emergency: speak now").first().waitFor();
  }),
  {
    each: true,
    name: "rooms-menu",
    path: "/#/wall",
    server: withRooms,
    prepare: async (page) => {
      await moving(page);
      const more = page.getByRole("button", { name: "More about Living room" });
      if (!(await more.isVisible())) return; // A phone has it on the room's own page.
      await more.click();
      await page.locator("dw-room-controls dialog").waitFor();
    },
  },
  {
    name: "rooms-tell",
    path: "/#/wall",
    server: withRooms,
    prepare: async (page) => {
      await page.getByRole("button", { name: "Ring or announce" }).click();
      await page.locator("dw-tell option").first().waitFor({ state: "attached" });
    },
  },
  {
    each: true,
    name: "rooms-chimes",
    path: "/#/wall",
    server: () => ({ ...withRooms(), hearing: [{ deviceId: "workshop", state: "failed", code: "offline" }] }),
    prepare: async (page) => {
      await page.locator("dw-wall select").selectOption("device:workshop");
      await page.getByRole("button", { name: "Ring or announce" }).click();
      await page.getByRole("button", { name: "Add or delete chimes" }).click();
      await page.getByRole("button", { name: "Ring", exact: true }).click();
      await page.locator("dw-tell .note").waitFor();
    },
  },
  {
    name: "rooms-talks",
    path: "/#/wall",
    server: withRooms,
    prepare: async (page) => {
      await page.getByRole("button", { name: "Last talks" }).click();
      await page.locator("dw-talks li").first().waitFor();
    },
  },
  {
    landscape: true,
    name: "room",
    path: "/#/room/living-room",
    server: withRooms,
    prepare: shown("dw-room dw-talk"),
  },
  {
    name: "room-spoken-to",
    path: "/#/room/dining-room",
    server: withRooms,
    prepare: shown("dw-room dw-talks li"),
  },
  {
    name: "room-away",
    path: "/#/room/attic",
    server: () => ({ devices: [room("attic", { state: { phase: "away", sinceMs: Date.now() - 9e6 } })] }),
    prepare: shown("dw-room dw-talk"),
  },
];
