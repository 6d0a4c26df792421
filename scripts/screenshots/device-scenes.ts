import { camera, house, troubledHouse } from "../../test/e2e/page-devices.ts";
import { Refusal } from "../../test/e2e/page-server.ts";
import { moving, type Scene, shown } from "./scene.ts";

/** A search that found three cameras, one of which is here already. */
const search = {
  running: false,
  done: 1,
  networks: ["192.168.1.0/24"],
  found: [
    { host: "192.168.1.64", by: ["onvif"], name: "DS-2CD2143G2-I", maker: "Hikvision", rtspPort: 554 },
    { host: "192.168.1.91", by: ["port"], rtspPort: 554 },
    { host: "192.168.1.30", by: ["mdns"], name: "Garage door camera", maker: "Axis", device: "garage" },
  ],
};
const begin = "POST /api/v1/discovery";
const state = "GET /api/v1/discovery";
const streams = "POST /api/v1/discovery/streams";
const refused = { ...search, found: [], networks: [] };

/** What is found, and what becomes of the first that is chosen. */
function finding(name: string, answers: Readonly<Record<string, unknown>>, chosen = false): Scene {
  return {
    name: `add-find-${name}`,
    path: "/#/add",
    server: () => ({
      devices: [...house(), camera("preview-1", { permanent: false })],
      answers: { [state]: search, [begin]: search, ...answers },
    }),
    prepare: async (page) => {
      await page.getByRole("button", { name: "Look for cameras on this network" }).click();
      if (!chosen) return await page.locator("dw-find section, dw-find .wrong").first().waitFor();
      await page.getByRole("button", { name: /^Choose Hikvision/ }).click();
      await page.locator("dw-find .note").waitFor();
    },
  };
}

/** Devices: the list, adding and changing one. */
export const deviceScenes: readonly Scene[] = [
  {
    whole: true,
    name: "devices",
    path: "/#/devices",
    server: () => ({ devices: troubledHouse() }),
    prepare: shown("dw-devices li"),
  },
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
  { name: "add", path: "/#/add", server: () => ({ devices: house() }), prepare: shown("dw-add form") },
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
  finding("looking", { [state]: { ...search, running: true, done: 0.4, found: search.found.slice(0, 1) } }),
  finding("found", {}),
  finding("nothing", { [begin]: { ...search, found: [] } }),
  finding("no-network", { [begin]: refused }),
  finding("failed", { [begin]: new Refusal(503, "The hub cannot look for cameras here.", "busy") }),
  finding("locked", { [streams]: { outcome: "password-needed", streams: [], tried: 3 } }, true),
  finding("no-path", { [streams]: { outcome: "no-path", streams: [], tried: 9 } }, true),
  {
    name: "add-wrong-password",
    path: "/#/add",
    server: () => ({ devices: house() }),
    prepare: async (page) => {
      await page.getByRole("textbox", { name: "Address", exact: true }).fill("rtsp://locked.example/stream1");
      await page.getByRole("button", { name: "Look", exact: true }).click();
      await page.getByLabel("Name", { exact: true }).waitFor();
    },
  },
];
