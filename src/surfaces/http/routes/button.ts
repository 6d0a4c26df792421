import { z } from "zod";
import { prioritySchema } from "../../../hub/state.ts";
import { mayAim } from "../../button-aim.ts";
import { deviceView, deviceViewSchema } from "../../device-view.ts";
import { Problem } from "../../problem.ts";
import { deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const buttonBody = z
  .strictObject({
    target: z.string().min(1).max(64).optional().describe("Whom it speaks to: one of the device's `button.targets`."),
    priority: prioritySchema.optional(),
  })
  .refine(({ target, priority }) => target !== undefined || priority !== undefined, "target, priority or both");

/** What the button of a device itself does. */
export function buttonRoutes({ hub }: HttpContext): readonly Route[] {
  const { audit, policy } = hub.identity;
  return [
    route({
      method: "PATCH",
      path: "/api/v1/devices/:id/button",
      summary:
        "Sets whom a device's own button to talk speaks to, and how urgently; answers when the device has done so",
      right: "administer",
      subject: "path",
      params: deviceParams,
      body: buttonBody,
      answers: {
        200: { description: "The device", schema: deviceViewSchema },
        403: { description: "They may not call whoever it speaks to that urgently" },
        409: { description: "It has no button that can be set, or is not there" },
        422: { description: "There is nobody of that name whom they may talk to, or the button has no priority" },
        503: { description: "The device did not do it" },
      },
      handle: async ({ body, device, principal }) => {
        const { button } = device.info();
        if (!button) {
          throw new Problem(409, { code: "no-button", detail: `${device.name} has no button that can be set now.` });
        }
        // Whoever aims it lets everybody at it speak there.
        const aim = { principal, policy, target: body.target ?? button.target };
        if (body.target !== undefined && body.target !== button.target && !mayAim(device, { ...aim, right: "talk" })) {
          throw new Problem(422, {
            code: "no-target",
            detail: `There is nobody called ${body.target} whom you may set it to.`,
          });
        }
        if ((body.priority ?? button.priority ?? 0) > 0 && !mayAim(device, { ...aim, right: "page" })) {
          throw new Problem(403, { code: "forbidden", detail: `You may not call ${aim.target} that urgently.` });
        }
        await device.command("button", body);
        audit.record({ actor: principal.name, action: "device-changed", subject: device.id, detail: "button" });
        return deviceView(device, { principal, policy });
      },
    }),
  ];
}
