import type { Page } from "playwright-core";
import {
  arrivals,
  camera,
  freeSpeaker,
  house,
  largeHouse,
  room,
  rooms,
  stationHouse,
  troubledHouse,
  turned,
  videoTrack,
  waiting,
} from "../test/e2e/page-devices.ts";
import { goodInvitation, type PageServer, type PageServerOptions } from "../test/e2e/page-server.ts";
import { callScenes } from "./call-scenes.ts";

/** One picture to take: where, of what, after doing what. */
export interface Scene {
  readonly name: string;
  readonly path: string;
  readonly server: () => Partial<PageServerOptions>;
  readonly prepare?: (page: Page, server: PageServer | undefined) => Promise<void>;
}

const ben = { name: "Ben", priority: 0, sinceMs: Date.now() } as const;

/** Pictures move on at least `count` players; a wall shows nothing worth looking at before. */
async function moving(page: Page, count = 1): Promise<void> {
  await page.waitForFunction(
    (wanted) => {
      const found: Element[] = [];
      const look = (root: ParentNode) => {
        for (const element of root.querySelectorAll("*")) {
          if (element.localName === "dw-player" && element.getAttribute("data-tone") === "live") found.push(element);
          if (element.shadowRoot) look(element.shadowRoot);
        }
      };
      look(document);
      return found.length >= wanted;
    },
    count,
    { timeout: 20_000 },
  );
}

/** Holds the talk bar and leaves it held. */
async function hold(page: Page): Promise<void> {
  const box = await page.locator("dw-talk .hold").boundingBox();
  if (!box) throw new Error("there is no talk bar");
  await page.mouse.move(box.x + 40, box.y + box.height / 2);
  await page.mouse.down();
}

async function talked(page: Page, words: string): Promise<void> {
  await moving(page);
  await hold(page);
  await page.locator("dw-talk").getByText(words).first().waitFor();
}

const cameraPath = "/#/camera/front-door";
const talking = (name: string, state: object, words: string): Scene => ({
  name: `talk-${name}`,
  path: cameraPath,
  server: () => ({
    devices: house(),
    onMessage: (message, tell) => {
      if (message.type === "talk-take") {
        const hearing = [message.to]
          .flat()
          .map((channel) => ({ deviceId: channel.replace(/^device:/, ""), state: "playing" }));
        tell({ type: "talk", turn: message.turn, ...(state as { state: "granted" }), hearing } as never);
      }
    },
  }),
  prepare: async (page) => {
    await talked(page, words);
    if (name === "granted") await page.waitForFunction(() => performance.now() > 0 && true);
  },
});

/** Everybody is spoken to from the wall; one of them cannot hear it. */
const everybody: Scene = {
  name: "talk-everybody",
  path: "/#/wall",
  server: () => ({
    devices: house(),
    onMessage: (message, tell) => {
      if (message.type !== "talk-take") return;
      const speaking = house().filter(({ speaker }) => speaker);
      const hearing = speaking.map(({ id }, index) =>
        index === 1
          ? ({ deviceId: id, state: "failed", code: "offline", reason: "it did not answer within 2.5 s" } as const)
          : ({ deviceId: id, state: "playing" } as const),
      );
      tell({ type: "talk", turn: message.turn, state: "granted", hearing });
    },
  }),
  prepare: async (page) => {
    await moving(page, 1);
    await page.locator("dw-wall select").selectOption("all");
    await hold(page);
    await page.locator("dw-talk").getByText("Speak now").first().waitFor();
  },
};

/** Several devices are being chosen. */
const several: Scene = {
  name: "talk-several",
  path: "/#/wall",
  server: () => ({ devices: house() }),
  prepare: async (page) => {
    await moving(page, 1);
    await page.locator("dw-wall select").selectOption("several");
    await page.locator("dw-wall .several input").nth(1).check();
  },
};

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

async function holdEmergency(page: Page): Promise<void> {
  const box = await page.locator("dw-guard button").boundingBox();
  if (!box) throw new Error("there is no button for emergencies");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
}

