import { z } from "zod";
import { addressBlock } from "../../../util/address-block.ts";
import { Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { startSession } from "../sign-in.ts";
import { endSession } from "./session.ts";

const leaveBody = z.strictObject({
  name: z.string().max(256).describe("An administrator's."),
  password: z.string().max(256),
});

/**
 * Screens on the wall are locked to the panel: their session is another one from then on, with a panel's rights, so that whoever
 * finds a way past the page finds nothing behind it. An administrator's password gives the person's own session back.
 */
export function panelLockRoutes(context: HttpContext): readonly Route[] {
  const { identity } = context.hub;
  return [
    route({
      method: "POST",
      path: "/api/v1/session/panel",
      summary: "Locks this browser to the panel, until an administrator gives their password",
      right: "signed-in",
      givesSession: true,
      proof: "session",
      answers: { 204: { description: "Locked; sets the cookie" }, 409: { description: "`by-ingress`" } },
      handle: async (call) => {
        await startSession(call, { identity, userId: call.principal.userId, panel: true, proven: false });
        await endSession(call, context);
        identity.audit.record({ actor: call.principal.name, action: "panel-locked", detail: call.request.ip });
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/session/panel/leave",
      summary: "Opens a browser that is locked to the panel, by an administrator's password",
      right: "signed-in",
      givesSession: true,
      panel: true,
      body: leaveBody,
      answers: {
        204: { description: "Its person's own session again; sets the cookie" },
        401: { description: "`wrong-password`" },
        403: { description: "Whoever this is, is no administrator" },
        409: { description: "`not-locked`, `by-ingress`" },
      },
      handle: (call) => leave(call, context),
    }),
  ];
}

async function leave(
  call: Call<unknown, unknown, z.infer<typeof leaveBody>>,
  context: HttpContext,
): Promise<undefined> {
  const { identity } = context.hub;
  const { principal, request, body } = call;
  if (!principal.panel) throw new Problem(409, { code: "not-locked", detail: "This screen is not locked." });
  const attempt = context.logInGuard.begin({ account: body.name, block: addressBlock(request.ip), known: undefined });
  const user = await identity.users.verify(body.name, body.password, attempt.rank);
  if (!user) {
    identity.audit.record({ actor: body.name.slice(0, 64), action: "confirm-failed", detail: request.ip });
    throw new Problem(401, { code: "wrong-password", detail: "Name and password do not fit." });
  }
  attempt.succeeded();
  if (!user.administrator) {
    throw new Problem(403, { code: "forbidden", detail: "Only an administrator can open this screen." });
  }
  const { userId } = principal;
  await startSession(call, { identity, userId, proven: user.id === userId });
  await endSession(call, context);
  identity.audit.record({ actor: user.name, action: "panel-left", detail: request.ip });
}
