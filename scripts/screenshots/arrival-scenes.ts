import { arrivals, house, waiting } from "../../test/e2e/page-devices.ts";
import { moving, type Scene, shown } from "./scene.ts";

/** Devices that call the hub: waiting, let in, made beforehand. */
export const arrivalScenes: readonly Scene[] = [
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