/** Rooms beside cameras. */
const roomScenes: readonly Scene[] = [
  { name: "rooms-wall", path: "/#/wall", server: withRooms, prepare: (page) => moving(page) },
  { name: "rooms-only", path: "/#/wall", server: () => ({ devices: rooms() }), prepare: shown("dw-wall .room") },
  {
    name: "rooms-talk",
    path: "/#/wall",
    server: () => ({ ...withRooms(), onMessage: granting }),
    prepare: async (page) => {
      await page.locator("dw-wall select").selectOption("all");
      await hold(page);
      await page.locator("dw-talk").getByText("Speak now").first().waitFor();
    },
  },
  {
    name: "rooms-said",
    path: "/#/wall",
    server: () => ({ ...withRooms(), onMessage: granting }),
    prepare: async (page) => {
      await page.locator("dw-wall select").selectOption("all");
      await hold(page);
      await page.locator("dw-talk").getByText("Speak now").first().waitFor();
      await page.mouse.up();
      await page.locator("dw-talk").getByText("Heard by").first().waitFor();
    },
  },
  {
    name: "rooms-emergency-hold",
    path: "/#/wall",
    server: () => ({ ...withRooms(), onMessage: granting }),
    prepare: async (page) => {
      await page.locator("dw-wall select").selectOption("area:Upstairs");
      await holdEmergency(page);
      await page.waitForTimeout(600);
    },
  },
  {
    name: "rooms-emergency",
    path: "/#/wall",
    server: () => ({ ...withRooms(), onMessage: granting }),
    prepare: async (page) => {
      await page.locator("dw-wall select").selectOption("area:Upstairs");
      await holdEmergency(page);
      await page.locator("dw-talk").getByText("Emergency: speak now").first().waitFor();
    },
  },
  {
    name: "rooms-menu",
    path: "/#/wall",
    server: withRooms,
    prepare: async (page) => {
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

/** Screens that a real hub can be asked for too. */
export const signedInScenes: readonly Scene[] = [
  {
    name: "wall",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: (page, server) => moving(page, server ? 6 : 1),
  },
  {
    name: "devices",
    path: "/#/devices",
    server: () => ({ devices: troubledHouse() }),
    prepare: shown("dw-devices li"),
  },
  { name: "people", path: "/#/people", server: () => ({ devices: house() }), prepare: shown("dw-people tbody tr") },
  {
    name: "events",
    path: "/#/events",
    server: () => ({ devices: house() }),
    prepare: shown("dw-events li, dw-events .empty"),
  },
  { name: "settings", path: "/#/settings", server: () => ({ devices: house() }), prepare: shown("dw-settings .qr") },
  { name: "help", path: "/#/help", server: () => ({ devices: house() }), prepare: shown("dw-help dl") },
  { name: "add", path: "/#/add", server: () => ({ devices: house() }), prepare: shown("dw-add form") },
  {
    name: "panel",
    path: "/panel",
    server: () => ({ devices: house() }),
    prepare: async (page, server) => {
      await page.evaluate(() => localStorage.setItem("dw-preferences", '{"nightFrom":0,"nightTo":0}'));
      await page.reload();
      await moving(page, server ? 6 : 1);
      await page.evaluate(() => localStorage.clear());
    },
  },
];

/** Devices that call the hub: waiting, let in, made beforehand. */
const arriving: readonly Scene[] = [
  {
    name: "arrivals-waiting",
    path: "/#/devices",
    server: () => ({ devices: [...house().slice(0, 2), ...arrivals()], waiting: waiting() }),
    prepare: shown("dw-waiting li"),
  },
  {
    name: "arrivals-token",
    path: "/#/devices",
    server: () => ({ devices: house().slice(0, 2), waiting: waiting() }),
    prepare: async (page, server) => {
      if (server) server.waiting = waiting();
      await page.reload();
      await page.getByRole("button", { name: "Let in" }).first().click();
      await page.locator("dw-handouts code").first().waitFor();
    },
  },
  {
    name: "arrivals-wall",
    path: "/#/wall",
    server: () => ({ devices: house(), waiting: waiting() }),
    prepare: (page) => moving(page),
  },
  {
    name: "arrivals-edit",
    path: "/#/edit/old-encoder",
    server: () => ({ devices: arrivals() }),
    prepare: shown("dw-access button"),
  },
  {
    name: "arrivals-add",
    path: "/#/add",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("button", { name: "It calls the hub" }).click();
      await page.locator("dw-add-arrival form").waitFor();
    },
  },
];

const stationPath = "/panel?device=kitchen";
const night = '{"nightFrom":0,"nightTo":0}';

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
      }, night);
      await page.reload();
      await page.locator(more.shows).first().waitFor();
      await more.act?.(page);
      await page.evaluate(() => localStorage.clear());
    },
  };
}

