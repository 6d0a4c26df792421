import { z } from "zod";
import type { HubDevice } from "../../../hub/api.ts";
import { mayUse } from "../../../hub/reach.ts";
import { tokenOf } from "../../credential.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Call, deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { refusedCall } from "./calls.ts";

const hookQuery = z.object({
  bell: z.string().min(1).max(64).optional().describe("Which bell of a device that has several."),
  pressId: z.string().min(1).max(128).optional().describe("The same for one press, by whichever way it comes."),
  token: z.string().max(128).optional().describe("Counts only where `calls.hookTokenInUrl` says so."),
});

type Hook = Call<{ readonly id: string }, z.infer<typeof hookQuery>, unknown>;

/**
 * Bells of cameras and anything else that can call an address when somebody rings: whatever their body says is passed over.
 * A page of another site that makes a browser call it has no token to show.
 */
export function bellHookRoutes(context: HttpContext): readonly Route[] {
  const { calls, identity } = context.hub;
  const press = (hook: Hook) => {
    const { device, actor } = ringer(hook, context);
    const { bell, pressId } = hook.query;
    const { state, call, reason } = calls.ring({ from: device.id, bell, pressId });
    if (!call || (state !== "ringing" && state !== "joined")) {
      throw refusedCall({ state: "refused", ...(reason && { reason }) });
    }
    if (state === "ringing") identity.audit.record({ actor, action: "bell-rung", subject: device.id });
    return { state, call: call.id };
  };
  const shared = {
    path: "/api/v1/devices/:id/hook/ring",
    right: "none",
    ownCredential: true,
    unreadBody: true,
    perMinute: 60,
    params: deviceParams,
    query: hookQuery,
    answers: {
      200: {
        description: "`ringing`: a new call; `joined`: the press belongs to a call that is there",
        schema: z.object({ state: z.enum(["ringing", "joined"]), call: z.string().describe("The call's id.") }),
      },
      401: { description: "No token that may ring there: as Bearer, or as the password of Basic" },
      409: { description: "The bell is muted for a while, or the device is not in use" },
    },
    handle: press,
  } as const;
  return [
    route({
      ...shared,
      method: "POST",
      summary: "Presses a bell, as cameras and others report it: the body is not read",
    }),
    route({ ...shared, method: "GET", summary: "The same for cameras that can only get an address" }),
  ];
}

/** The device, and who rings there: somebody with a token that may talk there, or the device itself with its own. */
function ringer(hook: Hook, context: HttpContext): { readonly device: HubDevice; readonly actor: string } {
  const { hub } = context;
  const { identity, reception, devices, rules } = hub;
  const inUrl = rules().calls.hookTokenInUrl ? hook.query.token : undefined;
  const token = tokenOf(hook.request.headers.authorization) ?? inUrl;
  const { id } = hook.params;
  const device = devices.get(id);
  if (token?.startsWith("dwd_") && reception.isLetIn({ id, token, address: hook.request.ip }) && device) {
    return { device, actor: id };
  }
  const found = token === undefined ? undefined : identity.credentials.find(token);
  if (found?.via !== "token") {
    hook.reply.header("www-authenticate", 'Basic realm="Doorward", charset="UTF-8"');
    throw new Problem(401, { code: "no-token", detail: "Show a token that may talk to this device." });
  }
  if (!device || !mayUse(identity.policy, { principal: found, right: "talk", device }))
    throw new Problem(404, notFound);
  return { device, actor: found.name };
}
