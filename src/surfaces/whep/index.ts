import { z } from "zod";
import type { Principal } from "../../identity/policy.ts";
import type { Clock } from "../../util/clock.ts";
import { notFound, Problem } from "../problem.ts";
import { deviceParams, type Route, route } from "../route.ts";
import { defineSurface, type House } from "../surface.ts";
import { CallViewings } from "../webrtc/call-viewings.ts";
import { parseSdpFragment, ufragOf } from "../webrtc/sdp-fragment.ts";
import type { Viewing, Viewings } from "../webrtc/viewings.ts";
import { callWhepRoutes } from "./call-routes.ts";
import { whepConfig } from "./config.ts";
import { turnRoutes } from "./turn-routes.ts";

/** Path under which the surface's routes are. */
export const whepPrefix = "/whep/";

/** Says that the picture is not shown as it comes: its codec, and what keeps this viewer from showing it. */
export const convertedHeader = "doorward-converted";

/** Options of {@link whepRoutes}. */
export interface WhepOptions {
  readonly viewings: Viewings;
  readonly iceLinks: House["iceLinks"];
  readonly clock: Clock;
}

export default defineSurface({
  name: "whep",
  config: whepConfig,
  start: async ({ hub, webrtc, shares, viewings, config, iceLinks }) => {
    const calls = new CallViewings({ hub, webrtc, admission: shares.viewings });
    return {
      addresses: [],
      routes: [
        ...callWhepRoutes({ viewings: calls, iceLinks }),
        ...whepRoutes({ viewings, iceLinks, clock: hub.clock }),
        ...turnRoutes({ turn: config.turn, clock: hub.clock }),
      ],
      crossOrigin: { prefix: whepPrefix, origins: config.allowedOrigins },
      [Symbol.asyncDispose]: () => calls[Symbol.asyncDispose](),
    };
  },
});

const sessionParams = deviceParams.extend({ session: z.string().max(64) });
const renditionName = z.enum(["main", "sub"]);
/** Longest wait for a key frame before the answer says that the other picture is shown still. */
const turnTimeoutMs = 10_000;
const sdp = z.string().min(1).max(65_536);

/**
 * WHEP (draft-ietf-wish-whep, after RFC 9725): POST an offer, PATCH candidates, DELETE the session. Sound comes with
 * the right to listen; a microphone is accepted from the start, so that talking needs no new offer.
 */
export function whepRoutes(options: WhepOptions): readonly Route[] {
  const { iceLinks, viewings, clock } = options;
  const ufrags = new WeakMap<Viewing, string>();
  return [
    route({
      method: "POST",
      path: "/whep/:id",
      summary: "Begins to watch a device",
      right: "view",
      subject: "path",
      params: deviceParams,
      query: z.object({
        talk: z
          .literal("auto")
          .optional()
          .describe("The microphone takes the floor by being heard, and gives it back after 500 ms without sound."),
        rendition: renditionName
          .optional()
          .describe("Which picture: main (the default), or sub, the small one. The other is shown until it is there."),
        decodes: z
          .literal("yes")
          .optional()
          .describe(
            "The caller may decode pictures by itself (GET /api/v1/devices/:id/pictures): instead of one that would be converted, 300 `decodable` names it.",
          ),
      }),
      body: sdp,
      bodyType: "application/sdp",
      bearerWrites: true,
      basicToken: true,
      answers: { 201: { description: "The answer; Location is the session", mediaType: "application/sdp" } },
      handle: async ({ asker, device, principal, query, body, reply, signal }) => {
        const talkBySound = query.talk === "auto";
        const viewing = await viewings.open({
          principal,
          device,
          offerSdp: body,
          asker,
          signal,
          talkBySound,
          rendition: query.rendition,
          decodes: query.decodes === "yes",
        });
        if (talkBySound) reply.header("doorward-talk", viewing.mayTalk ? "auto" : "forbidden");
        const { conversion } = viewing;
        if (conversion) reply.header(convertedHeader, `${conversion.from}; why=${conversion.why}`);
        const ufrag = ufragOf(body);
        if (ufrag !== undefined) ufrags.set(viewing, ufrag);
        const links = iceLinks(viewing.id);
        if (links.length > 0) reply.header("link", [...links]);
        reply.header("location", `/whep/${device.id}/${viewing.id}`);
        reply.header("etag", etagOf(viewing));
        reply.header("accept-patch", "application/trickle-ice-sdpfrag");
        return reply.code(201).type("application/sdp").send(viewing.answerSdp);
      },
    }),
    route({
      method: "PATCH",
      path: "/whep/:id/:session",
      summary: "Adds candidates of the viewer's side",
      right: "signed-in",
      panel: true,
      params: sessionParams,
      body: sdp,
      bodyType: "application/trickle-ice-sdpfrag",
      bearerWrites: true,
      basicToken: true,
      answers: { 204: { description: "Taken" } },
      handle: ({ params, principal, body, request }) => {
        const viewing = find(viewings, { params, principal });
        const match = request.headers["if-match"];
        if (match !== undefined && match !== "*" && match !== etagOf(viewing)) {
          throw new Problem(412, { code: "etag", detail: "This session is another one." });
        }
        const fragment = parseSdpFragment(body);
        if (fragment.ufrag !== undefined && fragment.ufrag !== ufrags.get(viewing)) {
          throw new Problem(422, { code: "ice-restart", detail: "ICE cannot be restarted; begin a new session." });
        }
        for (const candidate of fragment.candidates) viewing.viewer.addCandidate(candidate);
        return undefined;
      },
    }),
    route({
      method: "PATCH",
      path: "/whep/:id/:session/rendition",
      summary: "Shows the small picture or the large one in the same session, from its next key frame on",
      right: "signed-in",
      panel: true,
      params: sessionParams,
      body: z.strictObject({ rendition: renditionName }),
      bearerWrites: true,
      basicToken: true,
      answers: {
        200: {
          description:
            "Which is wanted and which is shown now; it may still be the other after 10 s. 409 `codec-differs`: it takes a new session. 300 `decodable`: the session began with decodes=yes, and that picture would be converted. The one of before then goes on.",
          schema: z.object({ wanted: renditionName, shown: renditionName.optional() }),
        },
      },
      handle: async ({ params, principal, body, signal }) => {
        const { renditions } = find(viewings, { params, principal });
        const over = new AbortController();
        const late = clock.sleep(turnTimeoutMs, AbortSignal.any([signal, over.signal]));
        await Promise.race([renditions.want(body.rendition), late]).finally(() => over.abort());
        return { wanted: renditions.wanted, shown: renditions.shown };
      },
    }),
    route({
      method: "DELETE",
      path: "/whep/:id/:session",
      summary: "Ends a session",
      right: "signed-in",
      panel: true,
      params: sessionParams,
      bearerWrites: true,
      basicToken: true,
      answers: { 200: { description: "Ended" } },
      handle: async ({ params, principal }) => {
        await find(viewings, { params, principal })[Symbol.asyncDispose]();
      },
    }),
  ];
}

function find(
  viewings: Viewings,
  what: { readonly params: z.infer<typeof sessionParams>; readonly principal: Principal },
): Viewing {
  const viewing = viewings.get(what.params.session, what.principal);
  if (viewing?.deviceId !== what.params.id) throw new Problem(404, notFound);
  return viewing;
}

function etagOf(viewing: Viewing): string {
  return `"${viewing.id.slice(0, 12)}"`;
}