const anna = { turnId: "a", name: "Anna", priority: 0, sinceMs: Date.now() - 12_000 } as const;

/** A tablet or phone that is a device. */
const stations: readonly Scene[] = [
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

/** Every screen and every state. */
export const scenes: readonly Scene[] = [
  ...roomScenes,
  ...stations,
  ...arriving,
  ...callScenes,
  ...signedInScenes,
  { name: "setup-1-code", path: "/#/setup", server: () => ({ session: newHub() }), prepare: shown("dw-setup form") },
  {
    name: "setup-2-administrator",
    path: "/#/setup?code=ABCD-EFGH-JKLM",
    server: () => ({ session: newHub() }),
    prepare: shown("dw-setup form"),
  },
  {
    name: "setup-3-certificate",
    path: "/#/setup?code=ABCD-EFGH-JKLM",
    server: () => ({ session: newHub() }),
    prepare: async (page, server) => {
      if (server) server.session = { ...server.session, ...newHub() };
      await page.reload();
      await page.getByLabel("Your name").fill("Anna");
      await page.getByLabel("Password").fill("correct horse");
      await page.getByRole("button", { name: "Go on" }).click();
      await page.locator("dw-setup .qr").waitFor();
    },
  },
  { name: "login", path: "/", server: () => ({ session: { user: undefined } }), prepare: shown("dw-login form") },
  {
    name: "login-wrong",
    path: "/",
    server: () => ({ session: { user: undefined, secure: false, httpsUrl: "https://doorward.local:8443/" } }),
    prepare: async (page) => {
      await page.getByLabel("Name").fill("Anna");
      await page.getByLabel("Password").fill("wrong horse");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.locator("dw-login .wrong").waitFor();
    },
  },
  { name: "wall-empty", path: "/#/wall", server: () => ({ devices: [] }), prepare: shown("dw-wall .empty") },
  {
    name: "wall-troubled",
    path: "/#/wall",
    server: () => ({ devices: troubledHouse() }),
    prepare: (page) => moving(page, 1),
  },
  {
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
    name: "wall-one",
    path: "/#/wall",
    server: () => ({ devices: [camera("front-door")] }),
    prepare: (page) => moving(page),
  },
  { name: "camera", path: cameraPath, server: () => ({ devices: house() }), prepare: (page) => moving(page) },
  {
    name: "camera-turned",
    path: cameraPath,
    server: () => ({ devices: [turned("front-door"), camera("yard")] }),
    prepare: async (page) => {
      await page.route("**/ptz/presets", (route) =>
        route.fulfill({ json: { presets: [{ token: "1", name: "Gate" }] } }),
      );
      await moving(page);
      await page.getByRole("button", { name: "Turn", exact: true }).click();
      await page.getByLabel("Turn to a preset").waitFor();
    },
  },
  {
    name: "camera-closer",
    path: cameraPath,
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await moving(page);
      await page.keyboard.press("+");
      await page.keyboard.press("+");
    },
  },
  {
    name: "camera-numbers",
    path: cameraPath,
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await moving(page);
      await page.getByRole("button", { name: "Numbers" }).click();
      await page.locator("dw-player .numbers").getByText("a second").waitFor();
    },
  },
  ...["stale", "wrong-password", "waiting-for-key-frame", "trouble", "connecting", "disabled"].map(
    (phase): Scene => ({
      name: `camera-${phase}`,
      path: cameraPath,
      server: () => {
        const found = troubledHouse().find(({ state }) => state.phase === phase);
        return {
          devices: [camera("front-door", { area: "Entrance", state: found?.state })],
          view: () => Promise.reject(new Error("no")),
        };
      },
      prepare: shown("dw-player .why"),
    }),
  ),
  {
    name: "camera-h265",
    path: cameraPath,
    server: () => ({ devices: [camera("front-door", { tracks: [{ ...videoTrack, codec: "h265" }] })] }),
    prepare: shown("dw-player .why"),
  },
  {
    name: "camera-watch-only",
    path: cameraPath,
    server: () => ({
      session: { user: { id: "u2", name: "Ben", administrator: false, grants: [] } },
      devices: [camera("front-door", { rights: ["view", "listen"] })],
    }),
    prepare: (page) => moving(page),
  },
  {
    name: "camera-gone",
    path: "/#/camera/nowhere",
    server: () => ({ devices: house() }),
    prepare: shown("dw-camera .gone"),
  },
  talking("granted", { state: "granted" }, "Speak now"),
  talking("queued", { state: "queued", position: 1, holder: ben }, "Ben is speaking"),
  talking("held", { state: "refused", reason: "held", holder: ben }, "Ben is speaking"),
  talking("do-not-disturb", { state: "refused", reason: "do-not-disturb" }, "Do not disturb"),
  talking("offline", { state: "refused", reason: "offline" }, "Not connected"),
  talking("pre-empted", { state: "pre-empted", holder: ben }, "Ben took over"),
  talking("silent", { state: "released", reason: "silent" }, "That broke off"),
  everybody,
  several,
  {
    name: "talk-held-before",
    path: cameraPath,
    server: () => ({
      devices: [camera("front-door", { speaker: { ...freeSpeaker, holder: { ...ben, turnId: "b" } } })],
    }),
    prepare: (page) => moving(page),
  },
  {
    name: "talk-blocked",
    path: cameraPath,
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.evaluate(() => {
        navigator.permissions.query = () => Promise.reject(new Error("cannot be asked"));
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("blocked", "NotAllowedError"));
      });
      await talked(page, "The microphone is blocked");
    },
  },
  {
    name: "add-preview",
    path: "/#/add",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("textbox", { name: "Address", exact: true }).fill("rtsp://192.168.1.20/stream1");
      await page.getByRole("button", { name: "Look", exact: true }).click();
      await page.getByLabel("Name", { exact: true }).fill("Front door");
      await moving(page);
    },
  },
  {
    name: "add-nothing",
    path: "/#/add",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("textbox", { name: "Address", exact: true }).fill("rtsp://nobody.example/");
      await page.getByRole("button", { name: "Look", exact: true }).click();
      await page.locator("dw-add .wrong").waitFor();
    },
  },
  { name: "edit", path: "/#/edit/front-door", server: () => ({ devices: house() }), prepare: (page) => moving(page) },
  { name: "devices-empty", path: "/#/devices", server: () => ({ devices: [] }), prepare: shown("dw-devices .empty") },
  {
    name: "devices-remove",
    path: "/#/devices",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Remove Garage" }).click();
      await page.locator("dialog[open]").waitFor();
    },
  },
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
    name: "invited",
    path: `/#invite=${goodInvitation}`,
    server: () => ({ session: { user: undefined } }),
    prepare: shown("dw-invited form"),
  },
  { name: "events-empty", path: "/#/events", server: () => ({ audit: [] }), prepare: shown("dw-events .empty") },
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
  {
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
    name: "menu",
    path: "/#/wall",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      const menu = page.getByRole("button", { name: "Menu" });
      if (await menu.isVisible()) await menu.click();
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
];

function shown(selector: string): (page: Page) => Promise<void> {
  return async (page) => page.locator(selector).first().waitFor();
}

function newHub() {
  return { setupNeeded: true, user: undefined, httpsUrl: "https://doorward.local:8443/" };
}
