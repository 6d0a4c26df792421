import { z } from "zod";
import { partyOfPrincipal } from "../../../hub/call-rights.ts";
import { Problem } from "../../problem.ts";
import { deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const unlockBody = z.strictObject({
  nonce: z
    .string()
    .regex(/^[\w-]{8,64}$/, "8 to 64 letters, digits, - and _")
    .describe("Made at random for this wish: sent again it opens nothing and gets the answer of before."),
});

const unlockedSchema = z.object({
  opened: z.literal(true),
  sentence: z.string(),
  joined: z.boolean().describe("It stood open, or was opening, for somebody else."),
});

/** Doors are opened. */
export function unlockRoutes({ hub }: HttpContext): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/api/v1/devices/:id/unlock",
      summary: "Opens the door of a device, at most once for each nonce; answers when it is known what came of it",
      right: "unlock",
      subject: "path",
      perMinute: 30,
      bearerWrites: true,
      params: deviceParams,
      body: unlockBody,
      answers: {
        200: { description: "It is open", schema: unlockedSchema },
        409: { description: "The device has no lock, or it was not opened: `code` and `detail` say why" },
      },
      handle: async ({ body, device, principal }) => {
        const by = partyOfPrincipal(principal);
        const { opened, sentence, code, joined } = await hub.locks.open(device.id, { by, nonce: body.nonce });
        if (!opened) throw new Problem(409, { code: `unlock-${code}`, detail: `${sentence}.` });
        return { opened, sentence, joined };
      },
    }),
  ];
}
