import { camera, house, troubledHouse, turned } from "../../test/e2e/page-devices.ts";
import { cameraPath, moving, type Scene, shown } from "./scene.ts";

/** One camera large, in every state it may be in. */
export const cameraScenes: readonly Scene[] = [
  {
    landscape: true,
    name: "camera",
    path: cameraPath,
    server: () => ({ devices: house() }),
    prepare: (page) => moving(page),
  },
  {
    landscape: true,
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
    landscape: true,
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
    // A phone on its side has no room for figures: its page offers none.
    each: true,
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
    landscape: true,
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
];
