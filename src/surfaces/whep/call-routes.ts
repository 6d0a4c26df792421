import { z } from "zod";
import type { Principal } from "../../identity/policy.ts";
import { notFound, Problem } from "../problem.ts";
import { type Route, route } from "../route.ts";
import type { House } from "../surface.ts";
import type { CallViewing, CallViewings } from "../webrtc/call-viewings.ts";
import { parseSdpFragment } from "../webrtc/sdp-fragment.ts";

/** Options of {@link callWhepRoutes}. */
export interface CallWhepOptions {
  readonly viewings: CallViewings;
  readonly iceLinks: House["iceLinks"];
}

const params = z.object({ call: z.string().max(64) });
const sessionParams = params.extend({ session: z.string().max(64) });
const sdp = z.string().min(1).max(65_536);

/**
 * WHEP of a call: the picture of the door, the sound of everybody else in the call, and one's own microphone. As for a
 * device: POST an offer, PATCH candidates, DELETE the session. It may be opened while it rings, so that answering needs
 * no new connection.
 */
export function callWhepRoutes({ viewings, iceLinks }: CallWhepOptions): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/whep/calls/:call",
      summary: "Connects to a call: its picture, the others' sound, one's microphone",
      right: "signed-in",
      panel: true,
      params,
      body: sdp,
      bodyType: "application/sdp",
      bearerWrites: true,
      basicToken: true,
      answers: {
        201: { description: "The answer; Location is the session", mediaType: "application/sdp" },
        404: { description: "There is no such call" },
      },
      handle: async ({ params: { call }, asker, principal, body, reply, signal }) => {
        const viewing = await viewings.open({ principal, callId: call, offerSdp: body, asker, signal }).catch(noCall);
        const links = iceLinks(viewing.id);
        if (links.length > 0) reply.header("link", [...links]);
        reply.header("location", `/whep/calls/${call}/${viewing.id}`);
        reply.header("accept-patch", "application/trickle-ice-sdpfrag");
        return reply.code(201).type("application/sdp").send(viewing.answerSdp);
      },
    }),
    route({
      method: "PATCH",
      path: "/whep/calls/:call/:session",
      summary: "Adds candidates of the connection to a call",
      right: "signed-in",
      panel: true,
      params: sessionParams,
      body: sdp,
      bodyType: "application/trickle-ice-sdpfrag",
      bearerWrites: true,
      basicToken: true,
      answers: { 204: { description: "Taken" } },
      handle: ({ params: where, principal, body }) => {
        const { viewer } = find(viewings, { ...where, principal });
        for (const candidate of parseSdpFragment(body).candidates) viewer.addCandidate(candidate);
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/whep/calls/:call/:session",
      summary: "Ends the connection to a call; the call goes on",
      right: "signed-in",
      panel: true,
      params: sessionParams,
      bearerWrites: true,
      basicToken: true,
      answers: { 200: { description: "Ended" } },
      handle: async ({ params: where, principal }) => {
        await find(viewings, { ...where, principal })[Symbol.asyncDispose]();
      },
    }),
  ];
}

function find(
  viewings: CallViewings,
  what: { readonly call: string; readonly session: string; readonly principal: Principal },
): CallViewing {
  const viewing = viewings.get(what.session, what.principal);
  if (viewing?.callId !== what.call) throw new Problem(404, notFound);
  return viewing;
}

function noCall(error: unknown): never {
  if (error instanceof Error && "code" in error && error.code === "no-call") throw new Problem(404, notFound);
  throw error;
}
