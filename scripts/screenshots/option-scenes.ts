import { z } from "zod";
import { createDrivers } from "../../src/drivers/index.ts";
import { camera, house } from "../../test/e2e/page-devices.ts";
import { moving, type Scene } from "./scene.ts";

/** What the drivers say of themselves; none of them is run. */
const drivers = createDrivers({ converter: undefined as never });
const told = {
  drivers: drivers.map(({ kind, summary, config }) => ({
    kind,
    summary,
    schema: z.toJSONSchema(config, { io: "input", unrepresentable: "any" }),
  })),
};

/** The form of a device of each kind, with the options that only its driver has. */
export const optionScenes: readonly Scene[] = [
  {
    name: "edit",
    path: "/#/edit/front-door",
    server: () => ({ devices: house() }),
    prepare: (page) => moving(page),
    whole: true,
  },
  ...drivers.map(
    ({ kind }): Scene => ({
      name: `edit-${kind}`,
      path: "/#/edit/front-door",
      whole: true,
      server: () => ({
        devices: [camera("front-door", { kind })],
        answers: {
          "GET /api/v1/drivers": told,
          "GET /api/v1/devices/front-door/options": { kind, options: {} },
        },
      }),
      prepare: async (page) => {
        await page.locator("dw-add form").waitFor();
        const options = page.locator("dw-driver-options summary");
        await options.click({ timeout: 3000 });
      },
    }),
  ),
];
