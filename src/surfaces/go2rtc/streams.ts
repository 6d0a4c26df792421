import { z } from "zod";
import type { HubDevice } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Principal } from "../../identity/policy.ts";
import { notFound, Problem } from "../problem.ts";
import { type Route, route } from "../route.ts";

const streamSchema = z.object({
  producers: z.array(z.object({ medias: z.array(z.string()).readonly() })).readonly(),
  consumers: z.array(z.never()).readonly(),
});

/** A stream as go2rtc lists it: what its camera gives and takes, as `kind, direction, codec`, seen from go2rtc. */
type Stream = z.infer<typeof streamSchema>;

/** go2rtc's list of streams (`/api/streams`): cards learn of it whether one can speak there. */
export function streamRoutes({ hub }: { readonly hub: Pick<Hub, "devices" | "identity"> }): readonly Route[] {
  const { policy } = hub.identity;
  const mayView = (principal: Principal, device: HubDevice) => mayUse(policy, { principal, right: "view", device });
  const describe = (principal: Principal, device: HubDevice) =>
    streamOf(device, {
      listens: mayUse(policy, { principal, right: "listen", device }),
      talks: mayUse(policy, { principal, right: "talk", device }),
    });
  return [
    route({
      method: "GET",
      path: "/api/streams",
      summary: "What cards for go2rtc ask: which streams there are, or what `src` gives and takes",
      right: "signed-in",
      basicToken: true,
      query: z.looseObject({ src: z.string().max(128).optional() }),
      answers: {
        200: {
          description: "One stream, or without `src` all by their names",
          schema: z.union([streamSchema, z.record(z.string(), streamSchema)]),
        },
        404: { description: "There is no such stream" },
      },
      handle: ({ query, principal }) => {
        if (query.src !== undefined) {
          const device = hub.devices.get(query.src);
          if (!device || !mayView(principal, device)) throw new Problem(404, notFound);
          return describe(principal, device);
        }
        const seen = hub.devices.list().filter((device) => mayView(principal, device));
        return Object.fromEntries(seen.map((device) => [device.id, describe(principal, device)]));
      },
    }),
  ];
}

/** What a device can do counts, whether it is connected or not; what is not known yet is not promised. */
function streamOf(device: HubDevice, may: { readonly listens: boolean; readonly talks: boolean }): Stream {
  const { can } = device.info();
  const medias = [
    ...(can?.view === "yes" ? ["video, recvonly, H264"] : []),
    ...(can?.listen === "yes" && may.listens ? ["audio, recvonly, OPUS/48000/2"] : []),
    ...(can?.talk === "yes" && may.talks ? ["audio, sendonly, OPUS/48000/2"] : []),
  ];
  return { producers: [{ medias }], consumers: [] };
}
