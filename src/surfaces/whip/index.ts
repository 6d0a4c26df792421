import { z } from "zod";
import { tokenOf } from "../credential.ts";
import { notFound, Problem } from "../problem.ts";
import { deviceParams, type Route, route } from "../route.ts";
import { defineSurface } from "../surface.ts";
import { parseSdpFragment } from "../webrtc/sdp-fragment.ts";
import { whipConfig } from "./config.ts";
import { type Publishing, Publishings } from "./publishing.ts";

export default defineSurface({
  name: "whip",
  config: whipConfig,
  start: async ({ hub, publishers, shares }) => {
    const { reception, log } = hub;
    const publishings = new Publishings({ reception, publishers, log, admission: shares.publishings });
    return {
      addresses: [],
      routes: whipRoutes(publishings),
      [Symbol.asyncDispose]: () => publishings[Symbol.asyncDispose](),
    };
  },
});

const sessionParams = deviceParams.extend({ session: z.string().max(64) });
const sdp = z.string().min(1).max(65_536);

/**
 * WHIP (RFC 9725): a device POSTs its offer with its token, as Bearer or as the password of Basic, and becomes a camera of
 * the hub; PATCH adds candidates, DELETE ends it. A device that is unknown waits to be let in and is answered 403 `pending`.
 */
export function whipRoutes(publishings: Publishings): readonly Route[] {
  const find = (params: z.infer<typeof sessionParams>): Publishing => {
    const publishing = publishings.get(params.session);
    if (publishing?.deviceId !== params.id) throw new Problem(404, notFound);
    return publishing;
  };
  return [
    route({
      method: "POST",
      path: "/whip/:id",
      summary: "A device begins to publish picture and sound",
      right: "none",
      perMinute: 60,
      params: deviceParams,
      body: sdp,
      bodyType: "application/sdp",
      ownCredential: true,
      answers: { 201: { description: "The answer; Location is the session", mediaType: "application/sdp" } },
      handle: async ({ params, body, request, reply, asker, signal }) => {
        const token = tokenOf(request.headers.authorization);
        const { ip: address } = request;
        const { block } = asker;
        const publishing = await publishings.open({
          deviceId: params.id,
          token,
          address,
          block,
          offerSdp: body,
          signal,
        });
        reply.header("location", `/whip/${params.id}/${publishing.id}`);
        reply.header("accept-patch", "application/trickle-ice-sdpfrag");
        return reply.code(201).type("application/sdp").send(publishing.answerSdp);
      },
    }),
    route({
      method: "PATCH",
      path: "/whip/:id/:session",
      summary: "Adds candidates of the publisher's side",
      right: "none",
      params: sessionParams,
      body: sdp,
      bodyType: "application/trickle-ice-sdpfrag",
      ownCredential: true,
      answers: { 204: { description: "Taken" } },
      handle: ({ params, body }) => {
        const { publisher } = find(params);
        for (const candidate of parseSdpFragment(body).candidates) publisher.addCandidate(candidate);
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/whip/:id/:session",
      summary: "A device ends publishing",
      right: "none",
      params: sessionParams,
      ownCredential: true,
      answers: { 200: { description: "Ended" } },
      handle: async ({ params }) => {
        await find(params)[Symbol.asyncDispose]();
      },
    }),
  ];
}
